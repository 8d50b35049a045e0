"""Write a film as a file, at a quality that its seed draws."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from benchmarks.video.film import Film


def write(film: Film, path: Path) -> Path:
    """Encode with H.264 (or MPEG-4 now and then), CRF 18 to 36, and return the path."""
    random = np.random.default_rng([film.recipe.seed, 11])
    modern = random.random() < 0.85
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        rate = Fraction(*film.fps)
        stream = container.add_stream("libx264" if modern else "mpeg4", rate=rate)
        stream.width, stream.height = film.recipe.size
        stream.pix_fmt = "yuv420p"
        if modern:
            preset = str(random.choice(["ultrafast", "veryfast", "medium"]))
            stream.options = {"crf": str(int(random.integers(18, 37))), "preset": preset, "threads": "1"}
        else:
            stream.bit_rate = int(random.integers(300, 2000)) * 1000
        for picture in film.frames():
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
