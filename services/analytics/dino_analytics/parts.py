"""What the handlers of analytics are built from, and how a group of them joins the service."""

from __future__ import annotations

from dataclasses import dataclass, field

from dino_analytics.dense import Dense
from dino_analytics.in_force import InForce
from dino_analytics.library import Library
from dino_analytics.pictures import Pictures
from dino_analytics.serving import ServingWatch
from dino_analytics.vectors import VectorSource
from dino_common.bus.job_context import JobHandler
from dino_common.bus.service import Handler
from dino_common.runtime import Runtime
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.features import FeatureStore
from dino_common.stores.mongo import Mongo
from dino_common.stores.objects import Objects


@dataclass(frozen=True, slots=True)
class Parts:
    """Opened stores and followed state of one analytics process.

    Attributes:
        runtime: for its bus, its events, and what is to start or close with the process.
    """

    runtime: Runtime
    settings: Settings
    mongo: Mongo
    objects: Objects
    cache: Cache
    assets: AssetStore
    features: FeatureStore
    pictures: Pictures
    serving: ServingWatch
    vectors: VectorSource
    dense: Dense
    library: Library
    in_force: InForce


@dataclass(frozen=True, slots=True)
class Group:
    """Handlers of some operations, by name."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    jobs: dict[str, JobHandler] = field(default_factory=dict)
