"""Run-time configuration in a NATS key-value bucket, watched by every service: thresholds, rollout, subscriptions."""

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
from dino_common.bus.live_value import LiveValue
from dino_common.bus.tasks import end
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.rollout import Rollout
from dino_common.contracts.webhooks import Subscriptions
from dino_common.errors import Conflict, ServiceUnavailable

log = logging.getLogger(__name__)

THRESHOLDS, ROLLOUT, SUBSCRIPTIONS = "thresholds", "rollout", "subscriptions"
_POLL_SECONDS = 5.0
_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)


async def open_bucket(connection: Connection) -> KeyValue:
    """Return the configuration bucket of a deployment, made when it is missing."""
    js, name = connection.jetstream(), connection.subjects.config_bucket
    try:
        return await js.key_value(name)
    except BucketNotFoundError:
        return await js.create_key_value(api.KeyValueConfig(bucket=name, history=10))


class LiveConfig:
    """Thresholds and rollout as last seen, and the way to change the thresholds.

    A watch brings a change within milliseconds; a poll every five seconds repairs a watch that was lost. A bucket
    that is lost takes the thresholds with it, but never the rollout: pods go on with the roles they had.
    """

    def __init__(self, connection: Connection) -> None:
        """Use the connection; ``start`` reads the bucket once."""
        self._connection = connection
        self._thresholds: LiveValue[Thresholds] = LiveValue(THRESHOLDS, Thresholds, Thresholds())
        self._rollout: LiveValue[Rollout | None] = LiveValue(ROLLOUT, Rollout, None)
        self._subscriptions: LiveValue[Subscriptions] = LiveValue(SUBSCRIPTIONS, Subscriptions, Subscriptions())
        self._values = {value.name: value for value in (self._thresholds, self._rollout, self._subscriptions)}
        self._tasks: list[asyncio.Task[None]] = []
        self._restart = asyncio.Event()
        self._waiting: set[asyncio.Event] = set()
        self._thresholds.on_change(self._wake)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds in force."""
        return self._thresholds.value

    @property
    def revision(self) -> int:
        """Revision of the thresholds; 0 where none are stored."""
        return self._thresholds.revision

    @property
    def rollout(self) -> Rollout | None:
        """The rollout in force; None where no operator runs the platform."""
        return self._rollout.value

    @property
    def subscriptions(self) -> Subscriptions:
        """The events that webhooks want, where they are published for webhooks alone."""
        return self._subscriptions.value

    @property
    def serving_key(self) -> str | None:
        """Key of the model version that serves; None where no operator runs the platform."""
        rollout = self._rollout.value
        return None if rollout is None else rollout.serving

    def on_rollout(self, callback: Callable[[Rollout | None], None]) -> None:
        """Run the callback in the moment in which another rollout comes into force; it must not wait."""
        self._rollout.on_change(callback)

    def on_thresholds(self, callback: Callable[[Thresholds], None]) -> None:
        """Run the callback in the moment in which other thresholds come into force; it must not wait."""
        self._thresholds.on_change(callback)

    async def thresholds_become(self, holds: Callable[[Thresholds], bool], seconds: float) -> bool:
        """Wait until a condition holds for the thresholds in force; return whether it came to."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(seconds):
                while not holds(self.thresholds):
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(changed)
        return True

    def _wake(self, _: Thresholds) -> None:
        for changed in self._waiting:
            changed.set()

    async def start(self) -> None:
        """Create the bucket when it is missing, read it and begin to watch."""
        await self._refresh()
        self._connection.on_reconnect(self._watch_anew)
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._poll())]

    async def _bucket(self) -> KeyValue:
        return await open_bucket(self._connection)

    async def _refresh(self) -> None:
        bucket = await self._bucket()
        for value in self._values.values():
            seen = value.revision
            try:
                entry = await bucket.get(value.name)
            except KeyNotFoundError:
                if seen and seen == value.revision:
                    self._gone(value)
                continue
            value.polled(entry.value, entry.revision, seen)

    def _gone(self, value: LiveValue) -> None:
        """Deal with a key that was deleted, or lost with the server's data."""
        if value is self._rollout:
            value.forget_revision()
            log.warning("no rollout is stored any more; the last one stays in force")
        else:
            value.reset()
            log.warning("no %s are stored any more; the defaults are in force", value.name)

    async def _watch_anew(self) -> None:
        self._restart.set()

    async def _watch(self) -> None:
        while True:
            self._restart.clear()
            try:
                watcher = await (await self._bucket()).watch(">")
                try:
                    while not self._restart.is_set():
                        try:
                            entry = await watcher.updates(timeout=1)
                        except (TimeoutError, nats.errors.TimeoutError):
                            continue
                        if entry is not None and entry.operation is None and entry.key in self._values:
                            self._values[entry.key].accept(entry.value, entry.revision)
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
                    entry = await bucket.get(THRESHOLDS)
                    current, last = self._read(entry.value), entry.revision
                except KeyNotFoundError:
                    current, last = Thresholds(), None
                data = edit(current).model_dump_json().encode()
                try:
                    if last:
                        revision = await bucket.update(THRESHOLDS, data, last=last)
                    else:
                        revision = await bucket.create(THRESHOLDS, data)
                except KeyWrongLastSequenceError:
                    continue
                self._thresholds.accept(data, revision)
                return
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error
        raise Conflict("The configuration was being changed by others; try again", retry_after=1)

    async def set_subscriptions(self, wanted: Subscriptions) -> None:
        """Store which events webhooks want.

        Raises:
            ServiceUnavailable: the bus does not answer.
        """
        data = wanted.model_dump_json().encode()
        try:
            revision = await (await self._bucket()).put(SUBSCRIPTIONS, data)
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error
        self._subscriptions.accept(data, revision)

    def _read(self, value: bytes | None) -> Thresholds:
        try:
            return Thresholds.model_validate_json(value or b"{}")
        except ValidationError:
            return self.thresholds  # those in force; a change is what repairs the stored ones

    async def stop(self) -> None:
        """Stop watching."""
        await end(self._tasks)
