"""The same drawn character with other expressions: avatars of the npm packages `@dicebear/*`.

A character's hair, skin, clothes and features follow from its seed; eyes, brows and mouth, framing, tilt, mirroring and
background change from picture to picture. Packages and pictures go into a cache folder and are never committed: the
styles are their designers', some under CC BY 4.0.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.labelled.dataset import Sample, Split

VERSION = "v1"
PACKAGES = ("@dicebear/core@9.4.3", "@dicebear/collection@9.4.3", "@resvg/resvg-js@2.6.2")
CHARACTERS, VIEWS, SIZE = 16, 6, 320
DESCRIPTION = (
    f"avatars of @dicebear 9.4.3: 8 styles, {CHARACTERS} characters of each, {VIEWS} pictures of each with another "
    "expression, framing, tilt, mirroring and background"
)
_SCRIPT = Path(__file__).with_suffix(".mjs")


def available() -> bool:
    """Tell whether Node and npm are there to fetch and draw the avatars."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def load(cache: Path) -> list[Sample]:
    """Load the pictures; the first call fetches the packages (11 MB) and draws them (about 20 s).

    Of each style, the characters with an even number calibrate and the others are held out.

    Raises:
        CalledProcessError: npm cannot fetch the packages, or Node cannot draw.
    """
    folder = cache / f"avatars-{VERSION}"
    if len(list(folder.glob("*.png"))) < 8 * CHARACTERS * VIEWS:
        _draw(cache / "avatars-packages", folder)
    samples = []
    for path in sorted(folder.glob("*.png")):
        style, character, view = path.stem.split("-")
        split: Split = "calibration" if int(character) % 2 == 0 else "held-out"
        samples.append(Sample(f"{style}-{character}", "avatar", view, split, path.read_bytes()))
    return samples


def style_of(subject: str) -> str:
    """Return the style of a subject: characters of two styles are never mistaken for each other."""
    return subject.partition("-")[0]


def _draw(packages: Path, folder: Path) -> None:
    packages.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (packages / "node_modules").is_dir():
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", *PACKAGES]
        (packages / "package.json").write_text('{"private": true}\n')
        subprocess.run(install, cwd=packages, check=True)
    command = ["node", str(_SCRIPT.resolve()), str(folder.resolve()), str(CHARACTERS), str(VIEWS), str(SIZE)]
    subprocess.run(command, cwd=packages, check=True)
