"""Weights are used only when they are the ones that were meant, and are copied or fetched once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dino_common.errors import ModelNotLoaded
from dino_inference import builtin, fetch
from dino_inference import pull as pulling
from dino_inference.checksums import weights_sha256

PREPROCESSOR = {"do_center_crop": True, "crop_size": {"height": 224, "width": 224}, "size": {"shortest_edge": 256}}


def write_model(directory: Path, weights: bytes = b"weights") -> Path:
    directory.mkdir(parents=True)
    (directory / "model.safetensors").write_bytes(weights)
    (directory / "config.json").write_text("{}")
    (directory / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    return directory


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A bucket in place of the network; the answer lists the fetches."""
    fetched: list[str] = []

    def from_s3(name: str, prefix: str, staged: Path) -> None:
        fetched.append(f"{name}/{prefix}")
        if prefix == "vit":
            staged.rmdir()
            write_model(staged)

    monkeypatch.setattr(fetch, "_from_s3", from_s3)
    return fetched


def test_a_directory_is_used_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_model(tmp_path / "model")
    arguments = [str(model), "--into", str(tmp_path / "cache"), "--image-size", "224"]
    assert fetch.main([*arguments, "--sha256", weights_sha256(model)]) == 0
    assert capsys.readouterr().out == f"{model}\n"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--sha256", "0" * 64), "expected " + "0" * 64),
        (("--image-size", "518"), "pictures of 224, expected 518"),
    ],
)
def test_other_weights_than_expected_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str], words: str
) -> None:
    model = write_model(tmp_path / "model")
    assert fetch.main([str(model), "--into", str(tmp_path / "cache"), *wrong]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "Correct spec.model." in said


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match="there is no directory"):
        fetch.fetch(str(tmp_path / "absent"), tmp_path / "cache")


def test_pods_at_once_fetch_once(tmp_path: Path, bucket: list[str]) -> None:
    into = tmp_path / "cache" / "key"
    with ThreadPoolExecutor(8) as pods:
        found = set(pods.map(lambda _: fetch.fetch("s3://weights/vit", into), range(8)))
    assert found == {into}
    assert bucket == ["weights/vit"]
    assert [path.name for path in into.parent.iterdir() if not path.name.endswith(".lock")] == ["key"]


def test_a_damaged_copy_is_fetched_again(tmp_path: Path, bucket: list[str]) -> None:
    into = tmp_path / "cache" / "key"
    good = weights_sha256(fetch.fetch("s3://weights/vit", into))
    (into / "model.safetensors").write_bytes(b"damaged")
    fetch.fetch("s3://weights/vit", into, sha256=good)
    assert weights_sha256(into) == good
    assert len(bucket) == 2


@pytest.mark.parametrize(("prefix", "sha256"), [("empty", None), ("vit", "0" * 64)])
def test_what_is_not_wanted_leaves_nothing_behind(
    tmp_path: Path, bucket: list[str], prefix: str, sha256: str | None
) -> None:
    into = tmp_path / "cache" / "key"
    with pytest.raises(ModelNotLoaded):
        fetch.fetch(f"s3://weights/{prefix}", into, sha256=sha256)
    assert [path.name for path in into.parent.iterdir()] == [".key.lock"]


def test_the_built_in_model_is_copied_from_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = write_model(tmp_path / "image" / builtin.NAME)
    monkeypatch.setattr(builtin, "WEIGHTS_SHA256", weights_sha256(image))
    monkeypatch.setattr(pulling, "_fill", lambda *_: pytest.fail("downloaded"))
    for _ in range(2):
        target = fetch.seed_builtin(tmp_path / "cache", tmp_path / "image")
        assert weights_sha256(target) == weights_sha256(image)
