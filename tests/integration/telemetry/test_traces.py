"""One request is one trace: HTTP, bus and forward pass, received over real OTLP."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform
from tests.unit.inference.tiny_models import write_tiny_vit


class Collector:
    """An OTLP/HTTP receiver that keeps what comes."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.metrics: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path.endswith("/v1/traces"):
                    collector.take_spans(ExportTraceServiceRequest.FromString(body))
                else:
                    collector.take_metrics(ExportMetricsServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            for scope in resource.scope_spans:
                self.spans += [(names[0], span) for span in scope.spans]

    def take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                self.metrics |= {metric.name for metric in scope.metrics}

    def trace(self, trace_id: bytes) -> list[tuple[str, Span]]:
        return [(service, span) for service, span in self.spans if span.trace_id == trace_id]

    def stop(self) -> None:
        self._server.shutdown()


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[Collector]:
    running = Collector()
    yield running
    running.stop()


@pytest.fixture(scope="module")
async def traced(start_platform: StartPlatform, collector: Collector, tmp_path_factory) -> AsyncIterator[Platform]:
    directory = tmp_path_factory.mktemp("model") / "tiny-vit"
    write_tiny_vit(directory)
    running = await start_platform(
        DINOV3_MODEL_NAME=str(directory),
        DINO_EXTRACT_ON_UPLOAD="false",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_METRIC_EXPORT_INTERVAL="500",
    )
    yield running
    await running.stop()


async def test_one_request_is_one_trace_from_http_to_the_forward_pass(traced: Platform, collector: Collector):
    trace_id, parent = "5f1d8c3b9a7e4f60b2c4d6e8f0a1b2c3", "1122334455667788"
    async with traced.client() as api:
        uploaded = await api.post("/upload-media", files={"file": ("a.png", encoded(picture("coffee"), "PNG"))})
        answer = await api.post(
            "/extract-features",
            json={"asset_id": uploaded.json()["asset_id"]},
            headers={"traceparent": f"00-{trace_id}-{parent}-01"},
        )
    assert answer.status_code == 200
    wanted = {
        ("dino-gateway", "POST /api/v1/extract-features"),
        ("dino-gateway", "inference.extract-features send"),
        ("dino-inference", "inference.extract-features"),
        ("dino-inference", "inference decode"),
        ("dino-inference", "inference queue"),
        ("dino-inference", "inference forward"),
    }
    spans: list[tuple[str, Span]] = []
    for _ in range(300):
        spans = collector.trace(bytes.fromhex(trace_id))
        if wanted <= {(service, span.name) for service, span in spans}:
            break
        await asyncio.sleep(0.05)
    assert wanted <= {(service, span.name) for service, span in spans}
    by_id = {span.span_id: span for _, span in spans}
    # By id: OTLP delivers at least once.
    roots = [span for span in by_id.values() if span.parent_span_id not in by_id]
    assert [(span.name, span.parent_span_id.hex()) for span in roots] == [("POST /api/v1/extract-features", parent)]
    forward = next(span for _, span in spans if span.name == "inference forward")
    assert by_id[forward.parent_span_id].name == "inference.extract-features"


async def test_logs_carry_the_trace(traced: Platform):
    trace_id = "aaaabbbbccccddddeeeeffff00001111"
    async with traced.client() as api:
        await api.get("/config", headers={"traceparent": f"00-{trace_id}-1122334455667788-01"})
    for _ in range(100):
        if trace_id in traced.log("gateway"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the access log does not name the trace")


async def test_metrics_go_to_the_collector_too(collector: Collector, traced: Platform):
    for _ in range(200):
        if {"dino_http_requests", "dino_inference_forward", "dino_bus_requests"} <= collector.metrics:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"metrics are missing: {sorted(collector.metrics)}")


async def test_prometheus_text_names_every_part_of_the_path(traced: Platform):
    async with traced.client() as api:
        text = (await api.get("/metrics")).text
    for name in (
        "dino_http_request_duration_seconds_bucket",
        "dino_bus_request_duration_seconds_bucket",
        "dino_inference_batch_size_bucket",
        "dino_inference_queue_wait_seconds_bucket",
        "dino_inference_decode_seconds_bucket",
        "dino_inference_forward_seconds_bucket",
        "dino_features_cache_total",
    ):
        assert name in text, name
    assert 'service="inference"' in text
    assert 'service="gateway"' in text
