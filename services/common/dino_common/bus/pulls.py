"""Ending a pull subscription."""

from __future__ import annotations

import logging

import nats.errors
from nats.js import JetStreamContext

log = logging.getLogger(__name__)


async def unsubscribe(pull: JetStreamContext.PullSubscription) -> None:
    """Take the interest away from the server, so that it answers none of the requests still waiting there.

    A message that it sends to a consumer that has gone comes again only after the acknowledgement's time.
    """
    try:
        await pull.unsubscribe()
    except (nats.errors.Error, ValueError, OSError) as error:
        log.debug("a pull subscription ends with its connection: %r", error)
