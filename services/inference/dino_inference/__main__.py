"""The inference service as a process."""

from __future__ import annotations

import asyncio
import logging
import sys

from dino_common.bus.scatter import answer_all
from dino_common.contracts import OPERATIONS, Service
from dino_common.metrics import inference_metrics
from dino_common.runtime import Runtime, run
from dino_common.settings import load_settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.features import FeatureStore
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo, ensure_indexes
from dino_common.stores.objects import Objects
from dino_inference.background import BackgroundExtraction
from dino_inference.batcher import Batcher
from dino_inference.extraction import Extractor, Stores
from dino_inference.gpu import watch_gpu
from dino_inference.handlers.batches import BatchHandlers
from dino_inference.handlers.counted import counted
from dino_inference.handlers.extract import FeatureHandlers
from dino_inference.handlers.image_text import ImageTextHandlers
from dino_inference.handlers.people import PeopleHandlers
from dino_inference.handlers.picture import PictureHandlers
from dino_inference.handlers.pixels import PixelHandlers
from dino_inference.handlers.raw_cosine import RawCosineHandlers
from dino_inference.handlers.status import StatusHandlers
from dino_inference.handlers.text import TextHandlers
from dino_inference.image_text.background import ImageTextBackground
from dino_inference.image_text.placing import Placing
from dino_inference.leftovers import Leftovers
from dino_inference.mirror import MirrorReceiver, MirrorSender
from dino_inference.readiness import Readiness
from dino_inference.retirement import Retirement
from dino_inference.role_follower import RoleFollower
from dino_inference.self_test import SelfTest
from dino_inference.visual_model import VisualModel

log = logging.getLogger(__name__)


async def setup(runtime: Runtime) -> None:
    """Load the model, open the stores and register every handler."""
    settings = runtime.settings
    model = await asyncio.to_thread(VisualModel.load, settings)
    if not settings.model_name:
        log.info(
            "serving the built-in model %s; for DINOv3 set DINOV3_MODEL_NAME to a transformers directory or "
            "repository, such as models/dinov3-vits16-pretrain-lvd1689m",
            model.version,
        )
    engine = model.engine
    inference_metrics().model.set(
        1, model_version=model.version, engine=engine.name, device=engine.device, precision=engine.precision
    )
    watch_gpu()
    mongo = await Mongo.connect(settings)
    await ensure_indexes(mongo)
    cache, objects = Cache(settings), Objects(settings)
    batcher = Batcher(model, settings)
    await batcher.start()
    assets, stored = AssetStore(mongo), FeatureStore(mongo)
    leftovers = Leftovers(assets, stored, cache, objects, ContentLock(mongo), model.version, model.preprocessing_id)
    extractor = Extractor(settings, model, batcher, Stores(assets, stored, cache, objects), runtime.events, leftovers)
    readiness = Readiness(model, batcher, mongo)
    key = settings.model_key or None
    mirror = MirrorSender(runtime.connection, runtime.config, key)
    features = FeatureHandlers(extractor)
    extract = counted("extract-features", features.extract, extractor.work, mirror)
    embed = counted("embed", features.embed, extractor.work, mirror)
    self_test = SelfTest(settings.instance, key, model, batcher)
    background = BackgroundExtraction(
        extractor,
        leftovers,
        runtime.events,
        concurrency=min(settings.batch_size, 8),
        on_upload=settings.extract_on_upload,
        key=key,
        mirror=mirror,
    )
    copies = None
    if key is not None:
        mirrored = {"extract-features": extract, "embed": embed}
        limit = max(1, settings.queue_limit // 2)
        copies = MirrorReceiver(runtime.connection, key, mirrored, batcher, extractor.work.mirrored, limit)
    follower = RoleFollower(runtime, background, Retirement(runtime.bus, runtime.config, extractor), copies)
    status = StatusHandlers(
        settings.instance, key, extractor, readiness, self_test, background.sweep, lambda: follower.role
    )

    text = TextHandlers(settings.model_cache_dir)
    people = PeopleHandlers(settings.model_cache_dir, settings.face_detector)
    placing = Placing(settings, extractor.stores, runtime.events, leftovers)
    places = ImageTextBackground(placing, assets, stored, runtime.events, lambda: follower.role)
    runtime.handlers = {
        "extract-features": extract,
        "get-asset-features": features.stored,
        "embed": embed,
        "raw-cosine": RawCosineHandlers(extractor).compare,
        "embed-pixels": PixelHandlers(model, batcher).embed,
        "inference-status": status.status,
        "embed-picture": PictureHandlers(model, batcher, objects, settings.max_picture_bytes).embed,
        "embed-text": text.embed,
        "find-people": people.find,
        "embed-image-text": ImageTextHandlers(placing).embed,
        "self-test": self_test.handle,
    }
    runtime.job_store = JobStore(mongo)
    runtime.job_handlers = {
        "batch-extract-features": BatchHandlers(extractor, features, chunk=min(settings.batch_size, 16)).extract
    }
    runtime.readiness = readiness.reasons
    # The role says when.
    await runtime.take_jobs(False)

    async def answer_everyone() -> None:
        subject = runtime.connection.subjects.everyone(OPERATIONS["inference-status"], key)
        await answer_all(runtime.connection, subject, status.report)

    runtime.after_start += [answer_everyone, follower.start, places.start]
    runtime.before_stop += [follower.stop, self_test.stop, places.stop]
    runtime.closers += [mongo.close, objects.close, cache.close, extractor.settle, batcher.stop, text.close]
    runtime.closers += [placing.close, people.close]
    runtime.after_start.append(people.start)
    if key is not None:
        runtime.after_start.append(self_test.start)


def main() -> None:
    """Run until SIGTERM."""
    sys.exit(run(load_settings(), Service.INFERENCE, setup))


if __name__ == "__main__":
    main()
