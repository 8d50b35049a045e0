"""The video service: whether it is there, what its films take, and what it is asked."""

from __future__ import annotations

from dashboards.generator.panel import Dashboard, Panel, Query, Row
from dashboards.generator.promql import DEPLOYMENT, INSTANCE, mean, once, quantile, rate
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

_NO_FILM = "the video service has decoded no film"

_FILMS = Row(
    "Films",
    (
        Panel(
            "Films under way",
            "Jobs that each process works on, one film each. None while jobs wait: the workers are gone.",
            (Query(f"sum by (instance) (dino_jobs_running{{{_OWN}}})", "{{instance}}", _NO_JOBS),),
            width=6,
        ),
        Panel(
            "Frames decoded a second",
            "By what they are decoded for. Nothing while films are under way: storage or decoding stands still.",
            (Query(rate("dino_video_frames_total", _OWN, "operation"), "{{operation}}", _NO_FILM),),
            unit="ops",
            width=6,
        ),
        Panel(
            "Shots found an hour",
            "By analyses that finished. Many thousands of a single film are flicker, or a threshold far too low.",
            (Query(f"3600 * {rate('dino_video_shots_total', _OWN)}", "shots", _NO_FILM),),
            width=6,
        ),
        Panel(
            "Jobs taken up again",
            "Jobs an hour that were begun before: a worker was killed or restarted, or a part was down for a moment.",
            (
                Query(
                    f"3600 * {rate('dino_jobs_resumed_total', _OWN, 'operation')}",
                    "{{operation}}",
                    "no job was taken up again",
                ),
            ),
            width=6,
        ),
        Panel(
            "Time by stage, mean",
            "Of one attempt at a job. The stage that grows says what is short: decoding processors "
            "or storage, features inference.",
            (
                Query(
                    mean("dino_job_stage_duration_seconds", _OWN, "operation, stage"),
                    "{{operation}}: {{stage}}",
                    _NO_JOBS,
                ),
            ),
            unit="s",
            width=12,
        ),
        Panel(
            "Time by stage, 95th percentile",
            "As beside, of the slowest films.",
            (
                Query(
                    quantile(0.95, "dino_job_stage_duration_seconds", _OWN, "operation, stage"),
                    "{{operation}}: {{stage}}",
                    _NO_JOBS,
                ),
            ),
            unit="s",
            width=12,
        ),
    ),
)

VIDEO = Dashboard(
    "video",
    "dinov3-video",
    "DINOv3 platform / Video",
    "The video service: readiness, films, requests, jobs and processes.",
    variables("dino_bus_requests_total", ',service="video"'),
    (_THERE, _FILMS, bus_requests(_OWN), jobs(_OWN, "video", _NO_JOBS), processes(_OWN)),
)
