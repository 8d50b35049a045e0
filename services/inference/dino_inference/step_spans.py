"""Spans of the steps that a picture went through, written once they are over.

A forward pass serves many requests and runs in a thread of its own, so no request's context is current there; the
batcher reports how long each step took, and the request's trace gets the spans afterwards.
"""

from __future__ import annotations

import time

from opentelemetry import trace

from dino_inference.batcher import Result

tracer = trace.get_tracer("dino.inference")

_NANO = 1_000_000_000


def trace_steps(result: Result) -> None:
    """Add ``decode``, ``queue`` and ``forward`` to the current span; nothing when it is not recorded."""
    if not trace.get_current_span().is_recording():
        return
    end = time.time_ns()
    for name, seconds, attributes in (
        ("forward", result.forward_seconds, {"dino.batch_size": result.batch_size}),
        ("queue", result.queue_seconds, {}),
        ("decode", result.decode_seconds, {}),
    ):
        begin = end - int(seconds * _NANO)
        tracer.start_span(f"inference {name}", start_time=begin, attributes=attributes).end(end_time=end)
        end = begin
