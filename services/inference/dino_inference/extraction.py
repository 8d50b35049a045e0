"""From an asset to its features: cache, then document store, then the model; computed once per content."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from dino_common.bus.context import Context
from dino_common.bus.events import FEATURES_STORED, Events
from dino_common.errors import (
    AssetNotFound,
    DeadlineExceeded,
    DinoError,
    InvalidFileFormat,
    ProcessingFailed,
    ServiceUnavailable,
)
from dino_common.metrics import inference_metrics
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.features import FeatureRecord, FeatureStore
from dino_common.stores.mongo import utc_now
from dino_common.stores.objects import Objects
from dino_inference.batcher import Batcher, Result
from dino_inference.leftovers import Leftovers
from dino_inference.step_spans import trace_steps
from dino_inference.visual_model import VisualModel
from dino_inference.work_log import Work

log = logging.getLogger(__name__)

_TELL_AGAIN_SECONDS = (1, 2, 5, 10, 30, 60, 60)
Features = tuple[np.ndarray, datetime]


@dataclass(frozen=True, slots=True)
class Extracted:
    """Features of one asset.

    Attributes:
        vector: float32 (dimension,), L2-normalised.
        patches: float16 (patches, dimension) when asked for.
    """

    asset_id: str
    sha256: str
    vector: np.ndarray
    created_at: datetime
    cached: bool
    patches: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Stores:
    """What extraction reads and writes."""

    assets: AssetStore
    features: FeatureStore
    cache: Cache
    objects: Objects


@dataclass(frozen=True, slots=True)
class _Shared:
    """One computation for all who ask meanwhile.

    Attributes:
        features: done once computed.
        stored: done once stored too; its result is why they could not be, or None.
    """

    features: asyncio.Future[Features]
    stored: asyncio.Task[DinoError | None]


class Extractor:
    """Finds features or computes them; requests for the same content share one computation."""

    def __init__(
        self,
        settings: Settings,
        model: VisualModel,
        batcher: Batcher,
        stores: Stores,
        events: Events,
        leftovers: Leftovers,
    ) -> None:
        """Keep the parts; nothing runs yet."""
        self.model, self.batcher, self.stores = model, batcher, stores
        self._events, self._settings, self._leftovers = events, settings, leftovers
        self._shared: dict[str, _Shared] = {}
        self._storing: set[asyncio.Task[Any]] = set()
        self._metrics = inference_metrics()
        self.hits = self.misses = 0
        self.work = Work()

    async def one(self, asset_id: str, context: Context, *, patches: bool = False, force: bool = False) -> Extracted:
        """Return one asset's features.

        Raises:
            AssetNotFound, InvalidFileFormat (a film, or bytes that are no picture), DeadlineExceeded,
            ServiceUnavailable (queue full, store down), GpuMemoryError.
        """
        if patches or force:
            return await self._compute_for(await self.stores.assets.get(asset_id), context, patches=patches)
        outcome = (await self.many([asset_id], context))[0]
        if isinstance(outcome, DinoError):
            raise outcome
        return outcome

    async def many(
        self, asset_ids: Sequence[str], context: Context, *, durable: bool = False
    ) -> list[Extracted | DinoError]:
        """Return features or the error of each asset, in order.

        With ``durable`` the document store has every one of them on return: what only the cache knows is computed
        again, and a feature that could not be stored is an error.
        """
        if durable:
            kept = await self._beyond_cache(list(dict.fromkeys(asset_ids)), context, durable=True)
            return [kept[asset_id] for asset_id in asset_ids]
        began = time.perf_counter()
        version = self.model.version
        found: dict[str, Extracted | DinoError] = {}
        looked_up = await self.stores.cache.features_for(asset_ids, version)
        for asset_id, (ref, kept) in zip(asset_ids, looked_up, strict=True):
            if ref is not None and kept is not None:
                found[asset_id] = Extracted(asset_id, ref.sha256, kept.vector, kept.created_at, cached=True)
        if len(found) == len(set(asset_ids)):
            self._metrics.hit_seconds.record(time.perf_counter() - began)
        self._count(len(found), "redis")
        missing = [a for a in dict.fromkeys(asset_ids) if a not in found]
        if missing:
            found |= await self._beyond_cache(missing, context)
        return [found[asset_id] for asset_id in asset_ids]

    async def _beyond_cache(
        self, asset_ids: list[str], context: Context, *, durable: bool = False
    ) -> dict[str, Extracted | DinoError]:
        found: dict[str, Extracted | DinoError] = {}
        records = await self.stores.assets.get_many(asset_ids)
        stored = await self.stores.features.get_many(list({r.sha256 for r in records.values()}), self.model.version)
        todo: list[AssetRecord] = []
        for asset_id in asset_ids:
            record = records.get(asset_id)
            if record is None:
                found[asset_id] = AssetNotFound(f"Asset {asset_id} not found")
                continue
            await self.stores.cache.put_asset_ref(record, only_if_absent=True)
            features = stored.get(record.sha256)
            if features is not None:
                await self.stores.cache.put_features(
                    record.sha256, self.model.version, features.vector, features.created_at
                )
                found[asset_id] = Extracted(asset_id, record.sha256, features.vector, features.created_at, cached=True)
            else:
                todo.append(record)
        self._count(len(asset_ids) - len(todo), "mongodb")
        outcomes = await asyncio.gather(
            *(self._compute_for(record, context, durable=durable) for record in todo), return_exceptions=True
        )
        for record, outcome in zip(todo, outcomes, strict=True):
            if isinstance(outcome, DinoError | Extracted):
                found[record.asset_id] = outcome
            elif isinstance(outcome, Exception):
                log.error("extraction of %s failed", record.asset_id, exc_info=outcome)
                found[record.asset_id] = ProcessingFailed("Feature extraction failed")
            else:
                raise outcome
        return found

    def _count(self, hits: int, where: str) -> None:
        if hits:
            self.hits += hits
            self._metrics.cache.add(hits, {"outcome": "hit", "store": where})

    async def _compute_for(
        self, record: AssetRecord, context: Context, *, patches: bool = False, durable: bool = False
    ) -> Extracted:
        if record.kind != "image":
            raise InvalidFileFormat(
                f"Asset {record.asset_id} is a film",
                details="Extract features of pictures; films are analysed as shots.",
            )
        began = time.perf_counter()
        if patches:
            result = await self._forward(record, context, patches=True)
            self.work.of(context).computed(time.perf_counter() - began)
            now = utc_now()
            self._later(self._store(record, result, now))
            return Extracted(record.asset_id, record.sha256, result.vector, now, False, result.patches)
        try:
            async with asyncio.timeout(context.remaining()):
                vector, created_at = await self._computed(record, context, durable)
        except TimeoutError as error:
            raise DeadlineExceeded("the picture's features were not ready within the deadline") from error
        return Extracted(record.asset_id, record.sha256, vector, created_at, cached=False)

    async def _computed(self, record: AssetRecord, context: Context, durable: bool) -> Features:
        began = time.perf_counter()
        # Shielded: one impatient client must not cancel the work that others wait for.
        while True:
            shared = self._shared.get(record.sha256) or self._begin(record, context)
            try:
                features = await asyncio.shield(shared.features)
                break
            except DeadlineExceeded:
                # The deadline of whoever began it; ours may be later.
                context.check()
        self.work.of(context).computed(time.perf_counter() - began)
        if durable and (error := await asyncio.shield(shared.stored)) is not None:
            raise error
        return features

    def _begin(self, record: AssetRecord, context: Context) -> _Shared:
        features: asyncio.Future[Features] = asyncio.get_running_loop().create_future()
        # Looked at even when everybody has left, or asyncio complains of an error that nobody saw.
        features.add_done_callback(lambda done: done.cancelled() or done.exception())
        shared = _Shared(features, asyncio.create_task(self._compute(record, context, features)))
        self._shared[record.sha256] = shared
        self._storing.add(shared.stored)
        shared.stored.add_done_callback(self._storing.discard)
        return shared

    async def _compute(
        self, record: AssetRecord, context: Context, features: asyncio.Future[Features]
    ) -> DinoError | None:
        self.misses += 1
        self._metrics.cache.add(1, {"outcome": "miss", "store": "model"})
        try:
            result = await self._forward(record, context, patches=False)
            now = utc_now()
            features.set_result((result.vector, now))
            # Shared until it is stored: whoever asks in between finds it in no store.
            return await self._store(record, result, now)
        except Exception as error:
            if features.done():
                raise
            del self._shared[record.sha256]
            features.set_exception(error)
            return None
        finally:
            features.cancel()
            self._shared.pop(record.sha256, None)

    async def _forward(self, record: AssetRecord, context: Context, *, patches: bool) -> Result:
        cache, kind = self.stores.cache, self.model.preprocessing_id
        kept = await cache.get_preprocessed(record.sha256, kind)
        if kept is not None:
            pixels = np.frombuffer(kept, np.uint8).reshape(*self.model.input_size, 3)
            result = await self.batcher.submit_pixels(pixels, deadline=context.deadline, patches=patches)
        else:
            data = await cache.get_original(record.sha256)
            if data is None:
                limit = self._settings.max_picture_bytes
                data = await self.stores.objects.get_bytes(record.object_key, limit)
            result = await self.batcher.submit(data, deadline=context.deadline, patches=patches)
            self._later(cache.put_preprocessed(record.sha256, kind, result.pixels.tobytes()))
        trace_steps(result)
        return result

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, record: AssetRecord, result: Result, created_at: datetime) -> DinoError | None:
        """Write the features; return why they could not be, which only means that they are computed again."""
        version = self.model.version
        features = FeatureRecord(
            sha256=record.sha256,
            model=self.model.name,
            model_version=version,
            vector=result.vector,
            length=result.length,
            dimension=int(result.vector.shape[0]),
            created_at=created_at,
        )
        try:
            # Before the cache: found there, they pass for stored ones.
            await self.stores.features.put(features)
            await self.stores.cache.put_features(record.sha256, version, result.vector, created_at)
            await self.stores.cache.put_asset_ref(record, only_if_absent=True)
            if not await self._leftovers.clear(record.sha256):
                self._later(self._tell(record.sha256))
        except DinoError as error:
            log.warning("features of %s are not stored: %s", record.sha256[:12], error.message)
            return error
        return None

    async def _tell(self, sha256: str) -> None:
        """Say that features are stored; while the bus is down it is tried again."""
        event = {"sha256": sha256, "model_version": self.model.version}
        for pause in (*_TELL_AGAIN_SECONDS, None):
            try:
                await self._events.publish(FEATURES_STORED, event)
                return
            except ServiceUnavailable as error:
                if pause is None:
                    log.error("features of %s are not indexed before a restart: %s", sha256[:12], error.message)
                    return
                await asyncio.sleep(pause)

    async def settle(self) -> None:
        """Wait until everything computed is stored."""
        while self._storing:
            await asyncio.gather(*tuple(self._storing), return_exceptions=True)
