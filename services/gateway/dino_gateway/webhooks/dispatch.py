"""What is due is sent: some at once, few to each webhook, and fewer to one that fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter

from dino_common.bus.tasks import end
from dino_common.errors import DinoError, NotFound
from dino_common.metrics import webhook_metrics
from dino_common.stores.webhook_deliveries import DeliveryRecord, DeliveryStore
from dino_common.stores.webhooks import WebhookRecord, WebhookStore
from dino_gateway.webhooks.delivering import Delivering

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
_COUNT_EVERY = 10
_AT_ONCE, _TO_ONE, _TO_A_FAILING_ONE = 32, 4, 1


class Dispatch:
    """Takes due deliveries in hand; every gateway has one, and each delivery goes to whoever takes it first."""

    def __init__(
        self, webhooks: WebhookStore, deliveries: DeliveryStore, delivering: Delivering, wake: asyncio.Event
    ) -> None:
        """Use these parts; ``wake`` says that something new is due."""
        self._webhooks, self._deliveries, self._delivering, self._wake = webhooks, deliveries, delivering, wake
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._to: Counter[str] = Counter()

    async def run(self) -> None:
        """Send what is due, for ever."""
        rounds = 0
        while True:
            self._wake.clear()
            try:
                await self._round()
                if rounds % _COUNT_EVERY == 0:
                    webhook_metrics().pending.set(float(sum((await self._deliveries.waiting()).values())))
            except DinoError as error:
                log.info("due webhooks are looked for later: %s", error.message)
            except Exception:
                log.exception("due webhooks could not be looked for")
            rounds += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._wake.wait()

    async def stop(self, seconds: float) -> None:
        """Give the attempts under way some seconds; what is unfinished is made again by another process."""
        tasks = tuple(self._under_way.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        await end(tasks)

    async def _round(self) -> None:
        if len(self._under_way) >= _AT_ONCE:
            return
        due = list(await self._deliveries.due_webhooks())
        # No webhook is always first, and two gateways do not go through them in step.
        random.shuffle(due)
        for webhook_id in due:
            try:
                webhook = await self._webhooks.get(webhook_id)
            except NotFound:
                await self._deliveries.delete_of(webhook_id)  # it went while they were made
                continue
            most = _TO_ONE if webhook.failing_since is None else _TO_A_FAILING_ONE
            free = min(most - self._to[webhook_id], _AT_ONCE - len(self._under_way))
            if free <= 0:
                continue
            for delivery in await self._deliveries.due(webhook_id, free):
                if delivery.delivery_id not in self._under_way:
                    self._begin(webhook, delivery)

    def _begin(self, webhook: WebhookRecord, delivery: DeliveryRecord) -> None:
        task = asyncio.create_task(self._take(webhook, delivery))
        self._under_way[delivery.delivery_id] = task
        self._to[delivery.webhook_id] += 1

        def done(_: asyncio.Task[None]) -> None:
            self._under_way.pop(delivery.delivery_id, None)
            self._to[delivery.webhook_id] -= 1
            self._wake.set()  # its place is free

        task.add_done_callback(done)

    async def _take(self, webhook: WebhookRecord, due: DeliveryRecord) -> None:
        try:
            delivery = await self._deliveries.take(due, self._delivering.lease)
            if delivery is None:
                return  # another gateway has it
            if not webhook.active:
                await self._deliveries.give_up(delivery, "Not sent: the webhook is not active")
                return
            await self._delivering.attempt(webhook, delivery)
        except DinoError as error:
            log.info("delivery %s is made later: %s", due.delivery_id, error.message)
        except Exception:
            log.exception("delivery %s failed inside the gateway", due.delivery_id)
