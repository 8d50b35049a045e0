"""Serving from JPEG over HTTP: ours beside the bare model, LitServe and mosec. Run ``python -m benchmarks.serving``."""
