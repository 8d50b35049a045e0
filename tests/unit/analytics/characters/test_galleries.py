"""Galleries, a character's thresholds, and why pictures are sent back."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from examples.generator.variation import variation
from PIL import Image
from skimage import data

from dino_analytics.core.fingerprint import Vote, fingerprint, majority
from dino_analytics.core.gallery import with_images, without_image
from dino_analytics.core.sent_back import reasons
from dino_analytics.generator.pictures import MOST_BYTES, carried, reference_of
from dino_common.contracts.characters import GALLERY_LIMIT, UpdateCharacterRequest
from dino_common.errors import Conflict, InvalidFileFormat, InvalidRequest
from dino_common.imaging import ImageLimits
from dino_common.stores.characters import CharacterRecord, GalleryEntry, OwnThreshold

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def entry(asset: str, image: str | None = None, shot: str | None = None) -> GalleryEntry:
    return GalleryEntry(image or asset, asset, shot, BEGAN)


def test_a_picture_named_again_keeps_its_place_and_id():
    gallery = with_images([entry("a", "cms-1", "front"), entry("b")], [entry("a", None, "profile")])
    assert [(e.image_id, e.asset_id, e.shot_type) for e in gallery] == [("cms-1", "a", "profile"), ("b", "b", None)]
    renamed = with_images(gallery, [entry("a", "cms-2")])
    assert (renamed[0].image_id, renamed[0].shot_type) == ("cms-2", "profile")


def test_two_pictures_cannot_have_one_id():
    with pytest.raises(Conflict):
        with_images([entry("a", "x")], [entry("b", "x")])


def test_a_gallery_is_bounded():
    full = [entry(str(n)) for n in range(GALLERY_LIMIT)]
    assert len(with_images(full, [entry("0", None, "front")])) == GALLERY_LIMIT
    with pytest.raises(InvalidRequest, match=str(GALLERY_LIMIT)):
        with_images(full, [entry("one more")])


def test_an_image_id_goes_before_an_asset_id():
    gallery = [entry("a", "b"), entry("b", "c")]
    assert [e.asset_id for e in without_image(gallery, "b")] == ["b"]
    assert [e.asset_id for e in without_image(gallery, "a")] == ["b"]


def test_the_threshold_set_last_holds_for_its_model_version():
    def at(value: float, version: str | None, minutes: int) -> OwnThreshold:
        return OwnThreshold(value, "calibrated", version, BEGAN + timedelta(minutes=minutes))

    record = CharacterRecord("id", "Marcus", thresholds=(at(50, None, 0), at(60, "m@1", 1), at(70, "m@2", 2)))
    for version, value in (("m@1", 60), ("m@2", 70), ("m@3", 50)):
        own = record.threshold(version)
        assert own is not None
        assert own.value == value
    later = record.with_threshold(at(40, None, 3))
    assert len(later.thresholds) == 3
    own = later.threshold("m@1")
    assert own is not None
    assert own.value == 40


def test_an_asset_leaves_gallery_and_master_reference():
    record = CharacterRecord("id", "Marcus", master_reference_asset_id="a", images=(entry("a"), entry("b")))
    left = record.without_asset("a")
    assert (left.master_reference_asset_id, [e.asset_id for e in left.images]) == (None, ["b"])
    assert record.without_asset("z") == record


def test_a_patch_carries_null_but_not_what_was_left_out():
    nobody = "00000000-0000-4000-8000-000000000000"
    patch = UpdateCharacterRequest.model_validate({"character_id": nobody, "description": None})
    sent = patch.model_dump(mode="json")
    assert sent == {"character_id": nobody, "description": None}
    assert UpdateCharacterRequest.model_validate(sent).model_fields_set == {"character_id", "description"}


def test_a_valid_picture_is_not_sent_back():
    assert reasons(80, 70, 75, 70, ["crop less"]) == []


def test_each_fault_is_told_with_its_numbers():
    told = reasons(40.2, 70, 55, 60, ["Reduce noise", "b", "c", "d"], ["It is lit from another side."])
    assert "40.2 of 100, 70 is needed" in told[0]
    assert told[1:] == [
        "It is lit from another side.", "Technical quality is 55.0 of 100, 60 is needed.", "Reduce noise", "b", "c",
    ]  # fmt: skip


def test_the_reference_is_sent_small():
    sent = reference_of(np.zeros((3000, 2000, 3), dtype=np.uint8))
    assert (sent.width, sent.height, sent.content_type) == (1024, 1536, "image/jpeg")


def test_a_picture_too_large_for_a_message_is_encoded_anew():
    noise = np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG", compress_level=0)
    assert len(out.getvalue()) > MOST_BYTES
    made = carried(out.getvalue(), ImageLimits())
    assert len(made) < len(out.getvalue())
    assert Image.open(io.BytesIO(made)).format == "JPEG"
    assert carried(b"small", ImageLimits()) == b"small"
    with pytest.raises(InvalidFileFormat):
        carried(b"x" * (MOST_BYTES + 1), ImageLimits())


def test_the_example_generator_varies_more_with_strength_and_the_same_by_seed():
    picture = Image.fromarray(data.astronaut())
    near, far = (np.asarray(variation(picture, (128, 96), 5, s), dtype=float) for s in (0.05, 0.9))
    plain = np.asarray(variation(picture, (128, 96), 5, 0.0), dtype=float)
    assert near.shape == (96, 128, 3)
    assert np.abs(near - plain).mean() < np.abs(far - plain).mean()
    assert np.array_equal(near, np.asarray(variation(picture, (128, 96), 5, 0.05), dtype=float))


def test_the_fingerprint_is_the_mean_direction_and_names_the_least_typical_picture():
    vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32)
    found = fingerprint(vectors)
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-6)
    assert found.least_typical == 2
    assert fingerprint(vectors[:1]).cosines[0] == pytest.approx(1)
    assert fingerprint(np.array([[1, 0], [-1, 0]], dtype=np.float32)).vector.tolist() == [1, 0]
    with pytest.raises(ValueError, match="needs a picture"):
        fingerprint(vectors[:0])


def test_most_confidence_wins_and_silence_lowers_it():
    assert majority([("low_angle", 0.4), ("eye_level", 0.3), ("eye_level", 0.3), ("unknown", 0.9)]) == Vote(
        "eye_level", 0.15
    )
    assert majority([("unknown", 0.0)]) == Vote("unknown", 0.0)
    assert majority([]) == Vote("unknown", 0.0)
