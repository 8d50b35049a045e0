import base64
import io

import numpy as np
import pytest
from PIL import Image

from dino_analytics.draw import (
    beside,
    box,
    colour_bar,
    fitted,
    heat_colours,
    legend,
    measure,
    overlay,
    side_by_side,
    stacked,
    strip,
    swatches,
    tint,
    titled,
    to_drawing,
    write,
)

GREY = np.full((60, 90, 3), 120, np.uint8)


def test_a_drawing_is_the_pixels_as_png_and_never_longer_than_1024():
    noise = np.random.default_rng(1).integers(0, 256, (300, 2000, 3)).astype(np.uint8)
    drawing = to_drawing(noise)
    opened = Image.open(io.BytesIO(base64.b64decode(drawing.data)))
    assert opened.format == "PNG"
    assert opened.size == (drawing.width, drawing.height) == (1024, 154)
    small = to_drawing(GREY)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(small.data)))), GREY)


def test_small_pictures_grow_only_when_asked():
    assert fitted(GREY).shape == GREY.shape
    assert fitted(GREY, 360, enlarge=True).shape == (240, 360, 3)


def test_heat_grows_lighter_with_the_value():
    light = heat_colours(np.linspace(0, 1, 50)).astype(float) @ [0.299, 0.587, 0.114]
    assert (np.diff(light) > 0).all()


def test_heat_lies_over_its_own_part_of_the_picture():
    heat = np.zeros((4, 4), np.float32)
    heat[0, 3] = 1.0
    shown = overlay(GREY, heat, smooth=False).astype(float).sum(axis=2)
    assert shown[:15, 68:].mean() > shown[20:, :].mean() + 100


def test_pictures_beside_each_other_tell_where_they_lie():
    left, right = np.zeros((100, 100, 3), np.uint8), np.full((50, 200, 3), 255, np.uint8)
    sheet, places = beside([left, right], ["one", "two"], width=608)
    assert sheet.shape[1] <= 608
    for picture, (x, y, across, down) in zip((left, right), places, strict=True):
        middle = sheet[int(y + down * picture.shape[0] / 2), int(x + across * picture.shape[1] / 2)]
        assert (middle == picture[0, 0]).all()
    with pytest.raises(ValueError):
        side_by_side([left], ["one", "two"])


def test_words_that_do_not_fit_are_cut():
    canvas = strip(200, 40)
    assert write(canvas, (0, 0), "a very long line of words that has no room", room=120) <= 120
    assert measure("wide words") > measure("wide")


def test_a_mask_colours_its_region_alone():
    mask = np.zeros((60, 90), bool)
    mask[20:40, 30:60] = True
    shown = tint(GREY, mask, (255, 0, 0), strength=0.5)
    assert np.array_equal(shown[~mask], GREY[~mask])
    assert shown[30, 45, 0] > 180
    assert (shown[20, 30] == (255, 0, 0)).all()
    with pytest.raises(ValueError):
        tint(GREY, mask[:10], (255, 0, 0))


def test_a_box_is_drawn_on_its_edges_and_labels_stay_inside():
    canvas = Image.fromarray(GREY)
    box(canvas, (10, 10, 50, 40), (230, 159, 0), thick=2)
    assert canvas.getpixel((10, 25)) == (230, 159, 0)
    assert canvas.getpixel((30, 25)) == (120, 120, 120)
    box(canvas, (80, 50, 90, 60), (0, 0, 0), "a label")
    assert (np.asarray(canvas) == 255).all(axis=2).any()


def test_keys_and_titles_are_as_wide_as_the_picture():
    entries = [((255, 0, 0), "a first thing"), ((0, 255, 0), "another thing that is long"), ((0, 0, 255), "third")]
    key = legend(300, entries)
    assert key.shape[1] == 300
    assert key.shape[0] > legend(900, entries).shape[0]
    bar = colour_bar(300, "none", "all", "what it means")
    blocks = swatches(300, [((255, 0, 0), "red", 0.75), ((0, 0, 255), "blue", 0.25)])
    assert (blocks[2, 100] == (255, 0, 0)).all()
    assert (blocks[2, 290] == (0, 0, 255)).all()
    page = titled(stacked([np.zeros((40, 300, 3), np.uint8), key, bar, blocks]), "Title", "and a note")
    assert page.shape[1] == 300
