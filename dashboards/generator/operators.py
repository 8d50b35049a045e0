"""The operator: what it says of each DinoDeployment, how migrations go, and how hard it works."""

from __future__ import annotations

from dashboards.generator.panel import Dashboard, Panel, Query, Row, Variable
from dashboards.generator.promql import RESOURCE, quantile, rate
from dashboards.generator.shared import quantiles

_RESOURCES = "no resource has been reconciled yet"
_NO_MIGRATION = "no resource has a migration"
_BY = "resource_namespace, resource"
_LEGEND = "{{resource_namespace}}/{{resource}}"
_PROCESS = "and on (instance, job) dino_operator_leader"
_ALL = ""

_RESOURCE_ROW = Row(
    "Resources",
    (
        Panel(
            "Ready",
            "DinoDeployments whose Ready is True.",
            (Query('sum(dino_operator_resources{condition="Ready",status="True"})', "", _RESOURCES),),
            kind="stat",
            width=4,
            height=6,
        ),
        Panel(
            "Not ready",
            "DinoDeployments whose Ready is False or Unknown.",
            (
                Query(
                    'sum(dino_operator_resources{condition="Ready",status!="True"}) or vector(0)',
                ),
            ),
            kind="stat",
            thresholds=((1, "red"),),
            width=4,
            height=6,
        ),
        Panel(
            "Conditions",
            "Every condition with its reason: 1 True, 0 False, -1 Unknown.",
            (Query(f"dino_operator_condition{{{RESOURCE}}}", "", _RESOURCES),),
            kind="table",
            width=16,
            height=6,
        ),
        Panel(
            "Inference pods",
            "Pods of the serving model version, wanted and ready.",
            (Query(f"dino_operator_inference_replicas{{{RESOURCE}}}", f"{_LEGEND} {{{{state}}}}", _RESOURCES),),
        ),
        Panel(
            "Pictures a second of one pod",
            "As the self-test measured it.",
            (Query(f"dino_operator_images_per_second{{{RESOURCE}}}", _LEGEND, "no self-test has been run"),),
            unit="ops",
        ),
        Panel(
            "NATS of the resource",
            "1 while the bus of a resource answers the operator. Without it no model is rolled and no status is fresh.",
            (Query(f"dino_operator_bus_connected{{{RESOURCE}}}", _LEGEND, _RESOURCES),),
            thresholds=((0, "red"), (1, "green")),
            maximum=1,
        ),
    ),
)

_MIGRATIONS = Row(
    "Migrations of the model",
    (
        Panel(
            "Phase",
            "The phase that each migration is in.",
            (Query(f"dino_operator_migration_phase{{{RESOURCE}}} == 1", f"{_LEGEND} {{{{phase}}}}", _NO_MIGRATION),),
            width=12,
        ),
        Panel(
            "Re-embedded",
            "Share of the library that has features of the new version. A line that stays level is a stuck migration.",
            (Query(f"dino_operator_migration_percent{{{RESOURCE}}} / 100", _LEGEND, _NO_MIGRATION),),
            unit="percentunit",
            maximum=1,
            width=12,
        ),
    ),
)

_RECONCILES = Row(
    "Reconciles",
    (
        Panel(
            "Acting",
            "Operators that hold the lease: one, or nothing is reconciled.",
            (Query("sum(dino_operator_leader)"),),
            kind="stat",
            thresholds=((0, "red"), (1, "green"), (2, "red")),
            width=4,
        ),
        Panel(
            "By outcome",
            "Reconciles a second. Mostly unchanged when nothing happens; retry is a passing fault.",
            (Query(rate("dino_operator_reconciles_total", _ALL, "outcome"), "{{outcome}}", _RESOURCES),),
            unit="ops",
            width=10,
        ),
        Panel("Duration", "Of one reconcile.", quantiles("dino_operator_reconcile_seconds", _ALL), unit="s", width=10),
        Panel(
            "Queue and workers",
            "Resources that wait for a worker, and reconciles under way.",
            (
                Query("sum(dino_operator_queue_depth)", "waiting"),
                Query("sum(dino_operator_workers_busy)", "under way"),
            ),
        ),
        Panel(
            "Wait for a worker",
            "From due to begun. When it grows, raise DINO_OPERATOR_WORKERS.",
            quantiles("dino_operator_queue_wait_seconds", _ALL),
            unit="s",
        ),
        Panel(
            "Children written",
            "Created, updated and deleted objects a second. Not zero while nothing changes: somebody else edits them.",
            (
                Query(
                    rate("dino_operator_child_writes_total", _ALL, "kind, action"),
                    "{{kind}} {{action}}",
                    "nothing was written yet",
                ),
            ),
            unit="ops",
        ),
    ),
)

_API = Row(
    "The API server",
    (
        Panel(
            "Requests by verb",
            "Requests a second to the API server.",
            (Query(rate("dino_operator_api_requests_total", _ALL, "verb"), "{{verb}}"),),
            unit="reqps",
            width=6,
        ),
        Panel(
            "Errors",
            "Answers of 400 and above, and code 0 where none came. 403: a right is missing; 409 passes.",
            (
                Query(
                    rate("dino_operator_api_requests_total", 'code=~"0|4..|5.."', "verb, code"),
                    "{{verb}} {{code}}",
                    "the API server has refused nothing",
                ),
            ),
            unit="reqps",
            width=6,
        ),
        Panel(
            "95th percentile by verb",
            "Time to an answer; watches aside.",
            (Query(quantile(0.95, "dino_operator_api_request_seconds", 'verb!="watch"', "verb"), "{{verb}}"),),
            unit="s",
            width=6,
        ),
        Panel(
            "Watches begun anew",
            "After a fault. Many of them mean an API server that is restarted or overloaded.",
            (
                Query(
                    rate("dino_operator_watch_restarts_total", _ALL, "kind, reason"),
                    "{{kind}} {{reason}}",
                    "no watch was lost",
                ),
            ),
            unit="ops",
            width=6,
        ),
    ),
)

_SELF = Row(
    "The process",
    (
        Panel(
            "Events posted",
            "By type and reason.",
            (
                Query(
                    rate("dino_operator_events_total", _ALL, "type, reason"),
                    "{{type}} {{reason}}",
                    "no event was posted",
                ),
            ),
            unit="ops",
        ),
        Panel(
            "CPU",
            "Cores in use by the operator.",
            (Query(f"rate(process_cpu_seconds_total[$__rate_interval]) {_PROCESS}", "{{instance}}"),),
        ),
        Panel(
            "Memory",
            "Resident memory of the operator.",
            (Query(f"process_resident_memory_bytes {_PROCESS}", "{{instance}}"),),
            unit="bytes",
        ),
    ),
)

OPERATOR = Dashboard(
    "operator",
    "dinov3-operator",
    "DINOv3 platform / Operator",
    "The operator: conditions of every DinoDeployment, migrations, reconciles, and what it asks of the API server.",
    (
        Variable("namespace", "Namespace", "dino_operator_condition", "resource_namespace"),
        Variable("deployment", "Deployment", 'dino_operator_condition{resource_namespace=~"$namespace"}', "resource"),
    ),
    (_RESOURCE_ROW, _MIGRATIONS, _RECONCILES, _API, _SELF),
)
