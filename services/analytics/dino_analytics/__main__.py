"""The analytics service as a process."""

from __future__ import annotations

import sys

from dino_analytics import groups
from dino_analytics.candidate_watch import CandidateWatch
from dino_analytics.dense import Dense
from dino_analytics.handlers.status import StatusHandlers
from dino_analytics.in_force import InForce
from dino_analytics.index_watch import IndexWatch
from dino_analytics.library import Library
from dino_analytics.parts import Parts
from dino_analytics.pictures import Pictures
from dino_analytics.serving import ServingWatch
from dino_analytics.vectors import VectorSource
from dino_analytics.verdict_news import OPERATIONS as VERDICTS
from dino_analytics.verdict_news import VerdictNews
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
    cache, objects = Cache(settings), Objects(settings)
    assets, features = AssetStore(mongo), FeatureStore(mongo)
    pictures = Pictures(settings, objects)
    serving = ServingWatch(runtime.bus, runtime.config)
    vectors = VectorSource(serving, runtime.bus, assets, features, cache)
    library = Library(settings, assets, features)
    serving.on_change(library.follow)
    serving.on_cut_over(library.switch)
    others = CandidateWatch(runtime.bus, runtime.config, serving, library)
    index_watch = IndexWatch(library)
    status = StatusHandlers(settings.instance, library, runtime.config, runtime.not_ready)

    runtime.handlers = {"analytics-status": status.status}
    runtime.job_store = JobStore(mongo)
    runtime.closers += [mongo.close, objects.close, cache.close, pictures.close, library.close]
    runtime.closers += [index_watch.stop, others.stop, serving.stop]

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
    parts = Parts(
        runtime,
        settings,
        mongo,
        objects,
        cache,
        assets,
        features,
        pictures,
        serving,
        vectors,
        Dense(runtime.bus, assets, pictures, serving),
        library,
        InForce(runtime.config),
    )
    for add in groups.ALL:
        group = add(parts)
        runtime.handlers |= group.handlers
        runtime.job_handlers |= group.jobs
    news = VerdictNews(runtime.config, runtime.events)
    runtime.handlers |= {name: news.told(name, runtime.handlers[name]) for name in VERDICTS}
    runtime.after_start.append(news.start)
    # Last of all but the bus: the requests that are finished while the process stops are told too.
    runtime.closers.append(news.stop)


def main() -> None:
    """Run until SIGTERM."""
    sys.exit(run(load_settings(), Service.ANALYTICS, setup))


if __name__ == "__main__":
    main()
