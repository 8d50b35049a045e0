"""From a comparison to the answer's words: pixels, crops, reasons and verdicts."""

from __future__ import annotations

import base64

import numpy as np

from dino_analytics.continuity.tiled import CloseLook
from dino_analytics.core.continuity.aspects import Aspect, Known, Verdict, aspect_of, verdicts
from dino_analytics.core.continuity.compare import Difference, Shares, compare, resized
from dino_analytics.draw import fitted, png
from dino_common.contracts.continuity import (
    AspectVerdict,
    Change,
    CheckContinuityRequest,
    ComparedPicture,
    PairContinuity,
)
from dino_common.stores.assets import AssetRecord

MOST_CROPS = 12
MOST_CHANGES = 40
_CROP_SIDE = 96
_CROP_MARGIN = 0.15


def compared(
    first: CloseLook, second: CloseLook, request: CheckContinuityRequest, crops: int = MOST_CROPS
) -> PairContinuity:
    """Compare two pictures and say what changed, the first ``crops`` changes with crops; for a thread."""
    comparison = compare(first.look, second.look)
    known = (_known(first, request), _known(second, request))
    told = [(one, *aspect_of(one, known)) for one in comparison.differences]
    threshold = max(0.05, 1 - request.sensitivity)
    found = verdicts(comparison, [(one, aspect) for one, aspect, _ in told], known, request.aspects, threshold)
    wanted = [
        (one, aspect, sure)
        for one, aspect, sure in told
        if one.confidence >= threshold and (aspect == "unknown" or aspect in request.aspects)
    ]
    if all(one.verdict == "not_comparable" for one in found):
        wanted = []
    changes = [
        _change(one, aspect, sure, (first, second), crops=number < crops)
        for number, (one, aspect, sure) in enumerate(wanted[:MOST_CHANGES])
    ]
    return PairContinuity(
        first=_picture(first.record),
        second=_picture(second.record),
        verdict=_overall([one.verdict for one in found], bool(changes)),
        agreement=round(comparison.alignment.agreement, 4),
        comparable_share=round(float(np.mean(comparison.comparable[0])), 4),
        light_change=round(comparison.light_change, 2),
        aspects=[
            AspectVerdict(aspect=f.aspect, verdict=f.verdict, score=f.score, confidence=f.confidence, why=f.why)
            for f in found
        ],
        changes=changes,
    )


def _overall(found: list[Verdict], changed: bool) -> Verdict:
    if changed:
        return "changed"
    return "not_comparable" if all(one == "not_comparable" for one in found) else "consistent"


def _known(close: CloseLook, request: CheckContinuityRequest) -> Known:
    shape = close.look.grid.shape[:2]
    subject = None if close.subject is None else resized(close.subject, (shape[0], shape[1]))
    regions: list[tuple[Aspect, np.ndarray]] = []
    for hint in request.regions:
        if hint.asset_id == close.record.asset_id:
            regions.append((hint.aspect, _cells(hint.box, close.record, (shape[0], shape[1]))))
    return Known(subject, close.subject_confidence, regions)


def _cells(box: list[float], record: AssetRecord, shape: tuple[int, int]) -> np.ndarray:
    """Cells whose middle lies in a box of pixels, at least the one nearest to its own middle."""
    left, top, width, height = box
    wide, high = _size(record)
    across, down = (np.arange(shape[1]) + 0.5) / shape[1] * wide, (np.arange(shape[0]) + 0.5) / shape[0] * high
    inside = np.outer((down >= top) & (down < top + height), (across >= left) & (across < left + width))
    if not inside.any():
        row = min(shape[0] - 1, int((top + height / 2) / high * shape[0]))
        column = min(shape[1] - 1, int((left + width / 2) / wide * shape[1]))
        inside[row, column] = True
    return inside


def _size(record: AssetRecord) -> tuple[int, int]:
    assert record.width is not None
    assert record.height is not None
    return record.width, record.height


def _picture(record: AssetRecord) -> ComparedPicture:
    width, height = _size(record)
    shot, time = record.metadata.get("shot"), record.metadata.get("time")
    derived = record.derived_from is not None
    return ComparedPicture(
        asset_id=record.asset_id,
        shot=shot if derived and isinstance(shot, int) else None,
        time=float(time) if derived and isinstance(time, int | float) else None,
        width=width,
        height=height,
    )


def _change(
    one: Difference, aspect: Aspect | str, sure: float, looks: tuple[CloseLook, CloseLook], *, crops: bool
) -> Change:
    boxes = [_pixels(box, look.record) for box, look in zip(one.boxes, looks, strict=True)]
    cut = [_crop(look.look.picture, box) if crops else None for box, look in zip(one.boxes, looks, strict=True)]
    return Change.model_validate(
        {
            "kind": one.kind,
            "aspect": aspect,
            "aspect_confidence": sure,
            "confidence": round(one.confidence, 4),
            "box_1": boxes[0],
            "box_2": boxes[1],
            "crop_1": cut[0],
            "crop_2": cut[1],
            "likeness": round(one.kinship, 4),
            "colour_difference": round(one.colour, 1),
            "why": _why(one),
        }
    )


def _why(one: Difference) -> str:
    facts = f"likeness of features {one.kinship:.2f}, colours {one.colour:.0f} apart beyond the light"
    return {
        "vanished": f"what the first picture shows here has no counterpart where it should be in the second: {facts}",
        "appeared": f"what the second picture shows here has no counterpart where it should be in the first: {facts}",
        "recoloured": f"the same features with another colour than the light explains: {facts}",
        "changed": f"something else takes its place: {facts}",
        "moved": f"gone from one place and found alike at another: {facts}",
    }[one.kind]


def _pixels(box: Shares, record: AssetRecord) -> list[float]:
    width, height = _size(record)
    left, top, right, bottom = box
    return [
        round(left * width, 1),
        round(top * height, 1),
        round((right - left) * width, 1),
        round((bottom - top) * height, 1),
    ]


def _crop(picture: np.ndarray, box: Shares) -> str:
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    across, down = _CROP_MARGIN * (right - left), _CROP_MARGIN * (bottom - top)
    x, y = max(0, int((left - across) * width)), max(0, int((top - down) * height))
    x_end, y_end = max(x + 1, int((right + across) * width)), max(y + 1, int((bottom + down) * height))
    return base64.b64encode(png(fitted(np.ascontiguousarray(picture[y:y_end, x:x_end]), _CROP_SIDE))).decode()
