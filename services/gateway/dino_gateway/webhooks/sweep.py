"""What repairs itself: ends of jobs that nobody was told of, and the list of events that webhooks want."""

from __future__ import annotations

import asyncio
import logging

from dino_common.bus.job_news import JobNews
from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.webhooks import Subscriptions
from dino_common.errors import DinoError
from dino_common.stores.jobs import JobStore
from dino_common.stores.webhooks import WebhookStore

log = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0
# A worker tells of its job within moments of storing the outcome.
_UNTOLD_SECONDS = 5.0


class Sweep:
    """Looks now and then; several gateways may do so at once."""

    def __init__(self, config: LiveConfig, webhooks: WebhookStore, jobs: JobStore, news: JobNews) -> None:
        """Use these parts."""
        self._config, self._webhooks, self._jobs, self._news = config, webhooks, jobs, news

    async def run(self) -> None:
        """Look every five seconds, for ever."""
        while True:
            try:
                await self.tell_of_jobs()
                await self.tell_what_is_wanted()
            except DinoError as error:
                log.info("webhooks are swept later: %s", error.message)
            except Exception:
                log.exception("the sweep for webhooks failed")
            await asyncio.sleep(_EVERY_SECONDS)

    async def tell_of_jobs(self) -> None:
        """Publish the ends of jobs whose worker stored them and could not tell."""
        for job in await self._jobs.untold(_UNTOLD_SECONDS):
            if not await self._news.tell(job):
                return
            log.info("the end of job %s was found and told", job.job_id)

    async def tell_what_is_wanted(self) -> None:
        """Bring the services' list of wanted events up to date.

        Raises:
            ServiceUnavailable: a store does not answer.
        """
        events = sorted({event for webhook in await self._webhooks.active() for event in webhook.events})
        if events != self._config.subscriptions.events:
            await self._config.set_subscriptions(Subscriptions(events=events))
