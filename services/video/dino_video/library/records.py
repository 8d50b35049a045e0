"""Between the REST surface's shots and the library's: what is kept of a request, and what is shown of a record."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import numpy as np

from dino_common.contracts.shot_library import (
    KEPT_EXTRAS,
    LibraryShot,
    Reason,
    ShotInput,
    StoreShotsRequest,
    SuggestedShot,
    SuggestShotsRequest,
)
from dino_common.stores.shots import ShotRecord
from dino_video.core.suggestions import Aspect, Aspects, plain_words
from dino_video.library.words import shot_text, technical_note

_NO_VECTOR = np.empty(0, np.float32)


def name_of(video_asset_id: str, shot: ShotInput) -> str:
    """Return a shot's name in the library; it follows from the film and the times in milliseconds."""
    span = f"{video_asset_id}:{round(shot.start_time * 1000)}:{round(shot.end_time * 1000)}"
    return f"shot_{hashlib.sha256(span.encode()).hexdigest()[:16]}"


def draft_of(request: StoreShotsRequest, shot: ShotInput) -> ShotRecord:
    """Return what is kept of a shot; its text is not embedded yet."""
    extra = shot.model_extra or {}
    scale, angle = shot.shot_scale or shot.camera_angle, shot.angle or "unknown"
    tags = list(dict.fromkeys([*request.manual_tags, *shot.tags]))
    text = shot_text(
        scale=scale,
        angle=angle,
        movement=shot.movement_type,
        tone=shot.emotional_tone,
        description=shot.description,
        scene_context=request.scene_context,
        notes=shot.technical_notes,
        tags=tags,
    )
    return ShotRecord(
        shot_id=name_of(request.video_asset_id, shot),
        video_asset_id=request.video_asset_id,
        number=shot.shot_id if isinstance(shot.shot_id, int) else None,
        start_time=shot.start_time,
        end_time=shot.end_time,
        movement_type=shot.movement_type,
        camera_angle=shot.camera_angle,
        shot_scale=scale,
        angle=angle,
        emotional_tone=shot.emotional_tone,
        technical_quality=shot.technical_quality,
        description=shot.description,
        technical_notes=shot.technical_notes,
        scene_context=request.scene_context,
        tags=tags,
        keyframe_asset_id=_keyframe(extra),
        text=text,
        text_model="",
        text_vector=_NO_VECTOR,
        analysis={name: extra[name] for name in KEPT_EXTRAS if name in extra},
    )


def _keyframe(extra: dict[str, Any]) -> str | None:
    frames = extra.get("keyframes")
    first = frames[0] if isinstance(frames, list) and frames else None
    found = first.get("asset_id") if isinstance(first, dict) else None
    try:
        return str(UUID(found)) if isinstance(found, str) else None
    except ValueError:
        return None  # the client's own name: no asset is called so


def shown(record: ShotRecord) -> LibraryShot:
    """Return a shot as lists show it."""
    return LibraryShot(
        shot_id=record.shot_id,
        video_asset_id=record.video_asset_id,
        number=record.number,
        start_time=record.start_time,
        end_time=record.end_time,
        duration=record.duration,
        movement_type=record.movement_type,
        camera_angle=record.camera_angle,
        shot_scale=record.shot_scale,
        angle=record.angle,
        emotional_tone=record.emotional_tone,
        technical_quality=record.technical_quality,
        description=record.description,
        technical_notes=record.technical_notes,
        scene_context=record.scene_context,
        tags=record.tags,
        keyframe_asset_id=record.keyframe_asset_id,
        stored_at=record.stored_at,
    )


def suggestion(record: ShotRecord, total: float, why: list[Reason]) -> SuggestedShot:
    """Return a shot as a suggestion shows it; ``total`` is 0–1."""
    note = technical_note(
        scale=record.shot_scale,
        angle=record.angle,
        movement=record.movement_type,
        quality=record.technical_quality,
        duration=record.duration,
        notes=record.technical_notes,
    )
    return SuggestedShot(
        shot_id=record.shot_id,
        video_asset_id=record.video_asset_id,
        movement_type=record.movement_type,
        emotional_tone=record.emotional_tone,
        similarity_score=round(min(1.0, max(0.0, total)), 4),
        tags=record.tags,
        technical_notes=note,
        camera_angle=record.camera_angle,
        start_time=record.start_time,
        end_time=record.end_time,
        keyframe_asset_id=record.keyframe_asset_id,
        reasons=why,
    )


def reasons(
    request: SuggestShotsRequest, aspects: Aspects, place: int, record: ShotRecord, labels: frozenset[str]
) -> list[Reason]:
    """Return what speaks for the shot at this place, strongest contribution first."""
    wanted = [tag for tag in request.desired_tags if plain_words(tag) in labels]
    said: dict[Aspect, str] = {
        "meaning": f'the scene\'s description and "{record.text[:120]}" mean alike',
        "emotional_tone": f"its tone is {record.emotional_tone}; wanted is {request.emotional_tone}",
        "genre": f"what is known of it against the genre {request.genre_context}",
        "tags": f"it has {', '.join(wanted) or 'none'} of the wanted tags",
    }
    found = [
        Reason(aspect=aspect, score=round(float(values[place]), 4), weight=aspects.weights[aspect], text=said[aspect])
        for aspect, values in aspects.scores.items()
    ]
    return sorted(found, key=lambda reason: reason.score * reason.weight, reverse=True)
