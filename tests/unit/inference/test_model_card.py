"""A card round-trips bit by bit, and its version changes exactly when features do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from dino_inference.card_store import shipped_cards, slug
from dino_inference.core.card import Golden, ImageSpec, ModelCard, Thresholds
from dino_inference.core.features import damping, finish, moved, raw, scaled
from dino_inference.core.golden import golden_pixels

IMAGE = ImageSpec(height=64, width=64, resample=2, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def card(**changes: object) -> ModelCard:
    generator = np.random.default_rng(1)
    fields: dict[str, object] = {
        "name": "tiny",
        "source": "test",
        "licence": "none",
        "architecture": "dinov3_vit",
        "weights_sha256": "ab" * 32,
        "dimension": 6,
        "patch_size": 16,
        "layers": 3,
        "centring": generator.normal(size=6).astype(np.float32),
        "whitening": generator.normal(size=(2, 6)).astype(np.float32) / 6,
        "golden": Golden(vector=generator.normal(size=6).astype(np.float32)),
        "image": IMAGE,
    }
    return ModelCard.model_validate(fields | changes)


def test_a_card_survives_its_file_bit_by_bit(tmp_path: Path) -> None:
    original = card()
    original.save(tmp_path / "cards" / "tiny.json")
    read = ModelCard.read(tmp_path / "cards" / "tiny.json")
    assert read.version == original.version
    assert read.golden is not None
    assert original.golden is not None
    assert read.centring is not None
    assert original.centring is not None
    assert read.centring.tobytes() == original.centring.tobytes()
    assert read.whitening is not None
    assert original.whitening is not None
    assert np.array_equal(read.whitening, original.whitening)
    assert read.golden.vector.tobytes() == original.golden.vector.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "cd" * 32},
        {"feature_layer": 2},
        {"norm": "none"},
        {"centring": None},
        {"centring": np.zeros(6, np.float32)},
        {"whitening": None},
        {"whitening": np.ones((1, 6), np.float32) / 6},
        {"image": IMAGE.model_copy(update={"mean": (0.5, 0.5, 0.5)})},
        {"image": IMAGE.model_copy(update={"height": 96})},
        {"image": IMAGE.model_copy(update={"resample": 3})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_a_feature_changes_the_version(change: dict[str, object]) -> None:
    assert card(**change).version != card().version


def test_thresholds_and_words_do_not_change_the_version() -> None:
    changed = card(licence="other", thresholds=Thresholds(consistency=70, similarity=0.5, duplicate=0.9), golden=None)
    assert changed.version == card().version


def test_the_version_is_the_name_and_twelve_hex_digits() -> None:
    name, _, digest = card().version.partition("@")
    assert name == "tiny"
    assert len(digest) == 12
    assert int(digest, 16) >= 0


@pytest.mark.parametrize(
    "change",
    [
        {"name": "No Spaces"},
        {"weights_sha256": "x"},
        {"surprise": 1},
        {"centring": np.zeros(5, np.float32)},
        {"whitening": np.zeros((2, 5), np.float32)},
        {"whitening": np.zeros(6, np.float32)},
        {"whitening": np.eye(6, dtype=np.float32)[:1]},
    ],
)
def test_a_card_with_odd_fields_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        card(**change)


def test_every_shipped_card_is_complete() -> None:
    cards = shipped_cards()
    assert cards
    for one in cards:
        assert one.golden is not None
        assert one.thresholds is not None
        assert one.calibration is not None
        assert one.whitening is not None
        assert one.golden.vector.shape == (one.dimension,)
        assert np.isclose(np.linalg.norm(one.golden.vector), 1.0, atol=1e-5)
        assert one.calibration.auc_low <= one.calibration.auc <= one.calibration.auc_high


def test_features_have_length_one_after_centring() -> None:
    generator = np.random.default_rng(0)
    rows, mean = generator.normal(3, 1, (5, 8)).astype(np.float32), np.full(8, 3, np.float32)
    features = finish(rows, mean)
    assert features.dtype == np.float32
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-6)
    assert np.allclose(features[0], (rows[0] - 3) / np.linalg.norm(rows[0] - 3), atol=1e-6)


def test_damping_shrinks_what_changes_within_subjects_and_leaves_the_rest() -> None:
    generator = np.random.default_rng(1)
    axes = np.linalg.qr(generator.normal(size=(16, 16)))[0]
    spread = np.concatenate([[9.0, 4.0], np.full(14, 0.25)])
    matrix = damping(axes @ np.diag(spread) @ axes.T, strength=1.0, rank=2)
    assert matrix.shape == (2, 16)
    changes, stays = axes[:, :2].T, axes[:, 2:].T
    # Of whitened directions the deviation is 1; here that of the others, 0.5, stands for it.
    assert np.allclose(np.linalg.norm(moved(changes, None, matrix), axis=1), [0.5 / 3, 0.5 / 2], atol=1e-5)
    assert np.allclose(moved(stays, None, matrix), stays, atol=1e-5)


def test_features_and_lengths_give_the_class_tokens_back() -> None:
    generator = np.random.default_rng(2)
    rows, mean = generator.normal(3, 2, (5, 32)).astype(np.float32), generator.normal(3, 1, 32).astype(np.float32)
    within = np.cov(generator.normal(size=(200, 32)) * np.linspace(4, 0.1, 32), rowvar=False)
    matrix = damping(within, strength=0.5, rank=8)
    features, lengths = scaled(moved(rows, mean, matrix))
    assert np.allclose(raw(features, lengths, mean, matrix), rows, atol=1e-4)
    assert np.allclose(raw(*scaled(moved(rows, mean)), mean), rows, atol=1e-4)


def test_the_golden_picture_never_changes() -> None:
    pixels = golden_pixels(ImageSpec(height=224, width=224, mean=(0, 0, 0), std=(1, 1, 1)))
    assert (pixels.shape, pixels.dtype) == ((224, 224, 3), np.uint8)
    assert int(pixels.astype(np.int64).sum()) == GOLDEN_SUM
    assert pixels[100, 50].tolist() == GOLDEN_PIXEL


GOLDEN_SUM = 19142314
GOLDEN_PIXEL = [76, 130, 69]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("models/dinov3-vits16-pretrain-lvd1689m", "dinov3-vits16-pretrain-lvd1689m"),
        ("My Model!", "my-model"),
        ("…", "model"),
    ],
)
def test_directory_names_become_card_names(name: str, expected: str) -> None:
    assert slug(name) == expected
