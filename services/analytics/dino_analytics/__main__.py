"""The analytics service as a process."""

from __future__ import annotations

import sys

from dino_analytics.candidate_watch import CandidateWatch
from dino_analytics.handlers.batches import BatchHandlers
from dino_analytics.handlers.compare import CompareHandlers
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.handlers.search import SearchHandlers
from dino_analytics.handlers.status import StatusHandlers
from dino_analytics.handlers.thumbnails import ThumbnailHandlers
from dino_analytics.handlers.versions import VersionHandlers
from dino_analytics.in_force import InForce
from dino_analytics.index_watch import IndexWatch
from dino_analytics.library import Library
from dino_analytics.pictures import Pictures
from dino_analytics.serving import ServingWatch
from dino_analytics.vectors import VectorSource
from dino_common.contracts import Service
from dino_common.runtime import Runtime, run
from dino_common.settings import load_settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.features import FeatureStore
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo, ensure_indexes
from dino_common.stores.objects import Objects


async def setup(runtime: Runtime) -> None:
    """Open the stores and the index and register every handler."""
    settings = runtime.settings
    mongo = await Mongo.connect(settings)
    await ensure_indexes(mongo)
    cache = Cache(settings)
    assets, features = AssetStore(mongo), FeatureStore(mongo)
    pictures = Pictures(settings, Objects(settings))
    serving = ServingWatch(runtime.bus, runtime.config)
    vectors = VectorSource(serving, runtime.bus, assets, features, cache)
    in_force = InForce(runtime.config)
    library = Library(settings, assets, features)
    serving.on_change(library.follow)
    serving.on_cut_over(library.switch)
    others = CandidateWatch(runtime.bus, runtime.config, serving, library)
    index_watch = IndexWatch(library)

    compare = CompareHandlers(vectors, in_force)
    quality = QualityHandlers(vectors, in_force, pictures, cache, settings.similarity_ttl)
    batches = BatchHandlers(quality, compare, vectors)
    runtime.handlers = {
        "validate-consistency": compare.validate_consistency,
        "calculate-similarity": compare.calculate_similarity,
        "find-best-match": compare.find_best_match,
        "batch-similarity": compare.batch_similarity,
        "analyze-quality": quality.analyze,
        "find-similar": SearchHandlers(vectors, library, in_force).find_similar,
        "get-asset-thumbnail": ThumbnailHandlers(assets, pictures, cache).thumbnail,
        "analytics-status": StatusHandlers(settings.instance, library, runtime.config, runtime.not_ready).status,
        "compare-versions": VersionHandlers(runtime.bus, vectors, assets).compare,
    }
    runtime.job_store = JobStore(mongo)
    runtime.job_handlers = {
        "batch-analyze-quality": batches.quality,
        "batch-validate-consistency": batches.consistency,
    }

    async def readiness() -> list[str]:
        reasons = [] if await mongo.ping() else ["MongoDB does not answer"]
        if serving.known is None:
            reasons.append("the inference service has not told which model it serves")
        elif not library.complete:
            reasons.append(library.fault or "the vector index is being brought up to date")
        return reasons

    async def follow_events() -> None:
        library.start(runtime.events)

    runtime.readiness = readiness
    runtime.after_start += [serving.start, follow_events, others.start, index_watch.start]
    runtime.closers += [mongo.close, cache.close, pictures.close, library.close]
    runtime.closers += [index_watch.stop, others.stop, serving.stop]


def main() -> None:
    """Run until SIGTERM."""
    sys.exit(run(load_settings(), Service.ANALYTICS, setup))


if __name__ == "__main__":
    main()
