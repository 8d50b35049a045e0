"""One value of the configuration bucket as last seen, and who is told when it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)
V = TypeVar("V", bound=BaseModel | None)

# Polls in a row that must see an older revision before it is believed: the bucket was lost and made anew. One alone
# may have been answered by a server of a cluster that lags behind.
_BELIEVED_AFTER = 2


class LiveValue(Generic[V]):
    """The newest revision seen of a key.

    Attributes:
        value: the last valid one, or the initial one; revision: of the bucket, 0 before the first.
    """

    def __init__(self, name: str, model: type[BaseModel], initial: V) -> None:
        """Nothing has been seen yet.

        Args:
            name: key in the bucket; model: what it holds; initial: in force before the first.
        """
        self.name, self._model, self._initial = name, model, initial
        self.value: V = initial
        self.revision = 0
        self._older = 0
        self._changed: list[Callable[[V], None]] = []

    def on_change(self, callback: Callable[[V], None]) -> None:
        """Run the callback with every other value, in the moment in which it comes into force."""
        self._changed.append(callback)

    def accept(self, data: bytes | None, revision: int | None) -> bool:
        """Take a stored value if it is newer than what is known and can be read; return whether it was taken."""
        if not data or revision is None or revision <= self.revision:
            return False
        try:
            value = self._model.model_validate_json(data)
        except ValidationError as error:
            log.error("the stored %s cannot be read, those before stay in force: %s", self.name, error)
            return False
        self._set(value, revision)  # type: ignore[arg-type]
        log.info("%s of revision %d in force", self.name, revision)
        return True

    def polled(self, data: bytes | None, revision: int | None, seen: int) -> None:
        """Take what a look at the bucket found.

        Args:
            data, revision: of the entry.
            seen: the revision known before the look; a newer one known by now makes the look out of date.
        """
        if revision is not None and revision < self.revision == seen:
            self._older += 1
            if self._older < _BELIEVED_AFTER:
                return
            self.revision = 0
        self._older = 0
        self.accept(data, revision)

    def forget_revision(self) -> None:
        """Take the next stored value whatever its revision; the present one stays in force."""
        self.revision = 0

    def reset(self) -> None:
        """Put the initial value in force: what a process that starts now would read."""
        self._set(self._initial, 0)

    def _set(self, value: V, revision: int) -> None:
        changed = value != self.value
        self.value, self.revision = value, revision
        if not changed:
            return
        for callback in self._changed:
            try:
                callback(value)
            except Exception:
                log.exception("following a change of %s failed", self.name)
