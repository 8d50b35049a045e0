"""Draw docs/gallery.md's pictures on a running platform: ``python -m docs.generate_gallery http://localhost:3012/api/v1``.

Names after the address draw these alone. Every picture is an answer of the API over photographs that scikit-image
carries and that are free of copyright. The assets that are uploaded for it are deleted at the end. Needs ``httpx``,
``pillow``, ``scikit-image`` and ``av``.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from docs import gallery_pictures
from docs.generated_block import DOCS, write
from PIL import Image

from dino_common.contracts import OPERATIONS

PAGE, FOLDER = DOCS / "gallery.md", DOCS / "images" / "gallery"
WIDTH, QUALITY = 760, 82
LARGEST = 1_500_000
"""Bytes of all pictures together, at most."""


@dataclass(frozen=True)
class Entry:
    """One picture of the page.

    Attributes:
        name: of the file.
        operation: whose drawing it is.
        title, caption: for people.
        photographs: names of `PICTURES`; the request's ids are theirs, in order.
        request: makes the body from the ids.
        page: where the operation is explained.
        drawing: the answer's field with the drawing; dots lead into it.
    """

    name: str
    operation: str
    title: str
    caption: str
    photographs: Sequence[str]
    request: Callable[[list[str]], dict[str, Any]]
    page: str = "look.md"
    drawing: str = "drawing"


def _one(ids: list[str]) -> dict[str, Any]:
    return {"asset_id": ids[0], "drawing": True}


def _pair(ids: list[str]) -> dict[str, Any]:
    return {"asset_id_1": ids[0], "asset_id_2": ids[1]}


def _brief(ids: list[str]) -> dict[str, Any]:
    brief = {"palette": ["brown", "orange", "teal"], "key": "low_key", "temperature": "warm", "contrast": "hard"}
    return {"asset_id": ids[0], "brief": brief, "reference_asset_ids": ids[1:], "drawing": True}


def _anomalies(ids: list[str]) -> dict[str, Any]:
    return {"asset_ids": ids[:4], "reference_asset_ids": ids[4:], "drawings": 4}


def _all(ids: list[str]) -> dict[str, Any]:
    return {"asset_ids": ids}


def _references(ids: list[str]) -> dict[str, Any]:
    return {"asset_id": ids[0], "reference_asset_ids": ids[1:]}


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "describe-visuals",
        "describe-visuals",
        "What a picture looks like",
        "Palette, light, depth of field, composition and framing; the small numbers are confidences.",
        ["coffee"],
        _one,
    ),
    Entry(
        "analyze-composition",
        "analyze-composition",
        "How it is composed",
        "Thirds, the subject's box and centre, and the centre of visual weight.",
        ["camera"],
        _one,
    ),
    Entry(
        "match-style",
        "match-style",
        "Whether it fits a brief",
        "The palette beside the wanted one and a reference's, and the score of each part.",
        ["coffee", "chelsea"],
        _brief,
    ),
    Entry(
        "discover-objects",
        "discover-objects",
        "What stands out, without labels",
        "Masks found by normalised cuts over the patches, their edges drawn along the picture's.",
        ["astronaut"],
        _one,
    ),
    Entry(
        "find-correspondences",
        "find-correspondences",
        "What is where in another view",
        "Mutual nearest patches between a photograph and a turned, tilted copy; grey ones do not fit the geometry.",
        ["astronaut", "astronaut tilted"],
        _pair,
    ),
    Entry(
        "assess-plausibility",
        "assess-plausibility",
        "What does not belong",
        "A cup planted in a wall, judged against six other views of the wall. (In loose gravel, of which any two parts "
        "differ much, the same cup is not told from the stones.)",
        ["brick foreign", *(f"brick {n}" for n in range(6))],
        _references,
    ),
    Entry(
        "explain-similarity",
        "explain-similarity",
        "What two pictures have in common",
        "The same cup in other light and framing; the portrait that was laid beside it is found nowhere.",
        ["coffee", "coffee changed"],
        _pair,
        "consistency.md",
    ),
    Entry(
        "check-continuity",
        "check-continuity",
        "What changed between two shots",
        "The camera has moved and the light with it; one picture is gone and another has changed its colours.",
        ["wall", "wall later"],
        _all,
        "continuity.md",
    ),
    Entry(
        "detect-anomalies",
        "detect-anomalies",
        "What is odd, and where",
        "A stain, a cup and a scratch on a wall, and the wall as it should be, held against six other views of it.",
        [*(f"brick {name}" for name in ("stain", "scratch", "foreign", "clean")), *(f"brick {n}" for n in range(6))],
        _anomalies,
        "sets.md",
    ),
    Entry(
        "analyze-patterns",
        "analyze-patterns",
        "What a library holds",
        "45 parts of nine photographs: each photograph is found as a cluster of its own.",
        [f"{kind} {n}" for kind in gallery_pictures.KINDS for n in range(gallery_pictures.CROPS)],
        _all,
        "sets.md",
    ),
)
CONTACT_SHEET = "video-contact-sheet"


def _photograph(name: str) -> Image.Image:
    from skimage import data

    return Image.fromarray(getattr(data, name)()).convert("RGB")


def _tilted() -> Image.Image:
    whole = _photograph("astronaut")
    corners = (40, 30, 0, 500, 500, 460, 470, 0)  # upper left, lower left, lower right, upper right
    return whole.transform((512, 512), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC).rotate(
        12, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)
    )


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "astronaut": lambda: _photograph("astronaut"),
    "astronaut tilted": _tilted,
    "camera": lambda: _photograph("camera"),
    "chelsea": lambda: _photograph("chelsea"),
    "coffee": lambda: _photograph("coffee"),
    "coffee changed": gallery_pictures.changed_coffee,
    "wall": partial(gallery_pictures.wall, False),
    "wall later": partial(gallery_pictures.wall, True),
    "brick clean": partial(gallery_pictures.brick, 23),
    "brick stain": partial(gallery_pictures.brick, 20, "stain"),
    "brick scratch": partial(gallery_pictures.brick, 21, "scratch"),
    "brick foreign": partial(gallery_pictures.brick, 22, "foreign"),
    **{f"brick {n}": partial(gallery_pictures.brick, n) for n in range(6)},
}
"""The astronaut is NASA's (public domain), the camera Lav Varshney's, the cat Stefan van der Walt's, the coffee Rachel
Michetti's and the gravel CC0 Textures' (all CC0)."""


def content() -> str:
    """Return the page's generated part."""
    parts = []
    for entry in ENTRIES:
        explained = f"[{entry.page.removesuffix('.md')}]({entry.page})"
        parts += [
            f"## {entry.title}",
            f"`POST /{entry.operation}` ({explained}). {entry.caption}",
            f"![{entry.title}](images/gallery/{entry.name}.jpg)",
        ]
    parts += [
        "## The shots of a film at a glance",
        "`GET /videos/{asset_id}/contact-sheet` ([video](video.md)). Nine shots, found and drawn with their timecodes.",
        f"![The shots of a film at a glance](images/gallery/{CONTACT_SHEET}.jpg)",
    ]
    return "\n\n".join(parts)


def main() -> int:
    """Draw the pictures and write the page."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    wanted = set(sys.argv[2:]) or {CONTACT_SHEET, *(entry.name for entry in ENTRIES)}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=sys.argv[1], timeout=330, trust_env=False) as api:
        ids: dict[str, str] = {}
        try:
            for entry in ENTRIES:
                if entry.name in wanted:
                    ids |= {name: _upload(api, name) for name in entry.photographs if name not in ids}
                    _draw(api, entry, [ids[name] for name in entry.photographs])
            if CONTACT_SHEET in wanted:
                _contact_sheet(api, ids)
        finally:
            for asset_id in ids.values():
                api.delete(f"/assets/{asset_id}")
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{total} bytes in {FOLDER}", file=sys.stderr)
    if total > LARGEST:
        print(f"more than the {LARGEST} bytes that the repository takes", file=sys.stderr)
        return 1
    write(PAGE, {"gallery": content()})
    return 0


def _upload(api: httpx.Client, name: str) -> str:
    out = io.BytesIO()
    kind, _, number = name.rpartition(" ")
    picture = PICTURES[name]() if name in PICTURES else gallery_pictures.crop(kind, int(number))
    picture.save(out, "PNG")
    return _stored(api, f"{name}.png", out.getvalue())


def _stored(api: httpx.Client, filename: str, data: bytes) -> str:
    answer = api.post("/upload-media", files={"file": (filename, data)})
    answer.raise_for_status()
    return answer.json()["asset_id"]


def _contact_sheet(api: httpx.Client, ids: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        gallery_pictures.film(path)
        ids["film"] = _stored(api, path.name, path.read_bytes())
    analysed = api.post("/analyze-video-shots?wait=300", json={"video_asset_id": ids["film"]})
    if analysed.status_code != 200:
        raise RuntimeError(f"analyze-video-shots answered {analysed.status_code}: {analysed.text}")
    sheet = api.get(f"/videos/{ids['film']}/contact-sheet")
    sheet.raise_for_status()
    _keep(CONTACT_SHEET, sheet.content)


def _draw(api: httpx.Client, entry: Entry, ids: list[str]) -> None:
    path = f"/{entry.operation}" + ("?wait=300" if OPERATIONS[entry.operation].job else "")
    answer = api.post(path, json=entry.request(ids))
    if answer.status_code != 200:
        raise RuntimeError(f"{entry.operation} answered {answer.status_code}: {answer.text}")
    drawing = answer.json()
    for step in entry.drawing.split("."):
        drawing = drawing[step]
    _keep(entry.name, base64.b64decode(drawing["data"]))


def _keep(name: str, png: bytes) -> None:
    shown = Image.open(io.BytesIO(png)).convert("RGB")
    if shown.width > WIDTH:
        shown = shown.resize((WIDTH, round(shown.height * WIDTH / shown.width)), Image.Resampling.LANCZOS)
    shown.save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
    print(f"{name}: {shown.width} × {shown.height}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
