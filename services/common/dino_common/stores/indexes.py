"""Indexes of every collection, each for the query that needs it."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel


def _expiry(field: str) -> IndexModel:
    return IndexModel([(field, ASCENDING)], expireAfterSeconds=0)


INDEXES: dict[str, list[IndexModel]] = {
    "assets": [
        IndexModel([("upload_timestamp", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("kind", ASCENDING), ("upload_timestamp", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("tags", ASCENDING), ("upload_timestamp", DESCENDING)]),
        IndexModel([("sha256", ASCENDING), ("upload_timestamp", ASCENDING)]),
        IndexModel([("derived_from", ASCENDING)], sparse=True),
    ],
    "features": [
        IndexModel([("sha256", ASCENDING)]),
        IndexModel([("model_version", ASCENDING), ("_id", ASCENDING)]),
    ],
    "jobs": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("status", ASCENDING), ("created_at", DESCENDING)]),
        IndexModel([("operation", ASCENDING), ("created_at", DESCENDING)]),
        # Only of jobs whose end is still to be told.
        IndexModel([("untold", ASCENDING)], sparse=True),
        _expiry("expires_at"),
    ],
    "webhooks": [IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)])],
    "webhook_deliveries": [
        # Only of those that are pending.
        IndexModel([("due_at", ASCENDING)], sparse=True),
        IndexModel([("webhook_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("status", ASCENDING), ("webhook_id", ASCENDING)]),
        _expiry("expires_at"),
    ],
    "idempotency": [_expiry("expires_at")],
    "uploads": [IndexModel([("expires_at", ASCENDING)]), _expiry("purge_at")],
    "shots": [
        IndexModel([("stored_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("video_asset_id", ASCENDING), ("stored_at", DESCENDING)]),
        IndexModel([("tags", ASCENDING), ("stored_at", DESCENDING)]),
    ],
    "characters": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("images.asset_id", ASCENDING)]),
        IndexModel([("master_reference_asset_id", ASCENDING)]),
    ],
    "character_verdicts": [
        IndexModel([("character_id", ASCENDING), ("judged_at", DESCENDING), ("_id", DESCENDING)]),
        _expiry("expires_at"),
    ],
    "descriptions": [IndexModel([("sha256", ASCENDING)])],
    "analyses": [
        IndexModel([("video_asset_id", ASCENDING)]),
        # Only of those that a crash left half made.
        IndexModel([("unsettled", ASCENDING)], sparse=True),
    ],
    "analyzed_shots": [
        IndexModel([("video_asset_id", ASCENDING), ("analysis_id", ASCENDING), ("number", ASCENDING)]),
        _expiry("expires_at"),
    ],
    "set_results": [_expiry("expires_at")],
    "cluster_labels": [_expiry("expires_at")],
    "content_locks": [_expiry("expires_at")],
}
