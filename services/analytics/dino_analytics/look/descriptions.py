"""Descriptions, made once for every content and model version."""

from __future__ import annotations

import logging
from typing import Any

from dino_analytics.core.look.description import METHOD, describe
from dino_analytics.core.look.paragraph import paragraph
from dino_analytics.dense import Looked
from dino_analytics.look.eyes import Eyes
from dino_analytics.look.forms import fields_of
from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_DELETED, DESCRIPTION_STORED, Consumption, Events
from dino_common.contracts.look import VisualFields
from dino_common.look.people import People
from dino_common.stores.assets import AssetStore
from dino_common.stores.descriptions import DescriptionRecord, DescriptionStore

log = logging.getLogger(__name__)


class Descriptions:
    """Reads kept descriptions and makes missing ones; those of contents that are gone are removed."""

    def __init__(self, store: DescriptionStore, assets: AssetStore, eyes: Eyes, events: Events) -> None:
        """Use these."""
        self._store, self._assets, self._eyes, self._events = store, assets, eyes, events
        self._consumption: Consumption | None = None

    async def of(self, looked: Looked, model_version: str, context: Context) -> tuple[VisualFields, str, bool]:
        """Return the fields, the paragraph, and whether both were kept.

        Raises:
            ServiceUnavailable: MongoDB or the bus does not answer.
        """
        sha256 = looked.record.sha256
        detector = await self._eyes.detector(context)
        kept = await self._store.get(sha256, model_version)
        if kept is not None and _serves(kept.method, detector):
            return VisualFields(**kept.fields), kept.text, True
        people = await self._eyes.people(looked.picture, context)
        if people is None and kept is not None and _serves(kept.method, None):
            return VisualFields(**kept.fields), kept.text, True  # the detector went away meanwhile
        fields, text = await self._eyes.work(_made, looked, people)
        method = _method(None if people is None else detector)
        record = DescriptionRecord(sha256, model_version, method, text, fields.model_dump(mode="json"))
        await self._store.put(record)
        if not await self._assets.count_with_hash(sha256):
            await self._store.delete(sha256)  # deleted while it was described
        else:
            await self._events.publish(DESCRIPTION_STORED, {"sha256": sha256, "model_version": model_version})
        return fields, text, False

    async def start(self) -> None:
        """Follow deletions."""
        self._consumption = self._events.consume("analytics-descriptions", [ASSET_DELETED], self._forget)

    async def stop(self) -> None:
        """Follow no more."""
        if self._consumption is not None:
            await self._consumption.stop()

    async def _forget(self, kind: str, event: dict[str, Any]) -> None:
        sha256 = event["sha256"]
        if not await self._assets.count_with_hash(sha256):
            await self._store.delete(sha256)


def _method(detector: str | None) -> str:
    """How a picture is described; a detector makes other descriptions."""
    return f"{METHOD}+{detector}" if detector else METHOD


def _serves(method: str, detector: str | None) -> bool:
    """Whether what was described so is answered; while no detector is there, one that was sees more than none."""
    return method == _method(detector) or (detector is None and method.startswith(f"{METHOD}+"))


def _made(looked: Looked, people: People | None) -> tuple[VisualFields, str]:
    look = describe(looked.picture, looked.patches, people)
    return fields_of(look), paragraph(look)
