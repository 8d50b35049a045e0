"""Pictures and a film made for the gallery out of scikit-image's photographs, the same at every run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

KINDS = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "moon", "rocket")
CROPS = 5
_WALL = (640, 420)
_FRAMES = (("astronaut", (60, 90), 150), ("chelsea", (250, 110), 140), ("rocket", (440, 80), 150))
_SHOTS = ("astronaut", "coffee", "chelsea", "rocket", "astronaut", "moon", "coffee", "camera", "chelsea")
_FILM_SIZE, _FRAME_RATE = (640, 360), 25


@cache
def photograph(name: str) -> Image.Image:
    """Return a photograph of scikit-image in RGB."""
    from skimage import data

    return Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB")


def changed_coffee() -> Image.Image:
    """The coffee in less light and a little tighter, with a cat's portrait laid beside it."""
    table = photograph("coffee").copy()
    table.paste(photograph("chelsea").resize((130, 86)), (440, 40))
    return ImageEnhance.Brightness(table).enhance(0.85).crop((16, 8, 590, 396))


def brick(number: int, defect: str = "") -> Image.Image:
    """A view of the brick wall, turned and lit a little otherwise, with a defect: stain, scratch or foreign."""
    random = np.random.default_rng(number)
    wall = photograph("brick").rotate(float(random.uniform(-3, 3)), Image.Resampling.BICUBIC)
    left, top = (int(random.integers(50, 90)) for _ in range(2))
    view = wall.crop((left, top, left + 380, top + 380)).resize((384, 384), Image.Resampling.LANCZOS)
    view = ImageEnhance.Brightness(view).enhance(float(random.uniform(0.92, 1.08)))
    pen = ImageDraw.Draw(view)
    if defect == "stain":
        pen.ellipse((96, 210, 150, 256), fill=(38, 70, 52))
    elif defect == "scratch":
        pen.line((230, 90, 300, 160), fill=(235, 225, 210), width=5)
    elif defect == "foreign":
        view.paste(photograph("coffee").crop((150, 20, 480, 330)).resize((64, 60)), (250, 240))
    return view


def crop(kind: str, number: int) -> Image.Image:
    """A part of a photograph, three quarters of its sides."""
    whole = photograph(kind)
    random = np.random.default_rng([len(kind), number])
    share = float(random.uniform(0.6, 0.85))
    width, height = round(whole.width * share), round(whole.height * share)
    left, top = int(random.integers(0, whole.width - width)), int(random.integers(0, whole.height - height))
    return whole.crop((left, top, left + width, top + height)).resize((320, round(320 * height / width)))


def wall(later: bool) -> Image.Image:
    """Three framed photographs on a wall; later the camera has moved, it is darker, one is gone and one is green."""
    scene = photograph("brick").resize((640, 640)).crop((0, 110, 640, 530))
    for name, (left, top), size in _FRAMES:
        if later and name == "chelsea":
            continue
        framed = Image.new("RGB", (size, round(size * 1.2)), (30, 26, 24))
        inner = photograph(name).resize((size - 16, round(size * 1.2) - 16))
        if later and name == "rocket":
            inner = Image.merge(
                "RGB",
                [
                    inner.getchannel(band).point(lambda v, k=k: int(v * k + 40 * (k > 1)))
                    for band, k in (("R", 0.4), ("G", 1.3), ("B", 0.4))
                ],
            )
        framed.paste(inner, (8, 8))
        scene.paste(framed, (left, top))
    if not later:
        return scene
    moved = scene.transform(_WALL, Image.Transform.QUAD, (14, 8, 4, 416, 630, 410, 622, 12), Image.Resampling.BICUBIC)
    return ImageEnhance.Brightness(moved).enhance(0.85)


def film(path: Path) -> None:
    """Write a film of nine shots, each a slow move over a photograph, as H.264 in MP4."""
    import av

    width, height = _FILM_SIZE
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FRAME_RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, name in enumerate(_SHOTS):
            for pixels in _shot(photograph(name), number):
                for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")):
                    container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def _shot(picture: Image.Image, number: int) -> list[np.ndarray]:
    random = np.random.default_rng(number)
    frames = 35 + 5 * (number % 4)
    across, down = picture.width, picture.width * _FILM_SIZE[1] / _FILM_SIZE[0]
    if down > picture.height:
        across, down = picture.height * _FILM_SIZE[0] / _FILM_SIZE[1], float(picture.height)
    (begin, end) = (random.uniform(0, 1, 3) for _ in range(2))
    found = []
    for time in np.linspace(0, 1, frames):
        x, y, zoom = (1 - time) * begin + time * end
        share = 0.6 + 0.4 * zoom
        left, top = x * (picture.width - across * share), y * (picture.height - down * share)
        box = (left, top, left + across * share, top + down * share)
        found.append(np.asarray(picture.resize(_FILM_SIZE, Image.Resampling.BICUBIC, box=box)))
    return found
