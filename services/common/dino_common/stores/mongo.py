"""The connection to MongoDB: bounded waits, writes that survive a kill, and errors in the platform's words."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pymongo import AsyncMongoClient, monitoring
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidURI, OperationFailure, PyMongoError

from dino_common.errors import ServiceUnavailable
from dino_common.metrics import store_metrics
from dino_common.settings import Settings
from dino_common.stores.indexes import INDEXES

log = logging.getLogger(__name__)

SCHEMA = 1
DEFAULT_DATABASE = "dinov3_db"
RETRY_AFTER = 2.0
_INDEX_ATTEMPTS = 5

# Used where the URL does not say otherwise. A write counts once a majority has it in its journal: without
# that a killed server loses what it had acknowledged.
_OPTIONS: dict[str, Any] = {
    "serverSelectionTimeoutMS": 3000,
    "connectTimeoutMS": 3000,
    "socketTimeoutMS": 15_000,
    "waitQueueTimeoutMS": 5000,
    "maxPoolSize": 64,
    "w": "majority",
    "journal": True,
    "appname": "dinov3-platform",
}
_REFUSED = frozenset({13, 18, 8000})  # Unauthorized, AuthenticationFailed, AtlasError

P = ParamSpec("P")
R = TypeVar("R")


def utc_now() -> datetime:
    """Return the time in UTC in whole milliseconds, which is what a document keeps."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """Return an aware time in UTC without the microseconds that a document would lose."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


class _Timing(monitoring.CommandListener):
    """Counts the commands that were answered; those that were not are counted where they are translated."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        store_metrics().answered("mongodb", event.command_name, event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


class Mongo:
    """One client of a process. Attributes: ``db``, the database named by the URL; ``host``, safe to show."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], db: AsyncDatabase[dict[str, Any]], host: str) -> None:
        """Keep the parts; use ``connect``."""
        self.client, self.db, self.host = client, db, host

    @classmethod
    async def connect(cls, settings: Settings) -> Self:
        """Connect to ``MONGODB_URL`` and make sure that it answers.

        Raises:
            ServiceUnavailable: nothing answers there, the credentials are refused, or the URL is malformed.
        """
        url = settings.mongodb_url
        host = _host(url)
        try:
            given = {name.lower() for name, _ in parse_qsl(urlsplit(url).query)}
            options = {name: value for name, value in _OPTIONS.items() if name.lower() not in given}
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                url, tz_aware=True, tzinfo=UTC, event_listeners=[_Timing()], **options
            )
        except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
            # The driver's message may quote the URL, and with it a password: neither shown nor chained.
            raise ServiceUnavailable(
                f"MONGODB_URL is not a valid address ({type(error).__name__})",
                details="Write it as mongodb://user:password@host:27017/dinov3_db, with the password percent-encoded.",
            ) from None
        mongo = cls(client, client.get_default_database(DEFAULT_DATABASE), host)
        try:
            with mongo.guard():
                await client.admin.command("ping")
        except BaseException:
            await client.close()
            raise
        return mongo

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn what a lost or refusing server raises into ServiceUnavailable; other errors pass."""
        try:
            yield
        except ConnectionFailure as error:
            raise self._silent() from error
        except OperationFailure as error:
            if error.code in _REFUSED:
                store_metrics().failed("mongodb")
                raise ServiceUnavailable(
                    f"The document store (MongoDB at {self.host}) refuses the credentials",
                    details="Check user, password and authSource in MONGODB_URL.",
                    retry_after=30,
                ) from error
            if error.timeout:
                raise self._silent() from error
            raise
        except PyMongoError as error:
            if error.timeout:
                raise self._silent() from error
            raise

    def _silent(self) -> ServiceUnavailable:
        store_metrics().failed("mongodb")
        return ServiceUnavailable(
            f"The document store (MongoDB at {self.host}) does not answer",
            details="Start it, or set MONGODB_URL to one that runs.",
            retry_after=RETRY_AFTER,
        )

    async def ping(self) -> bool:
        """Return whether the server answers now; waits three seconds at most."""
        try:
            await self.client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()


class UsesMongo(Protocol):
    """A store that keeps its connection in ``_mongo``."""

    _mongo: Mongo


S = TypeVar("S", bound=UsesMongo)


def guarded(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Awaitable[R]]:
    """Run a store's method inside its connection's ``guard``."""

    @functools.wraps(method)
    async def call(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._mongo.guard():
            return await method(self, *args, **kwargs)

    return call


def _host(url: str) -> str:
    """Return ``host:port`` of the URL, without user, password or options."""
    rest = url.split("://", 1)[-1].split("/", 1)[0].split("?", 1)[0]
    return rest.rsplit("@", 1)[-1] or "an unnamed host"


async def ensure_indexes(mongo: Mongo) -> None:
    """Create every index of the platform where it is missing; processes may do so at the same time.

    Raises:
        ServiceUnavailable: the server does not answer.
    """
    for collection, models in INDEXES.items():
        for attempt in range(1, _INDEX_ATTEMPTS + 1):
            try:
                with mongo.guard():
                    await mongo.db[collection].create_indexes(models)
                break
            except OperationFailure as error:
                # Another process may be creating the same collection at this moment.
                if attempt == _INDEX_ATTEMPTS:
                    raise
                log.info("indexes of %s are tried again after code %s", collection, error.code)
                await asyncio.sleep(0.05 * 2**attempt)
