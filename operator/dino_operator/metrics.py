"""The operator's own instruments, on the process's Prometheus registry.

Series of one resource carry ``resource_namespace`` and ``resource``, so that a scrape's own ``namespace`` label
does not hide them.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RESOURCE = ("resource_namespace", "resource")

RECONCILES = Counter(
    "dino_operator_reconciles",
    "Reconciles by outcome: unchanged (nothing was written), changed, gone, retry (a passing fault), fault.",
    ("outcome",),
)
RECONCILE_SECONDS = Histogram("dino_operator_reconcile_seconds", "Time of one reconcile.", buckets=_SECONDS)
QUEUE_DEPTH = Gauge("dino_operator_queue_depth", "Resources that wait for a worker.")
QUEUE_WAIT_SECONDS = Histogram("dino_operator_queue_wait_seconds", "Time from due to begun.", buckets=_SECONDS)
WORKERS_BUSY = Gauge("dino_operator_workers_busy", "Reconciles under way.")

API_REQUESTS = Counter(
    "dino_operator_api_requests",
    "Requests to the API server by verb (get, list, watch, apply, patch, create, update, delete) and HTTP status; "
    "code 0: no answer.",
    ("verb", "code"),
)
API_SECONDS = Histogram("dino_operator_api_request_seconds", "Time to an answer.", ("verb",), buckets=_SECONDS)
WATCH_RESTARTS = Counter(
    "dino_operator_watch_restarts", "Watches begun anew after a fault, by resource and reason.", ("kind", "reason")
)
CHILD_WRITES = Counter(
    "dino_operator_child_writes", "Children written: created, updated or deleted.", ("kind", "action")
)
EVENTS = Counter("dino_operator_events", "Events posted.", ("type", "reason"))

LEADER = Gauge("dino_operator_leader", "1 while this process acts, 0 while it stands by.")
RESOURCES = Gauge("dino_operator_resources", "DinoDeployments by condition and its status.", ("condition", "status"))
CONDITION = Gauge(
    "dino_operator_condition",
    "A condition of a resource: 1 True, 0 False, -1 Unknown.",
    (*_RESOURCE, "condition", "reason"),
)
MIGRATION_PHASE = Gauge(
    "dino_operator_migration_phase", "1 for the phase that a migration is in.", (*_RESOURCE, "phase")
)
MIGRATION_PERCENT = Gauge("dino_operator_migration_percent", "Share of the library re-embedded, 0 to 100.", _RESOURCE)
IMAGES_PER_SECOND = Gauge(
    "dino_operator_images_per_second", "Pictures a second of one pod, by the self-test.", _RESOURCE
)
INFERENCE_REPLICAS = Gauge(
    "dino_operator_inference_replicas", "Pods of the model service: there, ready.", (*_RESOURCE, "state")
)
BUS_CONNECTED = Gauge("dino_operator_bus_connected", "1 while the resource's NATS answers the operator.", _RESOURCE)
