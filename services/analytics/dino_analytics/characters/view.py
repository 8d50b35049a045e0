"""Characters as answers show them."""

from __future__ import annotations

from dino_common.contracts.characters import Character, CharacterSummary, CharacterThreshold, GalleryImage
from dino_common.stores.characters import CharacterRecord, GalleryEntry


def shown(record: CharacterRecord, model_version: str | None) -> Character:
    """Return a character whole, with the threshold that holds for a model version."""
    own = record.threshold(model_version or "")
    return Character(
        character_id=record.character_id,
        name=record.name,
        description=record.description,
        category=record.category,
        tags=record.tags,
        metadata=record.metadata,
        master_reference_asset_id=record.master_reference_asset_id,
        images=[_image(image) for image in record.images],
        consistency_threshold=own
        and CharacterThreshold(
            value=own.value,
            origin="calibrated" if own.origin == "calibrated" else "given",
            model_version=own.model_version,
            set_at=own.set_at,
        ),
        revision=record.revision,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def summary(record: CharacterRecord) -> CharacterSummary:
    """Return a character as a list shows it."""
    return CharacterSummary(
        character_id=record.character_id,
        name=record.name,
        category=record.category,
        tags=record.tags,
        master_reference_asset_id=record.master_reference_asset_id,
        image_count=len(record.images),
        revision=record.revision,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _image(entry: GalleryEntry) -> GalleryImage:
    return GalleryImage(
        image_id=entry.image_id, asset_id=entry.asset_id, shot_type=entry.shot_type, added_at=entry.added_at
    )
