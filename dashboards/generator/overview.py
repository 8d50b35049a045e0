"""The first page to open: is the platform well, and if not, which part is it."""

from __future__ import annotations

from dashboards.generator.panel import Dashboard, Panel, Query, Row
from dashboards.generator.promql import DEPLOYMENT, ONE_VOICE, once, quantile, rate
from dashboards.generator.shared import NO_FAILURE, jobs, processes, quantiles, variables

_PROBES = "live|ready|health|metrics"
_ASKED = f'{DEPLOYMENT},operation!~"{_PROBES}"'
_FAILED = _ASKED + ',status=~"5.."'
# An event stream is as long as its client listens.
_TIMED = f'{DEPLOYMENT},operation!~"{_PROBES}|job-events"'
_HTTP, _SECONDS = "dino_http_requests_total", "dino_http_request_duration_seconds"
_JOBS = f'{DEPLOYMENT},stream="jobs"'
_EVENTS = f'{DEPLOYMENT},stream="events"'

_WELL = Row(
    "Is it well?",
    (
        Panel(
            "Parts",
            "What the gateway reaches: stores that answer and services that are ready.",
            (Query(once("dino_part_up", DEPLOYMENT, "part", "min"), "{{part}}"),),
            kind="stat",
            names=((0, "down"), (1, "up")),
            thresholds=((0, "red"), (1, "green")),
            width=24,
            height=4,
        ),
        Panel(
            "Requests",
            "Requests a second, probes aside.",
            (Query(rate(_HTTP, _ASKED)),),
            unit="reqps",
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Server errors",
            "Share of the requests that were answered with 5xx.",
            (Query(f"({rate(_HTTP, _FAILED)} or vector(0)) / {rate(_HTTP, _ASKED)}"),),
            unit="percentunit",
            kind="stat",
            thresholds=((0.001, "orange"), (0.01, "red")),
            decimals=2,
            width=4,
            height=4,
        ),
        Panel(
            "Latency, 95th percentile",
            "From a request's head to the end of its answer, over all operations.",
            (Query(quantile(0.95, _SECONDS, _TIMED)),),
            unit="s",
            kind="stat",
            thresholds=((1, "orange"), (5, "red")),
            width=4,
            height=4,
        ),
        Panel(
            "Jobs waiting",
            "Jobs that no worker has taken yet.",
            (Query(f"sum({once('dino_stream_waiting', _JOBS, 'consumer')})"),),
            kind="stat",
            thresholds=((100, "orange"), (1000, "red")),
            width=4,
            height=4,
        ),
        Panel(
            "Events behind",
            "Events that their consumers have not finished: uploads that are not extracted or not indexed yet.",
            (
                Query(
                    f"sum({once('dino_stream_waiting', _EVENTS, 'consumer')})"
                    f" + sum({once('dino_stream_delivered', _EVENTS, 'consumer')})"
                ),
            ),
            kind="stat",
            thresholds=((1000, "orange"), (10000, "red")),
            width=4,
            height=4,
        ),
        Panel(
            "Assets in the index",
            "Pictures that searches cover.",
            (Query(f"sum(max by ({ONE_VOICE}) (dino_index_assets{{{DEPLOYMENT}}}))"),),
            kind="stat",
            width=4,
            height=4,
        ),
    ),
)

_TRAFFIC = Row(
    "Traffic and errors",
    (
        Panel(
            "Requests by operation",
            "The ten that are asked for most.",
            (Query(f"topk(10, {rate(_HTTP, _ASKED, 'operation')})", "{{operation}}"),),
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "Requests by status",
            "4xx are the callers' mistakes, 429 are rate limits, 5xx are ours.",
            (Query(rate(_HTTP, _ASKED, "status"), "{{status}}"),),
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "Errors by code",
            "What the error bodies say.",
            (Query(rate("dino_http_errors_total", DEPLOYMENT, "code"), "{{code}}", "no request has failed"),),
            unit="reqps",
        ),
        Panel(
            "Rate-limited requests",
            "Requests that were refused with 429, by operation.",
            (
                Query(
                    rate(_HTTP, DEPLOYMENT + ',status="429"', "operation"),
                    "{{operation}}",
                    "no caller has asked too often",
                ),
            ),
            unit="reqps",
        ),
        Panel(
            "Uploads",
            "Bytes of accepted uploads a second.",
            (Query(rate("dino_uploaded_bytes_total", DEPLOYMENT), "uploaded", "nothing was uploaded since the start"),),
            unit="Bps",
        ),
        Panel(
            "Requests in work",
            "Share of the requests that a gateway takes at once. At 100 % it answers 503.",
            (
                Query(
                    f"dino_http_in_work{{{DEPLOYMENT}}} / dino_http_in_work_limit{{{DEPLOYMENT}}}",
                    "{{instance}}",
                ),
            ),
            unit="percentunit",
            thresholds=((0.7, "orange"), (0.95, "red")),
            maximum=1,
        ),
    ),
)

_LATENCY = Row(
    "Latency",
    (
        Panel("Percentiles", "All operations but the probes and event streams.", quantiles(_SECONDS, _TIMED), unit="s"),
        Panel(
            "95th percentile by operation",
            "The ten slowest.",
            (Query(f"topk(10, {quantile(0.95, _SECONDS, _TIMED, 'operation')})", "{{operation}}"),),
            unit="s",
        ),
        Panel(
            "Extraction: cached and computed",
            "Answering features from the cache, and the forward pass beside it, 95th percentiles.",
            (
                Query(quantile(0.95, "dino_features_cache_hit_duration_seconds", DEPLOYMENT), "from the cache"),
                Query(quantile(0.95, "dino_inference_forward_seconds", DEPLOYMENT), "forward pass"),
            ),
            unit="s",
        ),
    ),
)

_STORES = Row(
    "Stores",
    (
        Panel(
            "Calls, 95th percentile",
            "Answered calls by store and operation.",
            (
                Query(
                    quantile(0.95, "dino_store_duration_seconds", DEPLOYMENT, "store, operation"),
                    "{{store}} {{operation}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            "Failures",
            "Calls to a store that was not reached or refused the credentials. Redis costs time, the others requests.",
            (
                Query(
                    rate("dino_store_failures_total", DEPLOYMENT, "service, store"),
                    "{{service}} to {{store}}",
                    NO_FAILURE,
                ),
            ),
            unit="ops",
            thresholds=((0.001, "red"),),
        ),
        Panel(
            "Going on without the cache",
            "1 for a process whose last call to Redis failed.",
            (
                Query(
                    f"max by (service, instance) (dino_store_circuit_open{{{DEPLOYMENT}}})", "{{service}} {{instance}}"
                ),
            ),
            thresholds=((1, "red"),),
            maximum=1,
        ),
    ),
)

_BEHIND = Row(
    "Events and the index",
    (
        Panel(
            "Consumers behind",
            "Events that a consumer has not been given, and those it works on.",
            (
                Query(once("dino_stream_waiting", _EVENTS, "consumer"), "{{consumer}} waiting"),
                Query(once("dino_stream_delivered", _EVENTS, "consumer"), "{{consumer}} under way"),
            ),
        ),
        Panel(
            "Deliveries by outcome",
            "AGAIN comes back after a pause; GIVEN_UP is lost to its consumer and stands in its log.",
            (
                Query(
                    rate("dino_events_total", DEPLOYMENT, "service, kind, outcome"), "{{service}} {{kind}} {{outcome}}"
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Index",
            "Assets by model version. During a migration the next version's index grows beside the serving one.",
            (Query(once("dino_index_assets", DEPLOYMENT, "model_version"), "{{model_version}}"),),
        ),
        Panel(
            "Oldest job",
            "Age of the oldest job that has not ended; 0 when there is none.",
            (Query(once("dino_jobs_oldest_age_seconds", DEPLOYMENT, ""), "{{deployment}}"),),
            unit="s",
            thresholds=((600, "orange"), (3600, "red")),
        ),
        Panel(
            "Jobs under way",
            "By process. A worker takes two at a time.",
            (Query(f"dino_jobs_running{{{DEPLOYMENT}}}", "{{service}} {{instance}}"),),
        ),
        Panel(
            "Index compared with the library",
            "1 once analytics has compared its index with every asset; 0 for longer than its start is a fault.",
            (Query(f"dino_index_complete{{{DEPLOYMENT}}}", "{{instance}}"),),
            maximum=1,
        ),
    ),
)

_NO_WEBHOOK = "no webhook was told of anything since the start"
_WEBHOOKS = Row(
    "Webhooks",
    (
        Panel(
            "Attempts by outcome",
            "AGAIN is tried later; DEAD is given up and waits for redeliver; TEST_FAILED is a test by hand.",
            (
                Query(
                    rate("dino_webhook_attempts_total", DEPLOYMENT, "event, outcome"),
                    "{{event}} {{outcome}}",
                    _NO_WEBHOOK,
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Time of an attempt",
            "Receivers that come near DINO_WEBHOOK_TIMEOUT should answer first and work afterwards.",
            quantiles("dino_webhook_attempt_duration_seconds", DEPLOYMENT, _NO_WEBHOOK),
            unit="s",
        ),
        Panel(
            "Waiting",
            "Deliveries neither made nor given up. A line that only grows: a receiver that fails or is too slow.",
            (Query(f"max by ({ONE_VOICE}) (dino_webhook_pending{{{DEPLOYMENT}}})", "{{deployment}}"),),
            thresholds=((1000, "orange"), (10000, "red")),
        ),
        Panel(
            "Switched off",
            "Webhooks that failed for long, in the last day. Each says why: disabled_reason.",
            (
                Query(
                    f"sum by (namespace, deployment) (increase(dino_webhook_disabled_total{{{DEPLOYMENT}}}[1d]))",
                    "{{deployment}}",
                    "no webhook was switched off",
                ),
            ),
            kind="stat",
            thresholds=((1, "orange"),),
            width=4,
            height=4,
        ),
        Panel(
            "Verdicts told",
            "LOST are told to nobody: analytics publishes verdicts behind its answers and waits for none.",
            (
                Query(
                    rate("dino_verdict_events_total", DEPLOYMENT, "outcome"), "{{outcome}}", "no webhook wants verdicts"
                ),
            ),
            unit="ops",
        ),
    ),
)

OVERVIEW = Dashboard(
    "overview",
    "dinov3-overview",
    "DINOv3 platform / Overview",
    "Whether the platform is well: traffic, errors, latency, saturation, stores, jobs, events and the index.",
    variables(_HTTP)[:2],
    (_WELL, _TRAFFIC, _LATENCY, _STORES, jobs(DEPLOYMENT), _BEHIND, _WEBHOOKS, processes(DEPLOYMENT)),
)
