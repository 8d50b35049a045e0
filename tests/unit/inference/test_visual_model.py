"""A user's own DINOv3 directory becomes a model: its card is derived, its engines agree, its self-test bites."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.unit.inference.pictures import PHOTOGRAPHS, encode, photograph
from tests.unit.inference.tiny_models import write_tiny_convnext, write_tiny_vit
from transformers import AutoModel

from dino_common.errors import ModelNotLoaded
from dino_inference.card_store import CARD_FILE, find_card, kept_path
from dino_inference.core.card import ModelCard
from dino_inference.core.encoder import load_encoder
from dino_inference.core.engines.choose import make_engine, resolve_device
from dino_inference.core.engines.torch_cuda import bucket_of, buckets
from dino_inference.visual_model import VisualModel

WRITERS = {"vit": (write_tiny_vit, 48, 16), "convnext": (write_tiny_convnext, 40, 4)}


@dataclass(frozen=True)
class Settings:
    model_name: str
    model_cache_dir: Path
    device: str = "cpu"
    precision: str = "auto"
    batch_size: int = 4
    max_pixels: int = 10_000_000


@dataclass(frozen=True)
class Tiny:
    directory: Path
    cache: Path
    model: VisualModel
    dimension: int
    patches: int


@pytest.fixture(scope="module", params=WRITERS)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    write, dimension, patches = WRITERS[request.param]
    root = tmp_path_factory.mktemp(request.param)
    directory = write(root / "My Tiny DINOv3")
    settings = Settings(str(directory), root / "cache")
    return Tiny(directory, root / "cache", VisualModel.load(settings), dimension, patches)


@pytest.fixture(scope="module")
def batch(tiny: Tiny) -> np.ndarray:
    return np.stack([tiny.model.preprocess(encode(photograph(name))) for name in PHOTOGRAPHS])


def test_a_directory_without_a_card_gets_one_that_is_kept(tiny: Tiny) -> None:
    card = tiny.model.card
    assert card.name == "my-tiny-dinov3"
    assert card.dimension == tiny.dimension
    assert card.patches == tiny.patches
    assert card.feature_layer is None
    assert card.centring is None
    assert card.thresholds is None
    kept = kept_path(tiny.cache, card.name, card.weights_sha256)
    assert ModelCard.read(kept).version == card.version
    assert find_card(tiny.directory, tiny.cache).version == card.version


def test_features_are_the_class_token_of_transformers(tiny: Tiny, batch: np.ndarray) -> None:
    image = tiny.model.card.image
    pixels = (batch.astype(np.float64) / 255 - image.mean) / image.std
    reference = AutoModel.from_pretrained(tiny.directory, attn_implementation="eager").eval()
    with torch.inference_mode():
        output = reference(pixel_values=torch.from_numpy(pixels.transpose(0, 3, 1, 2)).float())
    expected = output.pooler_output.numpy()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = tiny.model.embed(batch, patches=True)
    assert found.features.shape == (len(batch), tiny.dimension)
    assert found.features.dtype == np.float32
    assert (found.features * expected).sum(axis=1).min() > 0.99999
    assert found.patches is not None
    assert found.patches.shape == (len(batch), tiny.patches, tiny.dimension)
    assert found.patches.dtype == np.float16
    tokens = output.last_hidden_state[:, -tiny.patches :].numpy()
    assert np.abs(found.patches.astype(np.float32) - tokens).max() < 0.02


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_cpu_engines_keep_to_the_eager_reference(tiny: Tiny, batch: np.ndarray, engine: str) -> None:
    card = tiny.model.card
    with torch.inference_mode():
        encoder = load_encoder(tiny.directory, card, attention="eager")
        expected = encoder(torch.from_numpy(batch))[0].numpy()
    made = make_engine(tiny.directory, card, device="cpu", engine=engine)
    for rows in (slice(0, 1), slice(0, 5)):
        found = made.forward(batch[rows]).cls
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected[rows], axis=1)
        assert ((found * expected[rows]).sum(axis=1) / lengths).min() > 0.9999


def test_a_feature_does_not_depend_on_its_batch(tiny: Tiny, batch: np.ndarray) -> None:
    together = tiny.model.embed(batch).features
    alone = np.concatenate([tiny.model.embed(one[None]).features for one in batch])
    assert (together * alone).sum(axis=1).min() > 0.99999


def test_the_golden_picture_passes_its_own_card_and_no_other(tiny: Tiny) -> None:
    assert tiny.model.check_golden() >= tiny.model.golden_bound
    card = tiny.model.card
    assert card.golden is not None
    other = card.model_copy(update={"golden": card.golden.model_copy(update={"vector": -card.golden.vector})})
    with pytest.raises(ModelNotLoaded, match="golden"):
        VisualModel(other, tiny.model.engine).check_golden()


def test_other_weights_fail_the_golden_check(tiny: Tiny, tmp_path: Path) -> None:
    write = write_tiny_vit if tiny.model.card.architecture == "dinov3_vit" else write_tiny_convnext
    engine = make_engine(write(tmp_path / "other", seed=7), tiny.model.card, device="cpu", engine="torch")
    with pytest.raises(ModelNotLoaded, match="golden"):
        VisualModel(tiny.model.card, engine).check_golden()


def test_a_card_beside_the_weights_wins(tiny: Tiny, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    shutil.copytree(tiny.directory, directory)
    mean = np.linspace(-1, 1, tiny.dimension, dtype=np.float32)
    tiny.model.card.model_copy(update={"centring": mean}).save(directory / CARD_FILE)
    card = find_card(directory, tmp_path / "cache")
    assert card.centring is not None
    assert np.array_equal(card.centring, mean)
    assert card.version != tiny.model.version


def test_a_card_of_other_weights_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    shutil.copytree(tiny.directory, directory)
    tiny.model.card.model_copy(update={"weights_sha256": "0" * 64}).save(directory / CARD_FILE)
    with pytest.raises(ModelNotLoaded, match="belongs to weights"):
        find_card(directory, tmp_path / "cache")


def test_an_earlier_layer_is_that_hidden_state_through_the_final_norm(tmp_path: Path) -> None:
    directory = write_tiny_vit(tmp_path / "vit")
    card = find_card(directory, tmp_path / "cache").model_copy(update={"feature_layer": 2})
    encoder = load_encoder(directory, card)
    assert len(encoder.backbone.model.layer) == 2
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    reference = AutoModel.from_pretrained(directory).eval()
    image = card.image
    scaled = (pixels.permute(0, 3, 1, 2) / 255 - torch.tensor(image.mean).view(3, 1, 1)) / torch.tensor(image.std).view(
        3, 1, 1
    )
    with torch.inference_mode():
        states = reference(pixel_values=scaled, output_hidden_states=True).hidden_states
        expected = reference.norm(states[2])[:, 0]
        found, _ = encoder(pixels)
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("remove", "reason"),
    [
        ("preprocessor_config.json", "preprocessor_config"),
        ("model.safetensors", "weight file"),
        ("config.json", "not a transformers model"),
    ],
)
def test_an_incomplete_directory_says_what_it_lacks(tmp_path: Path, remove: str, reason: str) -> None:
    directory = write_tiny_vit(tmp_path / "vit")
    (directory / remove).unlink()
    with pytest.raises(ModelNotLoaded, match=reason):
        find_card(directory, tmp_path / "cache")


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    directory = write_tiny_vit(tmp_path / "vit")
    config = {"model_type": "bert", "architectures": ["BertModel"]}
    (directory / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelNotLoaded, match="bert"):
        find_card(directory, tmp_path / "cache")


def test_cuda_without_a_device_is_an_error_and_no_silent_cpu() -> None:
    if torch.cuda.is_available():
        assert resolve_device("auto") == "cuda"
        return
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ModelNotLoaded, match="CUDA"):
        resolve_device("cuda")


def test_buckets_cover_every_batch() -> None:
    assert buckets(1) == (1,)
    assert buckets(32) == (1, 2, 4, 8, 16, 32)
    assert buckets(24) == (1, 2, 4, 8, 16, 24)
    assert [bucket_of(n, buckets(24)) for n in (1, 3, 17, 24)] == [1, 4, 24, 24]
    with pytest.raises(ValueError, match="larger"):
        bucket_of(25, buckets(24))


def test_a_second_start_reads_the_kept_graph_without_pytorch(tiny: Tiny) -> None:
    settings = vars(Settings(str(tiny.directory), tiny.cache)) | {"model_cache_dir": str(tiny.cache)}
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from types import SimpleNamespace\n"
        "from dino_inference.visual_model import VisualModel\n"
        f"settings = SimpleNamespace(**{settings!r})\n"
        "settings.model_cache_dir = Path(settings.model_cache_dir)\n"
        "model = VisualModel.load(settings)\n"
        "assert model.check_golden() >= model.golden_bound\n"
        "assert 'torch' not in sys.modules\n"
    )
    before = sorted((tiny.cache / "graphs").rglob("*"))
    assert any(path.suffix == ".xml" for path in before)
    subprocess.run([sys.executable, "-c", script], check=True)
    assert sorted((tiny.cache / "graphs").rglob("*")) == before
