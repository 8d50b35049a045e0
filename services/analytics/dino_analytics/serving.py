"""Which model version serves: by the rollout where an operator runs the platform, and as inference says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import ValidationError

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS
from dino_common.contracts.internal import InferenceStatus
from dino_common.contracts.rollout import Rollout
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
        key: by which its processes are asked, or None where no operator runs them.
    """

    name: str
    version: str
    dimension: int
    consistency: float | None
    similarity: float | None
    slope: float | None
    key: str | None = None


def model_of(status: InferenceStatus, key: str | None) -> ServingModel | None:
    """Return the model that a status tells of; None before it is loaded."""
    if status.model is None:
        return None
    return ServingModel(
        name=status.model.name,
        version=status.model.version,
        dimension=status.model.dimension,
        consistency=status.model.consistency_threshold,
        similarity=status.model.similarity_threshold,
        slope=status.consistency_slope,
        key=key,
    )


async def ask_status(bus: BusClient, key: str | None, seconds: float = _PATIENCE_SECONDS) -> InferenceStatus:
    """Ask a process of the version with this key, or of the one that serves, for its status.

    Raises:
        DinoError: none answers.
        ValidationError: its answer is of another release and cannot be read.
    """
    context = Context("serving-watch", time.time() + seconds)
    answer = await bus.call(OPERATIONS["inference-status"], {}, context, model=key)
    return InferenceStatus.model_validate(answer)


class ServingWatch:
    """The serving model as last heard; stays known while inference is away."""

    def __init__(self, bus: BusClient, config: LiveConfig | None = None) -> None:
        """Ask through this client which model it is; the rollout in ``config`` says whom to ask."""
        self._bus, self._config = bus, config
        self._model: ServingModel | None = None
        self._followed: ServingModel | None = None
        self._by_key: dict[str, ServingModel] = {}
        self._puzzled = False
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._changed: list[Callable[[ServingModel], Awaitable[None]]] = []
        self._switches: list[Callable[[ServingModel], bool]] = []

    @property
    def known(self) -> ServingModel | None:
        """The model, or None before inference was first heard."""
        return self._model

    def of_key(self, key: str | None) -> ServingModel | None:
        """Return the model of a version's key as far as it was heard of."""
        return None if key is None else self._by_key.get(key)

    def learn(self, model: ServingModel) -> None:
        """Keep what a version that does not serve has told of itself: it may serve next."""
        if model.key is not None:
            self._by_key[model.key] = model

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

    def on_cut_over(self, switch: Callable[[ServingModel], bool]) -> None:
        """At a cut-over to a model that is known, run this first: whether it is ready for that model, and now has it.

        Only when all are ready is the change done in that moment; else it is followed like any other.
        """
        self._switches.append(switch)

    async def start(self) -> None:
        """Ask once, then keep asking."""
        if self._config is not None:
            self._config.on_rollout(self._on_rollout)
        await self._ask()
        self._task = asyncio.create_task(self._loop())

    def _on_rollout(self, rollout: Rollout | None) -> None:
        model = self.of_key(rollout.serving if rollout else None)
        if model is not None and model != self._model and all(switch(model) for switch in self._switches):
            log.info("model version %s serves", model.version)
            # Callbacks follow: what reached the index in the moment of the change is looked at again.
            self._model = model
        self._wake.set()

    async def _loop(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_PERIOD_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._ask()
            except Exception:
                log.exception("asking which model serves failed; asking again")

    @property
    def _key(self) -> str | None:
        return None if self._config is None else self._config.serving_key

    async def _ask(self) -> None:
        key = self._key
        try:
            status = await ask_status(self._bus, key)
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
        model = model_of(status, key)
        if model is None:
            return
        self.learn(model)
        if key != self._key:
            return  # another version serves by now; it is asked at once
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
            if self._model == model:
                self._followed = model

    async def stop(self) -> None:
        """Stop asking."""
        await end([] if self._task is None else [self._task])
