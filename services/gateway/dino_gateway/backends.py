"""Everything outside the process that the gateway talks to, opened together and closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.events import Events
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.live_config import LiveConfig
from dino_common.settings import Settings
from dino_common.stores.api_keys import ApiKeyStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.features import FeatureStore
from dino_common.stores.idempotency import IdempotencyStore
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo, ensure_indexes
from dino_common.stores.objects import Objects
from dino_common.stores.uploads import UploadStore
from dino_gateway.auth import Authenticator
from dino_gateway.idempotency import Idempotency
from dino_gateway.json_web_tokens import TokenVerifier
from dino_gateway.rate_limits import RateLimits
from dino_gateway.resource_thresholds import ResourceThresholds
from dino_gateway.service_status import ServiceStatuses
from dino_gateway.stats import Stats
from dino_gateway.webhooks.service import Webhooks


@dataclass
class Backends:
    """The open parts.

    Attributes:
        resource: where thresholds are set under an operator; None without one.
        draining: set once the process has been told to stop.
    """

    settings: Settings
    connection: Connection
    bus: BusClient
    events: Events
    config: LiveConfig
    queue: JobQueue
    mongo: Mongo
    cache: Cache
    objects: Objects
    limits: RateLimits
    stats: Stats
    statuses: ServiceStatuses
    auth: Authenticator
    idempotency: Idempotency
    assets: AssetStore
    features: FeatureStore
    jobs: JobStore
    uploads: UploadStore
    locks: ContentLock
    webhooks: Webhooks
    resource: ResourceThresholds | None = None
    draining: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def open_backends(settings: Settings, stats: Stats) -> AsyncIterator[Backends]:
    """Open everything.

    Raises:
        DinoError: a part is missing or not configured; the message names it and the fix.
    """
    tokens = TokenVerifier.from_settings(settings)
    async with AsyncExitStack() as stack:
        connection = Connection(settings, "gateway")
        await connection.open()
        stack.push_async_callback(connection.close)
        config = LiveConfig(connection)
        await config.start()
        stack.push_async_callback(config.stop)
        bus = BusClient(connection, serving=lambda: config.serving_key)
        await bus.start()
        stack.push_async_callback(bus.stop)
        events, queue = Events(connection), JobQueue(connection)
        await events.start()
        await queue.start()
        mongo = await Mongo.connect(settings)
        stack.push_async_callback(mongo.close)
        await ensure_indexes(mongo)
        objects = Objects(settings)
        stack.push_async_callback(objects.close)
        await objects.ensure_bucket()
        cache = Cache(settings)
        stack.push_async_callback(cache.close)
        limits = RateLimits(settings)
        stack.push_async_callback(limits.close)
        resource = None
        if settings.resource:
            resource = ResourceThresholds(settings.namespace, settings.resource, config)
            stack.push_async_callback(resource.close)
        jobs = JobStore(mongo)
        yield Backends(
            settings=settings,
            connection=connection,
            bus=bus,
            events=events,
            config=config,
            queue=queue,
            mongo=mongo,
            cache=cache,
            objects=objects,
            limits=limits,
            stats=stats,
            statuses=ServiceStatuses(bus, lambda: config.serving_key),
            auth=Authenticator(settings, ApiKeyStore(mongo), tokens),
            idempotency=Idempotency(IdempotencyStore(mongo)),
            assets=AssetStore(mongo),
            features=FeatureStore(mongo),
            jobs=jobs,
            uploads=UploadStore(mongo),
            locks=ContentLock(mongo),
            webhooks=Webhooks(settings, mongo, events, config, jobs),
            resource=resource,
        )
