"""Run-time configuration in a NATS key-value bucket, watched by every service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import nats.errors
from nats.js import api
from nats.js.errors import APIError, BucketNotFoundError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue
from pydantic import ValidationError

from dino_common.bus.connection import Connection
from dino_common.bus.tasks import end
from dino_common.contracts.configuration import Thresholds
from dino_common.errors import Conflict, ServiceUnavailable

log = logging.getLogger(__name__)

_KEY = "thresholds"
_POLL_SECONDS = 5.0
_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)


class LiveConfig:
    """The thresholds as last seen, and the way to change them.

    A watch brings a change within milliseconds; a poll every five seconds repairs a watch that was lost.
    """

    def __init__(self, connection: Connection) -> None:
        """Use the connection; ``start`` reads the bucket once."""
        self._connection = connection
        self.thresholds = Thresholds()
        self.revision = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._restart = asyncio.Event()

    async def start(self) -> None:
        """Create the bucket when it is missing, read it and begin to watch."""
        await self._refresh()
        self._connection.on_reconnect(self._watch_anew)
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._poll())]

    async def _bucket(self) -> KeyValue:
        js = self._connection.jetstream()
        name = self._connection.subjects.config_bucket
        try:
            return await js.key_value(name)
        except BucketNotFoundError:
            return await js.create_key_value(api.KeyValueConfig(bucket=name, history=10))

    async def _refresh(self) -> None:
        seen = self.revision
        try:
            entry = await (await self._bucket()).get(_KEY)
        except KeyNotFoundError:
            if seen and seen == self.revision:
                # Deleted, or lost with the server's data: what a process that starts now would read.
                self.thresholds, self.revision = Thresholds(), 0
                log.warning("no thresholds are stored any more; the defaults are in force")
            return
        self._accept(entry.value, entry.revision)

    def _accept(self, value: bytes | None, revision: int | None) -> None:
        if not value or revision is None or revision <= self.revision:
            return
        try:
            self.thresholds = Thresholds.model_validate_json(value)
        except ValidationError as error:
            log.error("the stored thresholds are not valid and are ignored: %s", error)
            return
        self.revision = revision
        log.info("thresholds of revision %d are in force", revision)

    async def _watch_anew(self) -> None:
        self._restart.set()

    async def _watch(self) -> None:
        while True:
            self._restart.clear()
            try:
                watcher = await (await self._bucket()).watch(_KEY)
                try:
                    while not self._restart.is_set():
                        try:
                            entry = await watcher.updates(timeout=1)
                        except (TimeoutError, nats.errors.TimeoutError):
                            continue
                        if entry is not None:
                            self._accept(entry.value, entry.revision)
                finally:
                    await watcher.stop()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("watching the configuration again after: %r", error)
                await asyncio.sleep(0.5)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                await self._refresh()
            except _TRANSIENT as error:
                log.debug("configuration poll: %r", error)

    async def change(self, edit: Callable[[Thresholds], Thresholds]) -> None:
        """Apply an edit to the stored thresholds; two edits at once are both kept.

        Raises:
            ServiceUnavailable: the bus does not answer.
            Conflict: others changed the configuration at each of several tries.
        """
        try:
            for _ in range(10):
                bucket = await self._bucket()
                try:
                    entry = await bucket.get(_KEY)
                    current, last = self._read(entry.value), entry.revision
                except KeyNotFoundError:
                    current, last = Thresholds(), None
                data = edit(current).model_dump_json().encode()
                try:
                    revision = await bucket.update(_KEY, data, last=last) if last else await bucket.create(_KEY, data)
                except KeyWrongLastSequenceError:
                    continue
                self._accept(data, revision)
                return
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error
        raise Conflict("The configuration was being changed by others; try again", retry_after=1)

    def _read(self, value: bytes | None) -> Thresholds:
        try:
            return Thresholds.model_validate_json(value or b"{}")
        except ValidationError:
            return self.thresholds  # those in force; a change is what repairs the stored ones

    async def stop(self) -> None:
        """Stop watching."""
        await end(self._tasks)
