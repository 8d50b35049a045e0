"""LitServe with our model: raw JPEG in the body, decoded in the worker, batched as its documentation describes.

python -m benchmarks.serving.litserve_app PORT WORKERS THREADS BATCH TIMEOUT_MS
"""

# No postponed annotations here: LitServe reads the one of decode_request to tell FastAPI what the body is.
import sys
from typing import Annotated, Any

import litserve
import numpy as np
from benchmarks.serving.model import load_model
from fastapi import Body

Jpeg = Annotated[bytes, Body(media_type="application/octet-stream")]


class Features(litserve.LitAPI):
    """Embeds pictures."""

    def __init__(self, threads: int, **options: Any) -> None:
        """``threads`` of the engine in each worker."""
        super().__init__(**options)
        self._threads = threads

    def setup(self, device: str) -> None:
        """Load the model in the worker process."""
        self.model = load_model(self._threads)
        self.model.embed(self.model.golden_pixels()[None])

    def decode_request(self, request: Jpeg) -> np.ndarray:
        """From the body to pixels."""
        return self.model.preprocess(request)

    def predict(self, x: Any) -> np.ndarray:
        """Embed one picture or a batch that LitServe stacked."""
        pixels = np.asarray(x)
        return self.model.embed(pixels if pixels.ndim == 4 else pixels[None]).features

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        """One row an answer."""
        return list(output)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        """As JSON numbers."""
        return {"features": output.reshape(-1).tolist()}


def main() -> None:
    """Serve."""
    port, workers, threads, batch, timeout_ms = map(int, sys.argv[1:])
    api = Features(threads, max_batch_size=batch, batch_timeout=timeout_ms / 1000)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=workers, timeout=120, fast_queue=True)
    server.run(host="127.0.0.1", port=port, num_api_servers=1, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
