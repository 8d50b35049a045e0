"""The model without any server, in a process of its own: reads a command a line, writes a JSON line.

Contestants: our engine on pixels decoded beforehand, at several batch sizes; PyTorch likewise, one picture at a time
(eager) and batched; and our engine from JPEG bytes, decoded in a thread beside the forward, which no server can beat.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from benchmarks.serving.model import load_model
from benchmarks.serving.pictures import base_pictures

from dino_inference.visual_model import VisualModel


def forward(model: VisualModel, pixels: np.ndarray, batch: int, count: int) -> None:
    """Embed ``count`` pictures, ``batch`` at a time, from uint8 (n, height, width, 3) pixels, again and again."""
    done = 0
    while done < count:
        size = min(batch, count - done)
        rows = np.arange(done, done + size) % len(pixels)
        model.embed(pixels[rows])
        done += size


def from_jpeg(model: VisualModel, files: list[bytes], batch: int, count: int, decoders: ThreadPoolExecutor) -> None:
    """Decode and embed ``count`` files; the next batches are decoded while one runs."""
    decoded = decoders.map(lambda n: model.preprocess(files[n % len(files)]), range(count))
    for start in range(0, count, batch):
        model.embed(np.stack([next(decoded) for _ in range(min(batch, count - start))]))


def main() -> None:
    """Serve commands until standard input ends: ``{"engine", "batch", "count", "jpeg"}``."""
    models = {"openvino": load_model(), "torch": load_model(engine="torch")}
    files = [picture.data for picture in base_pictures()]
    pixels = np.stack([models["openvino"].preprocess(data) for data in files])
    decoders = ThreadPoolExecutor(1, "decode")
    for model in models.values():
        for batch in (1, 2, 4, 8):
            model.embed(pixels[:batch])
    reference = models["openvino"].embed(pixels[:1]).features[0]
    print(json.dumps({"ready": True, "first_feature": reference.tolist()}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        model, batch, count = models[command["engine"]], command["batch"], command["count"]
        cpu, began = time.process_time(), time.perf_counter()
        if command["jpeg"]:
            from_jpeg(model, files, batch, count, decoders)
        else:
            forward(model, pixels, batch, count)
        print(json.dumps({"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    main()
