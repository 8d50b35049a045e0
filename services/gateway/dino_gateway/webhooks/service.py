"""The parts of webhooks in one process, and what runs in the background for them."""

from __future__ import annotations

import asyncio
import logging

from dino_common.bus.events import Consumption, Events
from dino_common.bus.job_news import JobNews
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.tasks import end
from dino_common.errors import DinoError
from dino_common.settings import Settings
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo
from dino_common.stores.webhook_deliveries import DeliveryStore
from dino_common.stores.webhooks import WebhookStore
from dino_gateway.webhooks.book import Book
from dino_gateway.webhooks.delivering import Delivering
from dino_gateway.webhooks.dispatch import Dispatch
from dino_gateway.webhooks.intake import Intake
from dino_gateway.webhooks.payloads import KINDS
from dino_gateway.webhooks.sealing import Seal
from dino_gateway.webhooks.sending import Sender
from dino_gateway.webhooks.sweep import Sweep
from dino_gateway.webhooks.targets import Targets

log = logging.getLogger(__name__)

_AT_ONCE = 8


class Webhooks:
    """Everything about webhooks that lives as long as the process."""

    def __init__(self, settings: Settings, mongo: Mongo, events: Events, config: LiveConfig, jobs: JobStore) -> None:
        """Build the parts; nothing runs before ``start``.

        Raises:
            InvalidRequest: a key of DINO_WEBHOOK_SECRET_KEYS is too short.
        """
        keys = settings.webhook_secret_keys
        self.settings = settings
        self.seal = Seal(keys.get_secret_value() if keys else "")
        self.store, self.deliveries = WebhookStore(mongo), DeliveryStore(mongo)
        self.targets = Targets(settings.webhook_allow_private)
        self.news = JobNews(events, jobs)
        self.wake = asyncio.Event()
        self._sender = Sender(self.targets, settings.webhook_timeout)
        self.delivering = Delivering(settings, self.store, self.deliveries, self.seal, self._sender)
        self._events, self._book = events, Book(self.store)
        self._intake = Intake(settings, self._book, self.deliveries, self.wake)
        self._dispatch = Dispatch(self.store, self.deliveries, self.delivering, self.wake)
        self._sweep = Sweep(config, self.store, jobs, self.news)
        self._consumption: Consumption | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take events, to send what is due and to sweep."""
        if not self.seal.seals:
            log.info("DINO_WEBHOOK_SECRET_KEYS is not set: secrets of webhooks lie in MongoDB as they are")
        self._consumption = self._events.consume("webhooks", list(KINDS), self._intake.on_event, concurrency=_AT_ONCE)
        self._tasks = [asyncio.create_task(work()) for work in (self._dispatch.run, self._sweep.run)]

    async def changed(self) -> None:
        """Follow a change that this process has made to a webhook."""
        self._book.forget()
        try:
            await self._sweep.tell_what_is_wanted()
        except DinoError as error:
            log.info("what webhooks want is told later: %s", error.message)

    async def stop(self, seconds: float) -> None:
        """Take nothing new, give the attempts under way some seconds, and close."""
        if self._consumption is not None:
            await self._consumption.stop(seconds)
        await end(self._tasks)
        await self._dispatch.stop(seconds)
        await self._sender.close()
        self.targets.close()
