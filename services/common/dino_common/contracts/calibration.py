"""Calibration: which threshold tells same from different for pictures of one's own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Percent, Request, Response, Seconds, Unit
from .codes import ErrorCode
from .judgement import Category
from .operation import Operation, RateClass, Scope, Service

FEWEST_OF_A_KIND = 5
MOST_PAIRS = 5000

_EXAMPLE: JsonDict = {
    "examples": [
        {
            "pairs": [
                {"asset_id_1": EXAMPLE_ID, "asset_id_2": EXAMPLE_ID_2, "same": same}
                for same in (True, False)
                for _ in range(5)
            ],
            "target": "equal_error",
        }
    ]
}


class LabelledPair(Request):
    """Two pictures and whether they show the same."""

    asset_id_1: AssetId
    asset_id_2: AssetId
    same: bool


class CalibrateThresholdRequest(Request):
    """Labelled pairs and what the threshold is to achieve."""

    model_config = ConfigDict(json_schema_extra=_EXAMPLE)

    pairs: Annotated[list[LabelledPair], Field(min_length=1, max_length=MOST_PAIRS)] = Field(
        description=f"At least {FEWEST_OF_A_KIND} of the same and {FEWEST_OF_A_KIND} of different; more for small "
        "target rates.",
    )
    target: Literal["false_positive_rate", "false_negative_rate", "equal_error", "accuracy"] = Field(
        default="equal_error",
        description="At most this share of different pairs pass; at most this share of same pairs fail; both rates "
        "alike; or the fewest errors, both kinds weighing the same.",
    )
    rate: float | None = Field(default=None, gt=0, lt=0.5, description="The target rate; needed for the first two.")
    character_id: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="Store the threshold on this character."
    )
    category: Category | None = Field(
        default=None, description="Store the threshold on this category; needs the scope admin."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.target in ("false_positive_rate", "false_negative_rate") and self.rate is None:
            raise ValueError(f"the target {self.target} needs a rate")
        if self.target in ("equal_error", "accuracy") and self.rate is not None:
            raise ValueError(f"the target {self.target} takes no rate")
        if self.character_id is not None and self.category is not None:
            raise ValueError("store on a character or on a category, not both")
        if any(pair.asset_id_1 == pair.asset_id_2 for pair in self.pairs):
            raise ValueError("a pair of one asset with itself says nothing")
        return self


class Interval(Response):
    """95 % of the resamplings lie within."""

    low: float
    high: float


class RocPoint(Response):
    """Rates at one threshold."""

    threshold: Percent
    true_positive_rate: Unit
    false_positive_rate: Unit


class ErrorRates(Response):
    """Shares of pairs judged wrong."""

    false_positive_rate: Unit = Field(description="Different pairs that pass.")
    false_negative_rate: Unit = Field(description="Same pairs that fail.")
    accuracy: Unit


class CalibrateThresholdResponse(Response):
    """The threshold and what to expect of it."""

    threshold: Percent = Field(description="Similarity score, 0–100, from which a pair passes.")
    threshold_interval: Interval
    target: str
    rate: float | None
    target_met: bool = Field(description="Whether the threshold reaches the target on the pairs given.")
    on_pairs: ErrorRates = Field(description="On the pairs that it was chosen by: too good to be expected.")
    expected: ErrorRates = Field(
        description="On pairs left out in turn: 5 folds, without common pictures where possible."
    )
    false_positive_interval: Interval = Field(description="Wilson's, of the expected rate.")
    false_negative_interval: Interval = Field(description="Wilson's, of the expected rate.")
    before: ErrorRates = Field(description="On the same pairs, with the threshold that was in force before.")
    threshold_before: Percent
    auc: Unit = Field(description="Chance that a same pair scores above a different one.")
    auc_interval: Interval = Field(description="By resampling pictures, as pairs that share one are not independent.")
    roc: list[RocPoint] = Field(description="At most 200 points.")
    same_pairs: int
    different_pairs: int
    assets: int
    stored_on: str | None = Field(description="character:<id> or category:<name>, or null.")
    notes: list[str] = Field(description="What to know before trusting it.")
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="calibrate-threshold",
        service=Service.ANALYTICS,
        method="POST",
        path="/calibrate-threshold",
        request=CalibrateThresholdRequest,
        response=CalibrateThresholdResponse,
        tag="sets",
        summary="The consistency threshold that labelled pairs ask for",
        description="Scores labelled pairs, chooses the threshold for the target, and says with which errors to "
        "reckon. Thresholds belong to a model version: calibrate again after a change of model.",
        rate=RateClass.BATCH,
        scope=Scope.WRITE,
        field_scopes=(("category", Scope.ADMIN),),
        timeout_s=300,
        errors=(
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
            ErrorCode.CONFLICT,
        ),
    ),
)
