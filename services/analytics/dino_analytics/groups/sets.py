"""Work on sets of pictures: copies, clusters, anomalies, patterns, calibrated thresholds."""

from __future__ import annotations

from dino_analytics.handlers.anomalies import AnomalyHandlers
from dino_analytics.handlers.calibration import CalibrationHandlers
from dino_analytics.handlers.clusters import ClusterHandlers
from dino_analytics.handlers.duplicates import DuplicateHandlers
from dino_analytics.handlers.patterns import PatternHandlers
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.parts import Group, Parts
from dino_analytics.sets.copy_search import CopySearch
from dino_analytics.sets.gather import Gatherer
from dino_analytics.sets.job import SetJobs
from dino_analytics.sets.label_store import LabelStore
from dino_analytics.sets.prints import Prints, PrintStore
from dino_analytics.sets.results import SetResults
from dino_common.bus.events import ASSET_DELETED
from dino_common.stores.characters import CharacterStore


def group(parts: Parts) -> Group:
    """Return the handlers."""
    gatherer = Gatherer(parts.vectors, parts.library, parts.assets, parts.features)
    jobs = SetJobs(gatherer, SetResults(parts.mongo))
    quality = QualityHandlers(parts.vectors, parts.in_force, parts.pictures, parts.cache, parts.settings.similarity_ttl)
    prints = Prints(PrintStore(parts.mongo), parts.pictures, parts.assets)
    duplicates = DuplicateHandlers(jobs, CopySearch(prints, parts.assets, quality))
    clusters = ClusterHandlers(jobs, LabelStore(parts.mongo), parts.assets, parts.pictures, parts.in_force)
    anomalies = AnomalyHandlers(jobs, parts.dense, parts.serving)
    patterns = PatternHandlers(jobs, parts.assets, parts.pictures, parts.in_force)
    calibration = CalibrationHandlers(parts.vectors, parts.in_force, CharacterStore(parts.mongo), parts.runtime.bus)

    async def forget_prints() -> None:
        parts.runtime.events.consume("analytics-prints", [ASSET_DELETED], prints.forget)

    parts.runtime.after_start.append(forget_prints)
    return Group(
        {"calibrate-threshold": calibration.calibrate},
        {
            "find-duplicates": duplicates.find,
            "cluster-assets": clusters.cluster,
            "detect-anomalies": anomalies.detect,
            "analyze-patterns": patterns.analyze,
        },
    )
