"""The video service."""

import os

# Before NumPy is loaded, unless the environment says otherwise: its products are small here, and several films share
# the processor. With a thread a core each frame costs three times the processor time, and waits for the slowest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
