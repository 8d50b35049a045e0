"""The operations that the gateway answers itself: over HTTP, and those without a route on the bus."""

from __future__ import annotations

from dino_common.bus.service import Handler
from dino_gateway.asset_view import AssetView
from dino_gateway.assets import AssetHandlers
from dino_gateway.backends import Backends
from dino_gateway.category_thresholds import CategoryThresholdHandlers
from dino_gateway.config import ConfigHandlers
from dino_gateway.derived import DerivedHandlers
from dino_gateway.dispatch import LocalHandler
from dino_gateway.downloads import DownloadHandler
from dino_gateway.health import HealthHandlers
from dino_gateway.ingest import Ingest
from dino_gateway.jobs import JobHandlers
from dino_gateway.presigned import PresignedUploads
from dino_gateway.search_by_image import SearchByImageHandler
from dino_gateway.statistics import StatisticsHandlers
from dino_gateway.uploads import UploadHandler
from dino_gateway.webhooks.handlers import WebhookHandlers


def local_handlers(backends: Backends) -> dict[str, LocalHandler]:
    """Return the handler of every operation that the gateway owns, by name."""
    view, ingest = AssetView(backends.settings), Ingest(backends)
    assets = AssetHandlers(backends, view)
    presigned = PresignedUploads(backends, ingest, view)
    jobs, health = JobHandlers(backends), HealthHandlers(backends)
    config, statistics = ConfigHandlers(backends), StatisticsHandlers(backends)
    webhooks = WebhookHandlers(backends.webhooks)
    return {
        "upload-media": UploadHandler(backends, ingest, view).upload,
        "search-by-image": SearchByImageHandler(backends).search,
        "presign-upload": presigned.presign,
        "complete-upload": presigned.complete,
        "list-assets": assets.list,
        "get-asset": assets.get,
        "update-asset": assets.update,
        "delete-asset": assets.delete,
        "get-asset-content": DownloadHandler(backends).content,
        "list-jobs": jobs.list,
        "get-job": jobs.get,
        "cancel-job": jobs.cancel,
        "job-events": jobs.events,
        "health": health.health,
        "live": health.live,
        "ready": health.ready,
        "models": health.models,
        "metrics": statistics.metrics,
        "stats": statistics.stats,
        "get-config": config.get,
        "set-similarity-threshold": config.set_similarity,
        "set-consistency-threshold": config.set_consistency,
        "set-quality-threshold": config.set_quality,
        "list-webhooks": webhooks.list,
        "create-webhook": webhooks.create,
        "get-webhook": webhooks.get,
        "update-webhook": webhooks.update,
        "delete-webhook": webhooks.delete,
        "rotate-webhook-secret": webhooks.rotate,
        "test-webhook": webhooks.test,
        "list-webhook-deliveries": webhooks.list_deliveries,
        "get-webhook-delivery": webhooks.get_delivery,
        "redeliver-webhook": webhooks.redeliver,
    }


def bus_handlers(backends: Backends) -> dict[str, Handler]:
    """Return the handler of every operation that the other services ask of the gateway, by name."""
    derived = DerivedHandlers(backends, Ingest(backends), AssetHandlers(backends, AssetView(backends.settings)))
    return {
        "register-derived-asset": derived.register,
        "remove-derived-assets": derived.remove,
        "set-film-size": derived.set_size,
        "ingest-picture": derived.ingest,
        "set-category-thresholds": CategoryThresholdHandlers(backends).set,
        "gateway-status": HealthHandlers(backends).status,
    }
