"""Changes of a gallery: which pictures it holds after some were added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dino_common.contracts.characters import GALLERY_LIMIT
from dino_common.errors import Conflict, InvalidRequest
from dino_common.stores.characters import GalleryEntry


def with_images(gallery: Sequence[GalleryEntry], added: Iterable[GalleryEntry]) -> tuple[GalleryEntry, ...]:
    """Return the gallery with pictures added; one whose asset is in it already keeps place and time.

    Raises:
        Conflict: an image id names another asset's picture.
        InvalidRequest: more pictures than a gallery holds.
    """
    by_asset = {entry.asset_id: entry for entry in gallery}
    for entry in added:
        before = by_asset.get(entry.asset_id)
        if before is not None:
            shot_type = before.shot_type if entry.shot_type is None else entry.shot_type
            # An id that was not given leaves the one of before.
            image_id = before.image_id if entry.image_id == entry.asset_id else entry.image_id
            entry = GalleryEntry(image_id, entry.asset_id, shot_type, before.added_at)
        by_asset[entry.asset_id] = entry
    if len(by_asset) > GALLERY_LIMIT:
        raise InvalidRequest(
            f"images: the gallery would hold {len(by_asset)} pictures; it may hold {GALLERY_LIMIT}",
            details="Take pictures out first.",
        )
    owners: dict[str, str] = {}
    for entry in by_asset.values():
        if owners.setdefault(entry.image_id, entry.asset_id) != entry.asset_id:
            raise Conflict(
                f"image_id {entry.image_id} names two pictures",
                details="Give each picture of a gallery an image_id of its own, or leave it out.",
            )
    return tuple(by_asset.values())


def without_image(gallery: Sequence[GalleryEntry], image_id: str) -> tuple[GalleryEntry, ...]:
    """Return the gallery without the picture of this image id or asset id; the image id is looked for first."""
    named = [entry for entry in gallery if entry.image_id == image_id]
    gone = named or [entry for entry in gallery if entry.asset_id == image_id]
    return tuple(entry for entry in gallery if entry not in gone)
