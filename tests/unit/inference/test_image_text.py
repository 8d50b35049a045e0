"""Pictures and texts in one space: the network, ConSE's recipe, and a CLIP directory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from dino_common.errors import ModelNotLoaded
from dino_common.settings import Settings
from dino_inference.core.efficientnet_lite import EfficientNetLite0, folded
from dino_inference.image_text.choose import load_image_text
from dino_inference.image_text.conse import Conse, squared
from dino_inference.image_text.dual_encoder import DualEncoder


class Words:
    """A text model of eight numbers: the first letter decides."""

    version, dimension = "words@1", 8

    def embed(self, texts):
        rows = np.stack([np.random.default_rng(ord(text[0])).normal(size=8) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def checkpoint() -> dict[str, torch.Tensor]:
    """Random weights in the form of the published checkpoint, and what batch norms need."""
    generator = torch.Generator().manual_seed(3)
    found: dict[str, torch.Tensor] = {}

    def layer(name: str, norm: str, convolution: nn.Conv2d) -> None:
        shape = convolution.weight.shape
        found[f"{name}.weight"] = torch.randn(shape, generator=generator) / shape[1:].numel() ** 0.5
        for part, start in (("weight", 1.0), ("running_var", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            found[f"{norm}.{part}"] = start + torch.rand(shape[0], generator=generator) / 10

    network = EfficientNetLite0()
    layer("_conv_stem", "_bn0", network.stem)
    for number, block in enumerate(network.blocks):
        name = f"_blocks.{number}"
        if block.expand is not None:
            layer(f"{name}._expand_conv", f"{name}._bn0", block.expand)
        layer(f"{name}._depthwise_conv", f"{name}._bn1", block.depthwise)
        layer(f"{name}._project_conv", f"{name}._bn2", block.project)
    layer("_conv_head", "_bn1", network.head)
    found["_fc.weight"] = torch.randn(1000, 1280, generator=generator) / 36
    found["_fc.bias"] = torch.zeros(1000)
    return found


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("classifier")
    save_file(folded(checkpoint()), str(directory / "model.safetensors"))
    (directory / "classes.json").write_text(json.dumps([f"{chr(97 + n % 26)}{n}" for n in range(1000)]))
    return directory


def test_folded_stem_equals_convolution_and_norm():
    tensors = checkpoint()
    network = EfficientNetLite0()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in folded(tensors).items()})
    x = torch.randn(1, 3, 64, 64)
    # Of an even side the stride leaves one column over: it goes to the right and below.
    plain = nn.functional.conv2d(nn.functional.pad(x, (0, 1, 0, 1)), tensors["_conv_stem.weight"], stride=2)
    normed = nn.functional.batch_norm(
        plain, *(tensors[f"_bn0.{part}"] for part in ("running_mean", "running_var", "weight", "bias")), eps=1e-3
    )
    assert torch.allclose(network.stem(x), normed, atol=1e-5)


def test_conse_places_a_picture_among_the_names_of_its_likeliest_classes(classifier: Path):
    space = Conse(classifier, Words())
    pictures = [np.random.default_rng(n).integers(0, 255, (40 + n, 90, 3), dtype=np.uint8) for n in range(3)]
    placed = space.place(pictures)
    assert all(np.linalg.norm(place.vector) == pytest.approx(1, abs=1e-5) for place in placed)
    assert all(place.vector.shape == (space.dimension,) for place in placed)
    shares = [share for _, share in placed[0].labels]
    assert shares == sorted(shares, reverse=True)
    again = space.place(pictures[1:2])[0]
    assert again.vector == pytest.approx(placed[1].vector, abs=1e-4)
    texts = space.embed_texts(["a", "b"])
    assert np.linalg.norm(texts, axis=1) == pytest.approx(1, abs=1e-5)


def test_version_follows_weights_and_text_model(classifier: Path, tmp_path: Path):
    other = Words()
    other.version = "words@2"
    assert Conse(classifier, Words()).version != Conse(classifier, other).version


def test_whole_picture_is_seen_centred_on_white():
    seen = squared(np.zeros((10, 40, 3), np.uint8), 8)
    assert seen.shape == (8, 8, 3)
    assert (seen[3:5] == 0).all()
    assert (seen[:3] == 255).all()


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """A tiny CLIP with random weights, as ``save_pretrained`` writes it."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, PreTrainedTokenizerFast

    directory = tmp_path_factory.mktemp("clip") / "tiny-clip"
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    letters = {character: n for n, character in enumerate(["<pad>", "<unk>", *"abcdefghijklmnopqrstuvwxyz", "</s>"])}
    config = CLIPConfig(
        text_config=sizes
        | {"vocab_size": len(letters), "max_position_embeddings": 16, "eos_token_id": len(letters) - 1},
        vision_config=sizes | {"image_size": 32, "patch_size": 16},
        projection_dim=12,
    )
    torch.manual_seed(1)
    CLIPModel(config).save_pretrained(directory)
    inner = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="</s>").save_pretrained(directory)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32).save_pretrained(directory)
    return directory


def test_clip_directory_places_pictures_and_texts(clip: Path):
    space = load_image_text(Settings.model_construct(image_text_model=str(clip), device="cpu"))
    assert isinstance(space, DualEncoder)
    assert space.dimension == 12
    assert space.version.startswith("tiny-clip@")
    picture = np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)
    (placed,) = space.place([picture])
    texts = space.embed_texts(["abc", "a longer text than the model can read at once"])
    assert placed.vector.shape == (12,)
    assert placed.labels == ()
    assert np.linalg.norm(texts, axis=1) == pytest.approx(1, abs=1e-5)
    assert space.embed_texts(["abc"])[0] == pytest.approx(texts[0], abs=1e-5)
    assert space.calibration.width > 0


def test_what_is_no_image_text_model_is_named(tmp_path: Path):
    for name in ("off", str(tmp_path / "missing"), str(tmp_path)):
        with pytest.raises(ModelNotLoaded):
            load_image_text(Settings.model_construct(image_text_model=name, device="cpu"))
