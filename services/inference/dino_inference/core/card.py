"""The model card: everything that, beside the weights, decides what a feature is and what a cosine means."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator


def _unpack(value: object) -> object:
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32)
    if isinstance(value, list | np.ndarray):
        return np.asarray(value, dtype=np.float32)
    return value


def _pack(value: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(value, dtype="<f4").tobytes()).decode()


# A float32 vector; in JSON the base64 of its little-endian bytes, so that a card round-trips bit by bit.
Vector = Annotated[np.ndarray, BeforeValidator(_unpack), PlainSerializer(_pack, return_type=str, when_used="json")]


def _stack(value: object) -> object:
    if not isinstance(value, list):
        return value
    return np.stack([np.asarray(_unpack(row), dtype=np.float32) for row in value])


def _rows(value: np.ndarray) -> list[str]:
    return [_pack(row) for row in value]


# A float32 matrix; in JSON a list of such rows.
Rows = Annotated[np.ndarray, BeforeValidator(_stack), PlainSerializer(_rows, return_type=list[str], when_used="json")]


class _Part(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", frozen=True)


class ImageSpec(_Part):
    """How the model wants its pictures; the fields mean what they mean in `transformers`' processors."""

    shortest_edge: int | None = Field(None, ge=1, description="Resize until the shorter side has these pixels.")
    height: int | None = Field(default=None, ge=1, description="Resize to this height, whatever the aspect ratio.")
    width: int | None = Field(default=None, ge=1, description="Resize to this width, whatever the aspect ratio.")
    crop_height: int | None = Field(default=None, ge=1, description="Then cut this height from the centre.")
    crop_width: int | None = Field(default=None, ge=1, description="Then cut this width from the centre.")
    resample: Literal[0, 1, 2, 3, 4, 5] = Field(3, description="Pillow's filter; 2 bilinear, 3 bicubic.")
    rescale_factor: float = Field(1 / 255, gt=0)
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of what the model gets."""
        if self.crop_height and self.crop_width:
            return self.crop_height, self.crop_width
        if self.height and self.width:
            return self.height, self.width
        raise ValueError("no fixed input size: set a crop, or a height and a width")


class Golden(_Part):
    """A picture made by formula and the feature that a plain eager float32 run on a CPU gives for it."""

    image: Literal["waves-v1"] = "waves-v1"
    vector: Vector = Field(description="The L2-normalised feature.")


class Thresholds(_Part):
    """Cut-offs that belong to this model's features and to no other's."""

    consistency: float = Field(ge=0, le=100, description="Same character at or above this score, 0–100.")
    similarity: float = Field(ge=-1, le=1, description="Similar at or above this cosine.")
    duplicate: float = Field(ge=-1, le=1, description="Same picture, re-encoded, at or above this cosine.")


class RocPoint(_Part):
    """One point of a receiver operating characteristic."""

    threshold: float = Field(ge=-1, le=1, description="Cosine.")
    true_positive_rate: float = Field(ge=0, le=1)
    false_positive_rate: float = Field(ge=0, le=1)


class Calibration(_Part):
    """Where the thresholds come from, so that they can be measured again."""

    dataset: str
    command: str
    measured_on: str = Field(description="Date, ISO 8601.")
    positive_pairs: int = Field(ge=1)
    negative_pairs: int = Field(ge=1)
    auc: float = Field(ge=0, le=1)
    auc_low: float = Field(ge=0, le=1, description="Lower end of the 95 % bootstrap interval.")
    auc_high: float = Field(ge=0, le=1)
    roc: tuple[RocPoint, ...]
    logistic_slope: float = Field(gt=0, description="P(same) = 1 / (1 + exp(−slope·(cosine − midpoint))).")
    logistic_midpoint: float = Field(ge=-1, le=1)


# Features must lead back to the model's own, for the raw cosine.
_LARGEST_NORM = 0.9999


class ModelCard(_Part):
    """Everything about one model version but its weights.

    A feature is: the class token after block ``feature_layer``, through the final norm if ``norm`` says so,
    minus ``centring``, damped by ``whitening``, divided by its length (``dino_inference.core.features``).
    """

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    source: str
    licence: str
    architecture: str
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    dimension: int = Field(ge=1)
    patch_size: int = Field(ge=1)
    register_tokens: int = Field(0, ge=0)
    layers: int = Field(ge=1, description="Blocks of the published model (stages of a ConvNeXt).")
    feature_layer: int | None = Field(default=None, ge=1, description="Block after which features are taken.")
    norm: Literal["final", "none"] = Field(default="final", description="The model's last layer norm, or none.")
    centring: Vector | None = Field(default=None, description="Mean vector that is subtracted before the L2 norm.")
    whitening: Rows | None = Field(
        default=None,
        description="(k, dimension): what changes in pictures of one subject; a feature x becomes x − BᵀBx.",
    )
    image: ImageSpec
    golden: Golden | None = None
    thresholds: Thresholds | None = None
    calibration: Calibration | None = None

    @model_validator(mode="after")
    def _shaped(self) -> ModelCard:
        if self.centring is not None and self.centring.shape != (self.dimension,):
            raise ValueError(f"centring has the shape {self.centring.shape}, not ({self.dimension},)")
        if self.whitening is not None and self.whitening.shape[1:] != (self.dimension,):
            raise ValueError(f"whitening has the shape {self.whitening.shape}, not (k, {self.dimension})")
        if self.whitening is not None and np.linalg.norm(self.whitening, 2) >= _LARGEST_NORM:
            raise ValueError("whitening takes a direction away altogether: its largest singular value must be below 1")
        return self

    @property
    def version(self) -> str:
        """``<name>@<12 hex>``: a hash over the weights and every field that changes a feature."""
        defining = self.model_dump(mode="json", include=set(_DEFINING))
        text = json.dumps(defining, sort_keys=True, separators=(",", ":"))
        return f"{self.name}@{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def patches(self) -> int:
        """Number of patch tokens of one picture."""
        height, width = self.image.input_size
        return (height // self.patch_size) * (width // self.patch_size)

    def save(self, path: Path) -> None:
        """Write the card as JSON, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f".{path.name}.new")
        staged.write_text(self.model_dump_json(indent=2) + "\n")
        staged.replace(path)

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card; raises pydantic's ValidationError when it is not one."""
        return cls.model_validate_json(path.read_text())


# What makes two features comparable; the rest of the card may change without a migration.
_DEFINING = ("weights_sha256", "architecture", "feature_layer", "norm", "centring", "whitening", "image")
