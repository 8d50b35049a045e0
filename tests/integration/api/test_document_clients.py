"""Clients as users write them from the documents: plain requests in Python, plain fetch in JavaScript."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import requests
from tests.integration.main_path.photographs import SAME_PICTURE, jpeg, picture
from tests.integration.platform import Platform

SCRIPT = Path(__file__).with_name("fetch_client.mjs")

# Field names of the interfaces and examples that the documents print, by operation.
UPLOAD = {
    "asset_id", "filename", "content_type", "file_size", "public_url", "width", "height", "format",
    "upload_timestamp", "processing_status", "processing_time", "media_url", "metadata",
}  # fmt: skip
FEATURES = {
    "asset_id",
    "features",
    "features_extracted",
    "features_timestamp",
    "processing_time",
    "cached",
    "processing_status",
}
CONSISTENCY = {
    "asset_id_1", "asset_id_2", "same_character", "similarity_score", "confidence_level", "explanation",
    "cosine_similarity", "euclidean_distance", "processing_time", "reference_asset_id", "test_asset_id", "confidence",
}  # fmt: skip
QUALITY = {
    "asset_id", "quality_score", "quality_grade", "technical_metrics", "recommendations", "processing_time",
    "diversity_score", "feature_stats",
}  # fmt: skip
HEALTH = {"status", "timestamp", "version", "gpu", "model", "database", "cache"}


def write_pictures(directory: Path) -> tuple[Path, Path]:
    one, two = directory / "reference.jpg", directory / "test.jpg"
    one.write_bytes(jpeg("astronaut"))
    two.write_bytes(SAME_PICTURE["re-encoded"](picture("astronaut")))
    return one, two


def python_session(origin: str, one: Path, two: Path) -> dict:
    """Upload, extract, compare and judge with nothing but ``requests``."""
    api = f"{origin}/api/v1"
    answers: dict = {"uploads": []}
    ids = []
    for path in (one, two):
        with path.open("rb") as file:
            answers["uploads"].append(requests.post(f"{api}/upload-media", files={"file": file}, timeout=60).json())
        ids.append(answers["uploads"][-1]["asset_id"])
    for asset_id in ids:
        answers["features"] = requests.post(f"{api}/extract-features", json={"asset_id": asset_id}, timeout=60).json()
    answers["consistency"] = requests.post(
        f"{api}/validate-consistency", json={"asset_id_1": ids[0], "asset_id_2": ids[1]}, timeout=60
    ).json()
    answers["quality"] = requests.post(f"{api}/analyze-quality", json={"asset_id": ids[1]}, timeout=60).json()
    answers["best"] = requests.post(
        f"{api}/find-best-match", json={"reference_asset_id": ids[0], "candidate_asset_ids": ids[1:]}, timeout=60
    ).json()
    answers["matrix"] = requests.post(
        f"{api}/batch-similarity", json={"asset_ids": ids, "comparison_type": "all_pairs"}, timeout=60
    ).json()
    answers["health"] = requests.get(f"{api}/health", timeout=60).json()
    return answers


async def test_python_client_of_the_service_guide(platform: Platform, tmp_path: Path):
    answers = await asyncio.to_thread(python_session, platform.origin, *write_pictures(tmp_path))
    for uploaded in answers["uploads"]:
        assert set(uploaded) >= UPLOAD
        assert set(uploaded["metadata"]) >= {"filename", "size", "content_type", "upload_timestamp"}
    assert set(answers["features"]) >= FEATURES
    assert set(answers["consistency"]) >= CONSISTENCY
    assert answers["consistency"]["same_character"] is True
    assert f"{answers['consistency']['similarity_score']:.1f}"
    assert set(answers["quality"]) >= QUALITY
    assert set(answers["quality"]["technical_metrics"]) >= {"sharpness", "contrast", "brightness", "noise_level"}
    assert set(answers["quality"]["feature_stats"]) >= {"mean", "std", "max", "min"}
    assert set(answers["best"]["best_match"]) >= {
        "asset_id", "filename", "similarity_percentage", "cosine_similarity", "euclidean_distance",
    }  # fmt: skip
    assert {"candidates_processed", "ranked_results", "reference_asset_id"} <= set(answers["best"])
    assert answers["matrix"]["similarity_matrix"][0][0] == 1
    assert set(answers["health"]) >= HEALTH
    assert set(answers["health"]["model"]) >= {"loaded", "name", "device"}
    assert set(answers["health"]["gpu"]) >= {"available", "device_name", "memory_total", "memory_used", "memory_free"}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: apt-get install nodejs")
async def test_javascript_client_of_the_service_guide(platform: Platform, tmp_path: Path):
    one, two = write_pictures(tmp_path)
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), platform.origin, str(one), str(two),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    answers = json.loads(out)
    assert set(answers["upload"]) >= UPLOAD
    assert set(answers["features"]) >= FEATURES
    assert set(answers["consistency"]) >= CONSISTENCY
    assert answers["consistency"]["same_character"] is True


async def test_thresholds_are_set_as_the_guide_shows(platform: Platform):
    async with platform.client() as api:
        before = (await api.get("/config")).json()["similarity_threshold"]
        try:
            answer = await api.put("/config/similarity-threshold", json={"threshold": 0.66})
            assert answer.status_code == 200
            assert (await api.get("/config")).json()["similarity_threshold"] == 0.66
            assert (await api.put("/config/similarity-threshold", json={"threshold": 75})).status_code == 422
        finally:
            await api.put("/config/similarity-threshold", json={"threshold": None})
        assert (await api.get("/config")).json()["similarity_threshold"] == before
