"""The video service: whether it is there, what it is asked, and what its jobs take."""

from __future__ import annotations

from dashboards.generator.panel import Dashboard, Panel, Query, Row
from dashboards.generator.promql import DEPLOYMENT, INSTANCE, once
from dashboards.generator.shared import bus_requests, jobs, processes, variables

_OWN = f'{INSTANCE},service="video"'
_NO_JOBS = "the video service has run no job"

_THERE = Row(
    "Is it there?",
    (
        Panel(
            "Ready",
            "Whether the gateway finds a video service that is ready.",
            (Query(once("dino_part_up", f'{DEPLOYMENT},part="video"', ""), "{{deployment}}"),),
            kind="stat",
            names=((0, "down"), (1, "up")),
            thresholds=((0, "red"), (1, "green")),
            height=4,
        ),
        Panel(
            "Processes",
            "Video processes that are scraped.",
            (Query(f"count(process_start_time_seconds{{{_OWN}}})"),),
            kind="stat",
            height=4,
        ),
        Panel(
            "Youngest process",
            "Time since the last start. Always small: it starts again and again.",
            (Query(f"time() - max(process_start_time_seconds{{{_OWN}}})"),),
            unit="s",
            kind="stat",
            height=4,
        ),
    ),
)

VIDEO = Dashboard(
    "video",
    "dinov3-video",
    "DINOv3 platform / Video",
    "The video service: readiness, requests, jobs and processes.",
    variables("dino_bus_requests_total", ',service="video"'),
    (_THERE, bus_requests(_OWN), jobs(_OWN, "video", _NO_JOBS), processes(_OWN)),
)
