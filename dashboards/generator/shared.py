"""Panels that several dashboards have, for one service or for all, and the choices above them."""

from __future__ import annotations

from dashboards.generator.panel import Panel, Query, Row, Variable
from dashboards.generator.promql import DEPLOYMENT, INSTANCE, once, quantile, rate

SERVICES = "gateway|inference|video|analytics"
QUANTILES = ((0.5, "median"), (0.95, "p95"), (0.99, "p99"))
NO_FAILURE = "no call has failed"
NO_JOB = "no job has run since the start"


def variables(metric: str, extra: str = "") -> tuple[Variable, ...]:
    """Namespace, deployment and instance, as a metric names them."""
    labels = 'namespace=~"$namespace"'
    return (
        Variable("namespace", "Namespace", metric, "namespace"),
        Variable("deployment", "Deployment", f"{metric}{{{labels}}}", "deployment"),
        Variable("instance", "Instance", f"{metric}{{{DEPLOYMENT}{extra}}}", "instance"),
    )


def quantiles(histogram: str, labels: str, empty: str = "") -> tuple[Query, ...]:
    """Median, 95th and 99th percentile of a histogram."""
    return tuple(Query(quantile(share, histogram, labels), name, empty) for share, name in QUANTILES)


def processes(labels: str = INSTANCE) -> Row:
    """What the processes take of their machines."""
    labels += f',service=~"{SERVICES}"'
    legend = "{{service}} {{instance}}"
    return Row(
        "Processes",
        (
            Panel(
                "CPU",
                "Cores in use. A service near the limit of its pod is throttled: requests wait while nothing fails.",
                (Query(f"rate(process_cpu_seconds_total{{{labels}}}[$__rate_interval])", legend),),
                unit="short",
            ),
            Panel(
                "Memory",
                "Resident memory. A line that only grows ends with the process being killed.",
                (Query(f"process_resident_memory_bytes{{{labels}}}", legend),),
                unit="bytes",
            ),
            Panel(
                "Open files",
                "Share of the file descriptors that a process may open. Every connection takes one.",
                (Query(f"process_open_fds{{{labels}}} / process_max_fds{{{labels}}}", legend),),
                unit="percentunit",
                thresholds=((0.8, "orange"), (0.95, "red")),
            ),
        ),
    )


def bus_requests(labels: str) -> Row:
    """Requests that a service answers over the bus."""
    return Row(
        "Requests over the bus",
        (
            Panel(
                "Answers",
                "Requests and jobs answered a second, by operation.",
                (Query(rate("dino_bus_requests_total", labels, "operation"), "{{operation}}"),),
                unit="reqps",
            ),
            Panel(
                "Errors",
                "Answers that were errors, by code. Codes that callers cause (ASSET_NOT_FOUND, INVALID_REQUEST) are no "
                "fault of the service.",
                (
                    Query(
                        rate("dino_bus_requests_total", labels + ',outcome!="ok"', "operation, outcome"),
                        "{{operation}} {{outcome}}",
                        "every request so far was answered well",
                    ),
                ),
                unit="reqps",
            ),
            Panel(
                "95th percentile by operation",
                "Time from taking a request off the bus to its answer.",
                (Query(quantile(0.95, "dino_bus_request_duration_seconds", labels, "operation"), "{{operation}}"),),
                unit="s",
            ),
        ),
    )


def jobs(labels: str, consumer: str = ".*", empty: str = "") -> Row:
    """Jobs of one service or of all."""
    queue = f'{DEPLOYMENT},stream="jobs",consumer=~"{consumer}"'
    no_job = empty or NO_JOB
    return Row(
        "Jobs",
        (
            Panel(
                "Waiting and under way",
                "Jobs that no worker has taken, and jobs that one has. Waiting that grows needs more workers.",
                (
                    Query(once("dino_stream_waiting", queue, "consumer"), "{{consumer}} waiting", empty),
                    Query(once("dino_stream_delivered", queue, "consumer"), "{{consumer}} under way", empty),
                ),
                width=6,
            ),
            Panel(
                "Ends by outcome",
                "Attempts that ended, a second. PUT_BACK is a part being down for a moment, CANCELLED a client's wish; "
                "any other code is a failed job.",
                (
                    Query(
                        rate("dino_jobs_total", labels, "operation, outcome"),
                        "{{operation}} {{outcome}}",
                        no_job,
                    ),
                ),
                unit="ops",
                width=6,
            ),
            Panel(
                "Duration, 95th percentile",
                "Time of one attempt, by operation.",
                (Query(quantile(0.95, "dino_job_duration_seconds", labels, "operation"), "{{operation}}", no_job),),
                unit="s",
                width=6,
            ),
            Panel(
                "Wait, 95th percentile",
                "Time from a job's submission to its first start, by operation.",
                (Query(quantile(0.95, "dino_job_wait_seconds", labels, "operation"), "{{operation}}", no_job),),
                unit="s",
                width=6,
            ),
        ),
    )
