"""Sentences become vectors of length 1 that do not depend on their company, and a missing model says how to get it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from dino_common.errors import ModelNotLoaded
from dino_inference.text_model import MAX_TOKENS, TextModel, ensure_text_model

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "car", "by", "the", "sea", "two", "people", "argue"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sentence model with random weights, in transformers form."""
    folder = tmp_path_factory.mktemp("text") / "tiny-bert"
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def model(directory: Path) -> TextModel:
    return TextModel.load(directory)


def test_vectors_have_length_one_and_keep_the_order(model: TextModel) -> None:
    texts = ["a red car by the sea", "two people argue", "", "car"]
    vectors = model.embed(texts)
    assert vectors.shape == (4, model.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(model.embed([text])[0], vector, atol=1e-5)


def test_a_vector_is_the_mean_of_its_tokens(model: TextModel, directory: Path) -> None:
    network = BertModel.from_pretrained(directory).eval()
    ids = torch.tensor([[2, 4, 5, 6, 3]])
    with torch.inference_mode():
        mean = network(input_ids=ids).last_hidden_state[0].mean(0)
    np.testing.assert_allclose(model.embed(["a red car"])[0], (mean / mean.norm()).numpy(), atol=1e-5)


def test_a_long_text_counts_as_its_beginning(model: TextModel) -> None:
    start = "car " * MAX_TOKENS
    np.testing.assert_allclose(model.embed([start])[0], model.embed([start + "sea " * 500])[0], atol=1e-5)


def test_no_texts_give_no_vectors(model: TextModel) -> None:
    assert model.embed([]).shape == (0, model.dimension)


def test_the_version_names_the_weights(model: TextModel) -> None:
    name, _, digest = model.version.partition("@")
    assert name == "tiny-bert"
    assert len(digest) == 12


def test_a_missing_model_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(ModelNotLoaded, match="cannot be downloaded") as failure:
        ensure_text_model(tmp_path / "cache")
    assert "dino models pull" in failure.value.details


def test_a_directory_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match="cannot be loaded"):
        TextModel.load(tmp_path)
