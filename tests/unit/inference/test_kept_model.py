"""How a packaged model gets into the cache: whole, once, and anew where it is damaged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dino_common.errors import ModelNotLoaded
from dino_inference.kept_model import ensure_model

NAME = "small"


def is_whole(directory: Path) -> bool:
    weights = directory / "weights"
    return weights.is_file() and weights.read_text() == "good"


class Source:
    """Counts how often it was fetched from."""

    def __init__(self) -> None:
        self.fetched = 0

    def fill(self, staged: Path, room: Path) -> None:
        self.fetched += 1
        (room / "wheel").write_text("good")
        (room / "wheel").rename(staged / "weights")


@pytest.fixture(autouse=True)
def no_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("DINO_IMAGE_MODELS", str(tmp_path / "image"))
    return tmp_path / "image"


def test_it_is_fetched_once_also_by_several_at_once(tmp_path: Path) -> None:
    source, cache = Source(), tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ensure_model(cache, NAME, is_whole, source.fill), range(4)))
    assert set(found) == {cache / NAME}
    assert source.fetched == 1
    assert sorted(path.name for path in cache.iterdir()) == [f".{NAME}.lock", NAME]


def test_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    source, target = Source(), tmp_path / "cache" / NAME
    target.mkdir(parents=True)
    (target / "weights").write_text("half")
    assert ensure_model(tmp_path / "cache", NAME, is_whole, source.fill) == target
    assert is_whole(target)


def test_one_of_the_image_is_taken_as_it_lies(tmp_path: Path, no_image: Path) -> None:
    source = Source()
    (no_image / NAME).mkdir(parents=True)
    (no_image / NAME / "weights").write_text("good")
    assert ensure_model(tmp_path / "cache", NAME, is_whole, source.fill) == no_image / NAME
    assert source.fetched == 0


def test_what_cannot_be_fetched_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails(staged: Path, room: Path) -> None:
        (staged / "weights").write_text("half")
        raise ModelNotLoaded("the index is away")

    with pytest.raises(ModelNotLoaded):
        ensure_model(tmp_path / "cache", NAME, is_whole, fails)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f".{NAME}.lock"]
