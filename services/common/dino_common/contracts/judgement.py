"""Judgements on pictures: same character, quality, best match, similarity."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Matrix, Percent, Request, Response, Seconds, Unit
from .codes import ErrorCode
from .consistency_depth import ConsistencyDepth, PatchAgreement
from .operation import Operation, RateClass, Service

RAW_COSINE = "Before the card's centring and whitening; null for features that were stored without their length."

Category = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_\-]{0,63}$")]
ThresholdSource = Literal["request", "character", "category", "setting", "model_card", "default"]

# The example, and that one of the two pairs of names must be there whole.
PAIR_SCHEMA: JsonDict = {
    "examples": [{"asset_id_1": EXAMPLE_ID, "asset_id_2": EXAMPLE_ID_2}],
    "oneOf": [
        {"required": ["asset_id_1", "asset_id_2"]},
        {"required": ["reference_asset_id", "test_asset_id"]},
    ],
}


class AssetPair(Request):
    """Two assets, named in either of the documents' ways: one of the two pairs of fields, whole."""

    asset_id_1: AssetId | None = Field(default=None, description="The reference; with asset_id_2.")
    asset_id_2: AssetId | None = Field(default=None, description="The picture under test; with asset_id_1.")
    reference_asset_id: AssetId | None = Field(default=None, description="The reference; with test_asset_id.")
    test_asset_id: AssetId | None = Field(default=None, description="The test; with reference_asset_id.")

    @model_validator(mode="after")
    def _one_pair(self) -> Self:
        numbered = (self.asset_id_1, self.asset_id_2)
        named = (self.reference_asset_id, self.test_asset_id)
        if all(numbered) and not any(named):
            self.reference_asset_id, self.test_asset_id = numbered
        elif all(named) and not any(numbered):
            self.asset_id_1, self.asset_id_2 = named
        elif numbered != named or not all(numbered):
            raise ValueError("give asset_id_1 and asset_id_2, or reference_asset_id and test_asset_id")
        return self

    @property
    def pair(self) -> tuple[str, str]:
        """Reference and test."""
        return str(self.asset_id_1), str(self.asset_id_2)


class ValidateConsistencyRequest(AssetPair):
    """Do these two pictures show the same character or thing?"""

    model_config = ConfigDict(json_schema_extra=PAIR_SCHEMA)

    threshold: Percent | None = Field(default=None, description="0–100; overrides every configured threshold.")
    category: Category | None = Field(default=None, description="Named threshold set, such as electronics.")
    character_id: AssetId | None = Field(
        default=None, description="Whose own threshold and category hold where the request names none."
    )
    explain: bool = Field(
        default=False,
        description="Also look at the pictures: how far light and framing explain the difference, and a verdict on "
        "what remains. Takes about a second on a CPU.",
    )


class ValidateConsistencyResponse(Response):
    """The verdict and what it rests on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asset_id_1": EXAMPLE_ID,
                    "asset_id_2": EXAMPLE_ID_2,
                    "reference_asset_id": EXAMPLE_ID,
                    "test_asset_id": EXAMPLE_ID_2,
                    "same_character": True,
                    "similarity_score": 87.5,
                    "confidence": 0.93,
                    "confidence_level": "high",
                    "explanation": "Score 87.5 is above the threshold 41.0 (model_card).",
                    "cosine_similarity": 0.875,
                    "euclidean_distance": 0.5,
                    "threshold": 41.0,
                    "threshold_source": "model_card",
                    "model": "dinov2-vits14-focus",
                    "model_version": "dinov2-vits14-focus@1a2b3c4d5e6f",
                    "processing_time": 0.004,
                }
            ]
        }
    )

    asset_id_1: AssetId
    asset_id_2: AssetId
    reference_asset_id: AssetId
    test_asset_id: AssetId
    same_character: bool
    similarity_score: Percent = Field(description="100 × cosine of the features, clipped to 0–100, one decimal.")
    confidence: Unit = Field(description="Calibrated distance to the threshold: 0 at it, 1 far from it.")
    confidence_level: Literal["low", "medium", "high"]
    explanation: str
    cosine_similarity: Cosine
    euclidean_distance: float = Field(ge=0, le=2, description="Between the normalised features: √(2 − 2·cos).")
    threshold: Percent = Field(description="The consistency threshold in force, 0–100.")
    threshold_source: ThresholdSource
    model: str
    model_version: str
    processing_time: Seconds
    raw_cosine_similarity: Cosine | None = Field(default=None, description=f"With `explain` alone. {RAW_COSINE}")
    depth: ConsistencyDepth | None = Field(default=None, description="With `explain` alone.")


class AnalyzeQualityRequest(Request):
    """Which picture to judge."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID}]})

    asset_id: AssetId
    category: Category | None = Field(default=None, description="Named threshold set, such as electronics.")


class TechnicalMetrics(Response):
    """Technical metrics, each 0–1; how each is computed stands in docs/quality.md."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    sharpness: Unit = Field(description="1 is crisp.")
    contrast: Unit = Field(description="1 is full tonal range.")
    brightness: Unit = Field(description="Mean lightness; neither end is good.")
    noise_level: Unit = Field(description="0 is clean; higher is noisier.")
    exposure: Unit = Field(description="1 is well exposed.")
    compression: Unit = Field(description="0 shows no compression artefacts; higher is worse.")
    colorfulness: Unit = Field(description="0 is grey.")
    resolution: Unit = Field(description="1 from about two megapixels.")


class FeatureStats(Response):
    """Statistics of the feature vector's entries."""

    mean: float
    std: float
    max: float
    min: float


class AnalyzeQualityResponse(Response):
    """Quality of a picture."""

    asset_id: AssetId
    quality_score: Percent
    quality_grade: Literal["poor", "fair", "good", "high", "excellent"]
    technical_metrics: TechnicalMetrics
    recommendations: list[str]
    diversity_score: Percent = Field(description="How evenly the features spread their energy, 0–100.")
    feature_stats: FeatureStats
    passes: bool = Field(description="Whether the score reaches the quality threshold in force.")
    threshold: Percent
    threshold_source: ThresholdSource
    model: str
    model_version: str
    processing_time: Seconds


class FindBestMatchRequest(Request):
    """Which of the candidates is most like the reference?"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reference_asset_id": EXAMPLE_ID, "candidate_asset_ids": [EXAMPLE_ID_2]}]}
    )

    reference_asset_id: AssetId
    candidate_asset_ids: list[AssetId] = Field(min_length=1, description="Up to MAX_BATCH_SIZE ids.")


class Match(Response):
    """A candidate and how alike it is."""

    asset_id: AssetId
    filename: str
    similarity_percentage: Percent
    cosine_similarity: Cosine
    euclidean_distance: float = Field(ge=0, le=2)
    rank: int = Field(ge=1)


class FindBestMatchResponse(Response):
    """Candidates from most to least alike."""

    reference_asset_id: AssetId
    candidates_processed: int = Field(ge=0)
    best_match: Match
    ranked_results: list[Match]
    model: str
    model_version: str
    processing_time: Seconds


class BatchSimilarityRequest(Request):
    """Assets to compare with each other."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2], "comparison_type": "all_pairs"}]}
    )

    asset_ids: list[AssetId] = Field(min_length=2, description="Up to MAX_BATCH_SIZE ids.")
    comparison_type: Literal["all_pairs", "one_to_many"] = Field(
        default="all_pairs", description="Every pair, or the first against all (a matrix of one row)."
    )


class BatchSimilarityResponse(Response):
    """Cosine of every pair, in the order of asset_ids."""

    similarity_matrix: Matrix
    asset_ids: list[AssetId]
    comparison_type: str
    model: str
    model_version: str
    processing_time: Seconds


class CalculateSimilarityRequest(AssetPair):
    """Two assets to compare."""

    model_config = ConfigDict(json_schema_extra=PAIR_SCHEMA)

    patches: bool = Field(
        default=True,
        description="False leaves patch_agreement and raw_cosine_similarity out: only stored features are read.",
    )


class CalculateSimilarityResponse(Response):
    """How alike two pictures are."""

    asset_id_1: AssetId
    asset_id_2: AssetId
    similarity_score: Percent
    cosine_similarity: Cosine = Field(description="Of the features, moved by the model card's statistics.")
    raw_cosine_similarity: Cosine | None = Field(description=f"With `patches` alone. {RAW_COSINE}")
    euclidean_distance: float = Field(ge=0, le=2)
    patch_agreement: PatchAgreement | None = Field(description="Null when it was not asked for.")
    is_similar: bool = Field(description="Whether the cosine reaches the similarity threshold in force.")
    threshold: Unit
    threshold_source: ThresholdSource
    model: str
    model_version: str
    processing_time: Seconds


JUDGEMENT_ERRORS = (
    ErrorCode.ASSET_NOT_FOUND,
    ErrorCode.INVALID_FILE_FORMAT,
    ErrorCode.MODEL_NOT_LOADED,
    ErrorCode.GPU_MEMORY_ERROR,
    # The model changed during the request, and not by the operator's hand.
    ErrorCode.CONFLICT,
)


def _analytics(name: str, request: type[Request], response: type[Response], **more: Any) -> Operation:
    return Operation(
        name=name,
        service=more.pop("service", Service.ANALYTICS),
        method="POST",
        path=f"/{name}",
        request=request,
        response=response,
        tag="judgement",
        timeout_s=more.pop("timeout_s", 60),
        errors=more.pop("errors", JUDGEMENT_ERRORS),
        **more,
    )


OPERATIONS = (
    _analytics(
        "validate-consistency",
        ValidateConsistencyRequest,
        ValidateConsistencyResponse,
        summary="Do two pictures show the same character?",
        description="Compares the features with the consistency threshold in force, which the answer names.",
        errors=(*JUDGEMENT_ERRORS, ErrorCode.NOT_FOUND),
    ),
    _analytics(
        "analyze-quality",
        AnalyzeQualityRequest,
        AnalyzeQualityResponse,
        summary="How good is a picture technically?",
    ),
    _analytics(
        "find-best-match",
        FindBestMatchRequest,
        FindBestMatchResponse,
        summary="Rank candidates by likeness to a reference",
    ),
    _analytics(
        "batch-similarity",
        BatchSimilarityRequest,
        BatchSimilarityResponse,
        summary="Similarity matrix of many pictures",
        rate=RateClass.BATCH,
        timeout_s=120,
    ),
    _analytics(
        "calculate-similarity",
        CalculateSimilarityRequest,
        CalculateSimilarityResponse,
        summary="How alike are two pictures?",
    ),
)
