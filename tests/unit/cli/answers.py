"""Answers of the platform for which the contract has no example, checked against its models."""

from __future__ import annotations

from typing import Any

from tests.unit.cli.stand_in import WHEN, checked

from dino_common.contracts.assets import EXAMPLE_ID, EXAMPLE_ID_2

MODEL = {"model": "m", "model_version": "m@1a2b3c4d5e6f", "processing_time": 0.01}
JOB_ID = "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11"

QUALITY = checked(
    "analyze-quality",
    {
        "asset_id": EXAMPLE_ID,
        "quality_score": 55.5,
        "quality_grade": "fair",
        "technical_metrics": {
            "sharpness": 0.5,
            "contrast": 0.25,
            "brightness": 1.0,
            "noise_level": 0.0,
            "exposure": 0.75,
            "compression": 0.1,
            "colorfulness": 0.3,
            "resolution": 0.9,
        },
        "recommendations": ["Use a tripod."],
        "diversity_score": 60.0,
        "feature_stats": {"mean": 0.0, "std": 0.05, "max": 0.2, "min": -0.2},
        "passes": False,
        "threshold": 70.0,
        "threshold_source": "default",
        **MODEL,
    },
)
SIMILAR = checked(
    "find-similar",
    {
        "asset_id": EXAMPLE_ID,
        "items": [
            {
                "asset_id": EXAMPLE_ID_2,
                "filename": "near.jpg",
                "content_type": "image/jpeg",
                "similarity_percentage": 91.0,
                "cosine_similarity": 0.91,
                "is_similar": True,
                "tags": ["hero"],
                "metadata": {},
                "upload_timestamp": WHEN,
            }
        ],
        "next_cursor": None,
        "threshold": 0.75,
        "threshold_source": "default",
        "indexed": 7,
        **MODEL,
    },
)
CONFIG = checked(
    "get-config",
    {
        "similarity_threshold": 0.75,
        "consistency_threshold": 41.0,
        "quality_threshold": 70.0,
        "sources": {"similarity": "default", "consistency": "model_card", "quality": "setting"},
        "categories": {},
        "limits": {
            "max_file_size_mb": 50,
            "max_batch_size": 100,
            "max_pixels": 100_000_000,
            "rate_default_per_minute": 100,
            "rate_upload_per_minute": 50,
            "rate_batch_per_minute": 10,
        },
        "revision": 3,
    },
)
_STORE = {"connected": True, "type": "MongoDB", "detail": None}
HEALTH = checked(
    "health",
    {
        "status": "degraded",
        "timestamp": WHEN,
        "version": "0.1.0",
        "gpu": {"available": False},
        "model": {"loaded": True, "name": "m", "device": "cpu", "version": "m@1a2b3c4d5e6f"},
        "database": _STORE,
        "cache": _STORE | {"connected": False, "type": "Redis", "detail": "Redis does not answer"},
        "object_storage": _STORE,
        "bus": _STORE,
        "services": {"inference": {"ready": True, "detail": None}},
    },
)
MODELS = checked(
    "models",
    {
        "items": [
            {
                "name": "m",
                "version": "m@1a2b3c4d5e6f",
                "serving": True,
                "dimension": 384,
                "patch_size": 14,
                "input_size": 224,
                "device": "cpu",
                "engine": "openvino",
                "precision": "fp32",
                "licence": "MIT",
                "source": "built-in",
                "similarity_threshold": 0.4,
                "consistency_threshold": 41.0,
                "calibration": None,
            }
        ]
    },
)


def job(status: str, fraction: float) -> dict[str, Any]:
    """Return a job as it stands."""
    return checked(
        "get-job",
        {
            "job_id": JOB_ID,
            "operation": "batch-analyze-quality",
            "status": status,
            "progress": {"stage": "judging", "done": int(10 * fraction), "total": 10, "fraction": fraction},
            "attempts": 1,
            "created_at": WHEN,
            "started_at": WHEN,
            "finished_at": WHEN if status == "succeeded" else None,
            "cancel_requested": False,
            "result": {"answer": 42} if status == "succeeded" else None,
            "error": None,
            "status_url": f"/api/v1/jobs/{JOB_ID}",
            "events_url": f"/api/v1/jobs/{JOB_ID}/events",
        },
    )
