"""The vector indexes of the library: one that answers, and beside it those of a candidate and of the version before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from dino_analytics.index.errors import IndexClosed, IndexFault, IndexUnavailable
from dino_analytics.index.factory import drop_index, open_index
from dino_analytics.index.interface import VectorIndex
from dino_analytics.look_again import Together
from dino_analytics.serving import ServingModel
from dino_analytics.version_index import VersionIndex
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, ASSET_UPDATED, FEATURES_STORED, Events
from dino_common.errors import ModelNotLoaded, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore

log = logging.getLogger(__name__)

# Events in work at once, and thereby how many may share a look.
_CONCURRENCY, _BATCH = 64, 64


class Library:
    """Open indexes by model version, one of them serving.

    Every event only names assets to look at again, so repeated, late or reordered events do no harm.
    """

    def __init__(self, settings: Settings, assets: AssetStore, features: FeatureStore) -> None:
        """Nothing is opened before ``follow``."""
        self._settings, self._assets, self._features = settings, assets, features
        self._open: dict[str, VersionIndex] = {}
        self._opening = asyncio.Lock()
        self._model: ServingModel | None = None
        self._wanted: ServingModel | None = None
        self.fault: str | None = None
        self._assets_again = Together(self._look_at_assets, _BATCH)
        self._features_again = Together(self._look_at_features, _BATCH)

    @property
    def model_version(self) -> str | None:
        """Version of the index that answers, or None."""
        return self._model.version if self._model else None

    @property
    def complete(self) -> bool:
        """Whether the index that answers was compared with the library."""
        return self._model is not None and self._open[self._model.version].compared

    @property
    def open_indexes(self) -> tuple[VersionIndex, ...]:
        """Every open index, the serving one first."""
        return tuple(sorted(self._open.values(), key=lambda entry: entry.model.version != self.model_version))

    def current(self) -> tuple[ServingModel, VectorIndex]:
        """Return the serving model and its index.

        Raises:
            ModelNotLoaded: no model is known yet.
        """
        if self._model is None:
            raise ModelNotLoaded("The library's index is not open yet: no serving model is known", retry_after=3)
        return self._model, self._open[self._model.version].index

    def of_version(self, version: str) -> tuple[ServingModel, VectorIndex] | None:
        """Return a version's model and index when it is open and complete, serving or not.

        Around a cut-over a client may bring features of the version that served a moment ago, or will in a moment.
        """
        entry = self._open.get(version)
        return None if entry is None or not entry.compared else (entry.model, entry.index)

    def switch(self, model: ServingModel) -> bool:
        """Let this model's index answer from now on, if it is open and complete; return whether it is."""
        entry = self._open.get(model.version)
        if entry is None or not entry.compared:
            return False
        entry.model = self._model = self._wanted = model
        return True

    async def follow(self, model: ServingModel) -> None:
        """Bring a model's index up to date and let it answer; the old one does until then.

        Raises:
            ServiceUnavailable: the index cannot be opened or written; ``fault`` says why.
        """
        self._wanted = model
        try:
            entry = await self._entry(model)
            await entry.reconcile()
            if self._wanted != model:
                return  # a cut-over came in between
            before = self._model
            self.switch(model)
            if before is not None and before.version != model.version:
                # What came between the look through the library and the exchange.
                await entry.reconcile()
        except IndexFault as error:
            self.fault = f"the vector index does not work: {error}"
            raise ServiceUnavailable(self.fault, retry_after=5) from error
        self.fault = None

    async def prepare(self, model: ServingModel) -> None:
        """Open the index of a model that does not serve and bring it up to date, beside the one that answers.

        Raises:
            ServiceUnavailable: it cannot be opened or written.
        """
        try:
            await (await self._entry(model)).reconcile()
        except IndexFault as error:
            raise ServiceUnavailable(f"the index of {model.version} does not work: {error}", retry_after=5) from error

    async def _entry(self, model: ServingModel) -> VersionIndex:
        async with self._opening:
            entry = self._open.get(model.version)
            if entry is None:
                index = await open_index(self._settings, model.version, model.dimension)
                entry = self._open[model.version] = VersionIndex(model, index, self._assets, self._features)
            entry.model = model  # its thresholds or its key may be others
            return entry

    async def keep(self, versions: Iterable[str]) -> None:
        """Close every index but those of these versions and the one that answers."""
        kept = {*versions, self.model_version}
        for version in [version for version in self._open if version not in kept]:
            log.info("closing the index of %s", version)
            await self._open.pop(version).index.close()

    async def drop(self, version: str) -> None:
        """Remove a version's index for good.

        Raises:
            ServiceUnavailable: it serves, or it cannot be removed now.
        """
        if version == self.model_version:
            raise ServiceUnavailable(f"{version} serves; its index is not removed")
        async with self._opening:
            try:
                if (entry := self._open.pop(version, None)) is not None:
                    await entry.index.close()
                await drop_index(self._settings, version)
            except IndexFault as error:
                raise ServiceUnavailable(f"the index of {version} is not removed: {error}", retry_after=10) from error
        log.info("removed the index of %s", version)

    def start(self, events: Events) -> None:
        """Follow uploads, changes, deletions and extracted features."""
        events.consume(
            "analytics-index",
            [ASSET_CREATED, ASSET_UPDATED, ASSET_DELETED, FEATURES_STORED],
            self._on_event,
            concurrency=_CONCURRENCY,
        )

    async def _on_event(self, kind: str, event: dict[str, Any]) -> None:
        self.current()
        if kind != FEATURES_STORED:
            await self._assets_again.do(event["asset_id"])
        elif event["model_version"] in self._open:
            await self._features_again.do((event["model_version"], event["sha256"]))

    async def _look_at_assets(self, asset_ids: list[str]) -> None:
        """Bring every open index to what the document store says of these assets."""
        found = await self._assets.get_many(asset_ids)
        gone = [asset_id for asset_id in asset_ids if asset_id not in found]
        pictures = [record for record in found.values() if record.kind == "image"]
        await self._look(self.open_indexes, pictures, gone)

    async def _look_at_features(self, stored: list[tuple[str, str]]) -> None:
        """Index the assets with contents whose features, (model version, content hash), were stored."""
        by_version: dict[str, list[str]] = {}
        for version, sha256 in stored:
            by_version.setdefault(version, []).append(sha256)
        for version, hashes in by_version.items():
            entry = self._open.get(version)
            if entry is not None:
                await self._look([entry], await self._assets.with_hashes(hashes, kind="image"), [])

    async def _look(self, entries: Iterable[VersionIndex], records: list[AssetRecord], gone: list[str]) -> None:
        """Look at assets again in these indexes. The serving one must take the change; another one is compared later.

        Raises:
            ServiceUnavailable: the serving index cannot be written now.
        """
        for entry in entries:
            try:
                if gone:
                    await entry.index.delete(gone)
                await entry.bring(records)
            except (IndexUnavailable, IndexClosed) as error:
                if entry.model.version == self.model_version:
                    raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
                entry.stale = True

    async def close(self) -> None:
        """Flush and close every index."""
        for entry in self._open.values():
            await entry.index.close()
