import cv2
import numpy as np
import pytest
from tests.unit.analytics.look.patches import boxed, grid

from dino_analytics.core.look.colour_mood import colour_mood
from dino_analytics.core.look.depth import depth_of_field
from dino_analytics.core.look.description import describe
from dino_analytics.core.look.paragraph import paragraph
from dino_analytics.core.look.subject import find_subject
from dino_analytics.look.forms import fields_of
from dino_common.look import palette

LABELS = boxed((4, 5, 12, 11))
ON = np.kron(LABELS, np.ones((16, 16), int)) > 0


def textured(sharp: np.ndarray | None = None) -> np.ndarray:
    """Blocks of 256 × 256, blurred where `sharp` is False."""
    cells = np.random.default_rng(5).integers(20, 235, (64, 64, 3)).astype(np.uint8)
    picture = np.kron(cells, np.ones((4, 4, 1), np.uint8))
    if sharp is None:
        return picture
    soft = cv2.GaussianBlur(picture, (0, 0), 3.0)
    return np.where(sharp[:, :, None], picture, soft)


def test_a_blurred_background_is_shallow_and_a_sharp_one_deep():
    subject = find_subject(grid(LABELS))
    assert depth_of_field(textured(ON), subject).depth_of_field == "shallow"
    assert depth_of_field(textured(), subject).depth_of_field == "deep"
    assert depth_of_field(np.full((256, 256, 3), 90, np.uint8), subject).reason == "no_texture"
    assert depth_of_field(np.zeros((40, 40, 3), np.uint8), None).reason == "too_small"


def split(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.repeat(np.array(colours, np.uint8)[None], 60, axis=0).repeat(60, axis=1)


@pytest.mark.parametrize(
    ("colours", "saturation", "harmony"),
    [
        ([(20, 20, 20), (128, 128, 128), (240, 240, 240)], "monochrome", "single_hue"),
        ([(200, 40, 60), (210, 160, 20)], "vivid", "analogous"),
        ([(230, 120, 20), (20, 110, 190)], "vivid", "complementary"),
    ],
)
def test_colours_go_together(colours, saturation, harmony):
    mood = colour_mood(palette(split(*colours)))
    assert (mood.saturation, mood.harmony) == (saturation, harmony)


def test_a_description_says_what_is_sure_and_no_more():
    picture = np.full((256, 256, 3), (30, 32, 36), np.uint8)
    picture[ON] = (210, 90, 30)
    look = describe(picture, grid(LABELS))
    text = paragraph(look)
    assert "Low-key lighting" in text
    assert "in the centre" in text
    assert "black (8" in text
    assert look.subject is not None
    assert f"about {round(100 * look.subject.area / 5) * 5} %" in text
    # No line stands upright, so that the angle is not known and not told.
    assert "level" not in text
    fields = fields_of(look)
    assert fields.camera_angle.value == "unknown"
    assert fields.camera_angle.confidence == 0
    assert fields.pose.value == "unknown"
    assert fields.faces is None
    assert sum(one.share for one in fields.palette) == pytest.approx(1.0, abs=0.05)


def test_darkness_is_described_as_unknown():
    fields = fields_of(describe(np.zeros((64, 64, 3), np.uint8), grid(np.zeros((16, 16), int))))
    assert fields.lighting.key.value == "unknown"
    assert fields.lighting.temperature.value == "unknown"
    assert fields.subject is None
    assert fields.depth_of_field.value == "unknown"


def test_small_pictures_are_refused():
    with pytest.raises(ValueError):
        describe(np.zeros((20, 64, 3), np.uint8), grid(LABELS))
