"""Which model version serves, as the inference service says: asked every two seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import ValidationError

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.internal import InferenceStatus
from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.validation import explain

log = logging.getLogger(__name__)

_PERIOD_SECONDS, _PATIENCE_SECONDS = 2.0, 5.0


@dataclass(frozen=True, slots=True)
class ServingModel:
    """What analytics needs of the model card.

    Attributes:
        consistency: the card's calibrated threshold, 0–100, or None.
        similarity: the card's calibrated cosine, or None.
        slope: logistic slope per score point, or None.
    """

    name: str
    version: str
    dimension: int
    consistency: float | None
    similarity: float | None
    slope: float | None


class ServingWatch:
    """The serving model as last heard; stays known while inference is away."""

    def __init__(self, bus: BusClient) -> None:
        """Ask through this client."""
        self._bus = bus
        self._model: ServingModel | None = None
        self._followed: ServingModel | None = None
        self._puzzled = False
        self._task: asyncio.Task[None] | None = None
        self._changed: list[Callable[[ServingModel], Awaitable[None]]] = []

    @property
    def known(self) -> ServingModel | None:
        """The model, or None before inference was first heard."""
        return self._model

    def current(self) -> ServingModel:
        """Return the model.

        Raises:
            ModelNotLoaded: inference was never heard.
        """
        if self._model is None:
            raise ModelNotLoaded(
                "The inference service has not told which model it serves",
                details="Wait until /api/v1/ready says ready, or see /api/v1/health.",
                retry_after=5,
            )
        return self._model

    def on_change(self, callback: Callable[[ServingModel], Awaitable[None]]) -> None:
        """Run the callback whenever another version, or the same with other thresholds, begins to serve."""
        self._changed.append(callback)

    async def start(self) -> None:
        """Ask once, then keep asking."""
        await self._ask()
        self._task = asyncio.create_task(self._loop())

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            await self._ask()

    async def _ask(self) -> None:
        context = Context("serving-watch", time.time() + _PATIENCE_SECONDS)
        try:
            answer = await self._bus.call(OPERATIONS["inference-status"], {}, context)
            status = InferenceStatus.model_validate(answer)
        except DinoError as error:
            log.debug("inference does not answer: %s", error.message)
            return
        except ValidationError as error:
            # During an upgrade the two may be of different versions for a while.
            log.log(
                logging.DEBUG if self._puzzled else logging.WARNING,
                "the status of inference cannot be read: %s",
                explain(error),
            )
            self._puzzled = True
            return
        self._puzzled = False
        if status.model is None:
            return
        model = ServingModel(
            name=status.model.name,
            version=status.model.version,
            dimension=status.model.dimension,
            consistency=status.model.consistency_threshold,
            similarity=status.model.similarity_threshold,
            slope=status.consistency_slope,
        )
        if model != self._model:
            log.info("model version %s serves", model.version)
            self._model = model
        if model != self._followed:
            await self._tell(model)

    async def _tell(self, model: ServingModel) -> None:
        """Run every callback; the model is in force all the same, and a failing one is tried at the next look."""
        try:
            for callback in self._changed:
                await callback(model)
        except DinoError as error:
            log.warning("following the model version failed, trying again: %s", error.message)
        except Exception:
            log.exception("following the model version failed; trying again")
        else:
            self._followed = model

    async def stop(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
