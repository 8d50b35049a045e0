"""A sheet holds every picture where it belongs, whatever their shapes."""

from __future__ import annotations

import uuid

import cv2
import numpy as np
import pytest

from dino_common.contracts.shots import ContactSheetRequest
from dino_common.errors import InvalidRequest
from dino_video.analysis.stills import to_jpeg
from dino_video.core.contact_sheet import CAPTION, GAP, TITLE, Cell, contact_sheet, fitting_rows
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


def test_a_picture_that_is_gone_leaves_its_place() -> None:
    cells = [Cell(None, "1", ""), cell((0, 200, 0)), Cell(None, "3", "")]
    sheet = contact_sheet(cells, "t", columns=3, width=160)
    assert sheet.shape == (TITLE + 90 + CAPTION + 2 * GAP, GAP + 3 * 168, 3)
    assert tuple(sheet[TITLE + 45, GAP + 168 + 80].tolist()) == (0, 200, 0)
    assert contact_sheet([Cell(None, "1", "")], "t", columns=1, width=160).shape[0] == sheet.shape[0]


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1280, 720)])
def test_large_keyframes_wait_no_larger_than_they_are_drawn(height: int, width: int) -> None:
    """A sheet of 200 shots holds no 200 full pictures."""
    picture = cell((200, 0, 0), height, width).picture
    assert picture is not None
    small = handler._decoded(to_jpeg(picture), 160)
    assert small is not None
    assert small.shape == (round(160 * height / width), 160, 3)
    assert handler._decoded(b"no picture", 160) is None


def request(**more: int) -> ContactSheetRequest:
    return ContactSheetRequest(asset_id=str(uuid.uuid4()), **more)


def noise(count: int, width: int) -> list[Cell]:
    """Pictures that PNG cannot make smaller."""
    random = np.random.default_rng(1)
    return [Cell(random.integers(0, 255, (width, width, 3), np.uint8), str(n), "") for n in range(count)]


def test_a_sheet_that_would_not_fit_into_a_message_ends_after_a_whole_row() -> None:
    cells = noise(40, 320)
    png, drawn = handler._png(cells, "film.mp4", 5, 300, request(columns=4, width=320))
    assert len(png) <= handler.SHEET_BYTES
    assert 0 < drawn < 40
    assert drawn % 4 == 0
    sheet = np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB))
    assert sheet.shape[0] == TITLE + drawn // 4 * (320 + CAPTION + GAP) + GAP
    # Nearly full: no more was left out than had to be.
    assert len(png) > 0.7 * handler.SHEET_BYTES


def test_a_sheet_that_fits_is_whole() -> None:
    cells = noise(7, 80)
    assert handler._png(cells, "film.mp4", 1, 7, request(columns=4, width=80))[1] == 7


def test_a_row_that_is_too_large_by_itself_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="one row"):
        handler._png(noise(12, 640), "film.mp4", 1, 12, request(columns=12, width=640))


@pytest.mark.parametrize(("rows", "size"), [(2, 101), (50, 101), (50, 5000), (3, 10**9)])
def test_fewer_rows_are_tried_each_time(rows: int, size: int) -> None:
    assert 1 <= fitting_rows(rows, size, 100) < rows
