"""The people detector and the shot scales that it tells: ``python -m benchmarks.look.people``.

A face counts as found when its labelled centre lies in a box that no other label has; every other box is false. Scales
are judged on cuts of two portraits, in which the height of the face is known.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import cv2
import numpy as np
from benchmarks.look.people_pictures import Labelled, labelled, portraits, small_crops, walkers
from benchmarks.look.results import write

from dino_common.look import Face, shot_scale
from dino_common.look.people import SENT_SIDE
from dino_common.look.scale import FACE_SCALES, Body
from dino_inference.people.finder import People, PeopleFinder
from dino_inference.people.weights import VERSION, ensure_people_models
from dino_inference.pull import default_cache_dir

HEIGHTS = (0.03, 0.04, 0.055, 0.07, 0.085, 0.11, 0.13, 0.17, 0.2, 0.23, 0.28, 0.32, 0.42, 0.55, 0.68)
"""Of the face in frame heights; none within 5 % of a bound."""
ASPECTS = (16 / 9, 1.0, 9 / 16)
NAMES = [name for _, name in FACE_SCALES]


def main() -> None:
    finder = PeopleFinder(ensure_people_models(default_cache_dir()))
    pictures = [*labelled()]
    write(
        "people",
        {
            "detector": VERSION,
            "faces": [
                faces("photographs and stills of films", finder, [one for one in pictures if not one.animated]),
                faces("stills of an animation", finder, [one for one in pictures if one.animated]),
            ],
            "small_crops_of_25_pixels": crops(finder),
            "scale_of_known_faces": scales(finder),
            "people_who_walk_far_away": far(finder),
            "milliseconds_a_picture": times(finder),
        },
    )


def faces(name: str, finder: PeopleFinder, pictures: list[Labelled]) -> dict[str, Any]:
    """Precision and recall of faces."""
    found = right = wanted = false_pictures = 0
    for one in pictures:
        boxes = [face.box for face in finder.find(smaller(one.picture), "never").faces]
        met = {
            index
            for x, y in one.faces
            for index, (left, top, bottom_right_x, bottom) in enumerate(boxes)
            if left <= x <= bottom_right_x and top <= y <= bottom
        }
        found, right, wanted = found + len(boxes), right + len(met), wanted + len(one.faces)
        false_pictures += len(boxes) > len(met)
        if len(boxes) != len(met) or len(met) != len(one.faces):
            print(f"{one.name}: {len(one.faces)} labelled, {len(boxes)} found, {len(met)} of them right")
    return {
        "pictures": name,
        "with_faces": sum(bool(one.faces) for one in pictures),
        "without": sum(not one.faces for one in pictures),
        "labelled_faces": wanted,
        "found": found,
        "right": right,
        "precision": round(right / max(1, found), 3),
        "recall": round(right / max(1, wanted), 3),
        "pictures_with_a_false_face": false_pictures,
    }


def crops(finder: PeopleFinder) -> list[dict[str, Any]]:
    """Faces of 25 pixels, drawn 4 times as large in the middle of a plain picture."""
    answers = []
    for crop in small_crops():
        canvas = np.full((300, 300), int(np.median(crop)), np.uint8)
        canvas[100:200, 100:200] = cv2.resize(crop, (100, 100), interpolation=cv2.INTER_CUBIC)
        answers.append(bool(finder.find(np.stack([canvas] * 3, axis=-1), "never").faces))
    return [{"faces": 100, "found": sum(answers[:100]), "pieces_without": 100, "false": sum(answers[100:])}]


def scales(finder: PeopleFinder) -> list[dict[str, Any]]:
    """The scale that is told of cuts in which the height of the face is known."""
    rows = []
    for name, portrait in portraits().items():
        told: dict[str, list[tuple[int, str]]] = {"faces": [], "bodies alone": []}
        for aspect in ASPECTS:
            for height in HEIGHTS:
                frame = framed(portrait, height, aspect)
                wanted = next(index for index, (bound, _) in enumerate(FACE_SCALES) if height < bound)
                people = finder.find(frame, "always")
                told["faces"].append((wanted, scale_of(frame, people, with_faces=True)))
                told["bodies alone"].append((wanted, scale_of(frame, people, with_faces=False)))
        for source, answers in told.items():
            known = [(wanted, NAMES.index(scale)) for wanted, scale in answers if scale != "unknown"]
            rows.append(
                {
                    "portrait": name,
                    "told_by": source,
                    "cuts": len(answers),
                    "told": len(known),
                    "right": sum(wanted == scale for wanted, scale in known),
                    "next_to_right": sum(abs(wanted - scale) == 1 for wanted, scale in known),
                    "further_off": sum(abs(wanted - scale) > 1 for wanted, scale in known),
                }
            )
    return rows


def framed(portrait: tuple[np.ndarray, int, int, int], height: float, aspect: float) -> np.ndarray:
    """Cut or widen a portrait so that its face has this height; 540 pixels high, its edges go on beyond the picture."""
    picture, hairline, chin, middle = portrait
    tall = (chin - hairline) / height
    wide = tall * aspect
    # The middle of the face at two fifths of the frame, as films put eyes at a third.
    top, left = (hairline + chin) / 2 - 0.4 * tall, middle - wide / 2
    size = max(64, round(540 * aspect)), 540
    scale = 540 / tall
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    source = picture if scale > 0.5 else cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    return np.asarray(cv2.warpAffine(source, matrix, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128)))


def scale_of(frame: np.ndarray, people: People, *, with_faces: bool) -> str:
    """What is told by people, unknown where none is found."""
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))
    seen = [Face(*(float(side) for side in face.box), face.score) for face in people.faces] if with_faces else []
    bodies = [
        Body(b.facts.left, b.facts.top, b.facts.right, b.facts.bottom, b.score, b.facts.height)
        for b in people.bodies or []
    ]
    found = shot_scale(grey, seen, bodies)
    return found.shot_scale if found.source in ("faces", "bodies") else "unknown"


def far(finder: PeopleFinder) -> list[dict[str, Any]]:
    """Scales of a square with walkers of 0.08 to 0.3 of the frame's height."""
    told: Counter[str] = Counter()
    seen = []
    shown = walkers()
    for still in shown:
        people = finder.find(smaller(still), "without_face")
        told[scale_of(still, people, with_faces=True)] += 1
        seen.append(len(people.bodies or []))
    return [{"stills": len(shown), "bodies_a_still": round(float(np.mean(seen)), 1), **dict(told.most_common())}]


def times(finder: PeopleFinder) -> list[dict[str, Any]]:
    """Milliseconds of one core, medians of 5."""
    person = cv2.resize(framed(portraits()["astronaut"], 0.2, 16 / 9), (960, 540))
    nobody = cv2.resize(np.asarray(small_crops()[150]), (960, 540))
    rows = []
    for name, picture in (("a face", person), ("nobody", np.stack([nobody] * 3, axis=-1))):
        row: dict[str, Any] = {"picture_960x540": name}
        for what, options in (
            ("faces", {"bodies": "never"}),
            ("bodies_where_no_face", {"bodies": "without_face"}),
            ("faces_and_bodies", {"bodies": "always"}),
            ("and_hands", {"bodies": "always", "hands": True}),
        ):
            taken = []
            for _ in range(6):
                began = time.perf_counter()
                finder.find(picture, **options)
                taken.append(time.perf_counter() - began)
            row[what] = round(float(np.median(taken[1:])) * 1000)
        rows.append(row)
    return rows


def smaller(picture: np.ndarray) -> np.ndarray:
    """As the services send it."""
    scale = min(1.0, SENT_SIDE / max(picture.shape[:2]))
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)) if scale < 1 else picture


if __name__ == "__main__":
    main()
