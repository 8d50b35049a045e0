"""A sheet holds every picture where it belongs, whatever their shapes."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from dino_common.contracts.shots import ContactSheetRequest
from dino_common.stores.assets import AssetRecord
from dino_video.analysis.stills import to_jpeg
from dino_video.core.contact_sheet import CAPTION, GAP, TITLE, Cell, contact_sheet
from dino_video.handlers import contact_sheet as handler


def cell(colour: tuple[int, int, int], height: int = 90, width: int = 160) -> Cell:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = colour
    return Cell(picture, "1  00:00:01:00", "2.0 s")


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 4, 1), (4, 4, 1), (5, 4, 2), (3, 1, 3)])
def test_size_follows_from_the_number_of_pictures(count: int, columns: int, rows: int) -> None:
    sheet = contact_sheet([cell((200, 0, 0))] * count, "film.mp4", columns=columns, width=160)
    assert sheet.shape[0] == TITLE + rows * (90 + CAPTION + GAP) + GAP
    assert sheet.shape[1] == GAP + min(count, columns) * (160 + GAP)


def test_pictures_stand_in_reading_order() -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    sheet = contact_sheet([cell(c) for c in colours], "film.mp4", columns=2, width=160)
    middles = [(TITLE + 45, GAP + 80), (TITLE + 45, GAP + 248), (TITLE + 90 + CAPTION + GAP + 45, GAP + 80)]
    assert [tuple(sheet[y, x].tolist()) for y, x in middles] == colours


def test_a_picture_of_another_shape_is_fitted_not_squeezed() -> None:
    sheet = contact_sheet([cell((200, 0, 0)), cell((0, 200, 0), 160, 90)], "t", columns=2, width=160)
    row = sheet[TITLE + 45, GAP + 168 : GAP + 328]
    green = (row[:, 1] > 150).sum()
    assert 45 <= green <= 56
    assert tuple(row[0].tolist()) == (0, 0, 0)


def test_captions_are_drawn_and_too_long_ones_are_cut() -> None:
    plain = contact_sheet([Cell(cell((9, 9, 9)).picture, "", "")], "", columns=1, width=160)
    named = contact_sheet([Cell(cell((9, 9, 9)).picture, "x" * 500, "y")], "Zürich " * 90, columns=1, width=160)
    assert named.shape == plain.shape
    assert (named != plain).any()
    assert (named[:, -GAP:] == plain[:, -GAP:]).all()


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1280, 720)])
def test_large_keyframes_are_drawn_as_they_were(monkeypatch: pytest.MonkeyPatch, height: int, width: int) -> None:
    """They are made small as they are read: a sheet of 200 shots holds no 200 full pictures."""
    held = []

    def draw(cells: list[Cell], *rest: str, **more: int) -> np.ndarray:
        held.extend(cells)
        return contact_sheet(cells, *rest, **more)

    monkeypatch.setattr(handler, "contact_sheet", draw)
    moment = datetime.now(UTC)
    record = AssetRecord(
        asset_id="a",
        sha256="0" * 64,
        object_key="k",
        content_type="image/jpeg",
        filename="f.jpg",
        file_size=1,
        width=width,
        height=height,
        format="jpeg",
        kind="image",
        upload_timestamp=moment,
        updated_timestamp=moment,
        metadata={"shot": 1, "shot_timecode": "00:00:00:00"},
    )
    picture = cell((200, 0, 0), height, width).picture
    request = ContactSheetRequest(asset_id=str(uuid.uuid4()), width=160)
    png = handler._drawn([record], [to_jpeg(picture)], "t", request)
    assert held[0].picture.shape == (round(160 * height / width), 160, 3)
    sheet = np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB))
    assert sheet.shape[0] == TITLE + round(160 * height / width) + CAPTION + 2 * GAP
