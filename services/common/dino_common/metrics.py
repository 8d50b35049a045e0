"""The instruments of the platform: names, units and what each counts, in one place."""

from __future__ import annotations

from functools import lru_cache

from opentelemetry import metrics

from dino_common.level import Level

# Seconds, from a cache hit to a slow request.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# Seconds of a job, or of its wait for a worker.
JOB_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class BusMetrics:
    """Requests answered over the bus."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.bus")
        self._requests = meter.create_counter("dino_bus_requests", description="Requests answered over the bus.")
        self._seconds = meter.create_histogram(
            "dino_bus_request_duration",
            unit="s",
            description="Time from taking a request off the bus to its answer.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    def handled(self, operation: str, outcome: str, seconds: float) -> None:
        """Count one answer; outcome is ``ok`` or an error code."""
        self._requests.add(1, {"operation": operation, "outcome": outcome})
        self._seconds.record(seconds, {"operation": operation})


class HttpMetrics:
    """Requests answered over HTTP."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.http")
        self._requests = meter.create_counter("dino_http_requests", description="Requests answered over HTTP.")
        self._seconds = meter.create_histogram(
            "dino_http_request_duration",
            unit="s",
            description="Time from a request's head to the end of its answer.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._errors = meter.create_counter("dino_http_errors", description="Errors answered over HTTP, by their code.")
        self._uploaded = meter.create_counter(
            "dino_uploaded_bytes", unit="By", description="Bytes of accepted uploads."
        )
        self.in_work = Level(meter, "dino_http_in_work", "Requests in work, the probes aside.")
        self.limit = Level(meter, "dino_http_in_work_limit", "Requests in work above which the gateway says 503.")

    def handled(self, operation: str, status: int, seconds: float, code: str = "") -> None:
        """Count one answer; ``code`` is the error's, empty for none."""
        self._requests.add(1, {"operation": operation, "status": status})
        self._seconds.record(seconds, {"operation": operation})
        if code:
            self._errors.add(1, {"operation": operation, "code": code})

    def uploaded(self, size: int) -> None:
        """Count the bytes of an accepted upload."""
        self._uploaded.add(size)


class InferenceMetrics:
    """The path of a picture through the model."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.inference")

        def seconds(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(
                name, unit="s", description=description, explicit_bucket_boundaries_advisory=SECONDS
            )

        self.batch_size = meter.create_histogram(
            "dino_inference_batch_size",
            description="Pictures in a forward pass.",
            explicit_bucket_boundaries_advisory=BATCH_SIZES,
        )
        self.queue_wait = seconds("dino_inference_queue_wait", "Time from decoded to the start of its forward pass.")
        self.decode = seconds("dino_inference_decode", "Time to decode and resize a picture.")
        self.forward = seconds("dino_inference_forward", "Time of a forward pass.")
        self.images = meter.create_counter("dino_inference_images", description="Pictures that went through the model.")
        self.cache = meter.create_counter("dino_features_cache", description="Feature look-ups by outcome.")
        self.hit_seconds = seconds("dino_features_cache_hit_duration", "Time to answer features from the cache.")
        self.queue_depth = Level(
            meter, "dino_inference_queue_depth", "Pictures accepted and not answered yet, those in the model included."
        )
        self.queue_limit = Level(meter, "dino_inference_queue_limit", "Pictures above which new ones are refused.")
        self.model = Level(meter, "dino_model_info", "1; the labels say which model serves and on what.")
        self.library = Level(
            meter, "dino_library_contents", "Contents of the library by state: total, done (has features), failed."
        )
        self.gpu_memory_used = Level(meter, "dino_gpu_memory_used", "Used memory of the GPU.", "By")
        self.gpu_memory_total = Level(meter, "dino_gpu_memory_total", "Memory of the GPU.", "By")


class JobMetrics:
    """Jobs as their workers see them."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.jobs")
        self._ended = meter.create_counter(
            "dino_jobs", description="Attempts at jobs that ended, by outcome: ok, an error code, PUT_BACK, CANCELLED."
        )
        self._seconds = meter.create_histogram(
            "dino_job_duration",
            unit="s",
            description="Time of one attempt at a job.",
            explicit_bucket_boundaries_advisory=JOB_SECONDS,
        )
        self._wait = meter.create_histogram(
            "dino_job_wait",
            unit="s",
            description="Time from a job's submission to its first start.",
            explicit_bucket_boundaries_advisory=JOB_SECONDS,
        )
        self._resumed = meter.create_counter(
            "dino_jobs_resumed",
            description="Jobs that a later attempt went on with, after a crash or a part that was down.",
        )
        self._stages = meter.create_histogram(
            "dino_job_stage_duration",
            unit="s",
            description="Time that one attempt at a job spent in a stage of its own naming.",
            explicit_bucket_boundaries_advisory=JOB_SECONDS,
        )
        self.running = Level(meter, "dino_jobs_running", "Jobs under way in this process.")

    def began(self, operation: str, waited: float) -> None:
        """Count a job that its first worker begins after waiting ``waited`` seconds."""
        self._wait.record(max(0.0, waited), {"operation": operation})

    def resumed(self, operation: str) -> None:
        """Count a job that was begun before."""
        self._resumed.add(1, {"operation": operation})

    def stage(self, operation: str, stage: str, seconds: float) -> None:
        """Count the time from a stage's first word to the next stage's, or to the attempt's end.

        A number at its end ("judging picture 3") is left out: labels are few.
        """
        self._stages.record(seconds, {"operation": operation, "stage": stage.rstrip("0123456789 ")})

    def ended(self, operation: str, outcome: str, seconds: float) -> None:
        """Count an attempt's end."""
        self._ended.add(1, {"operation": operation, "outcome": outcome})
        self._seconds.record(seconds, {"operation": operation})


class VideoMetrics:
    """Films as the video service takes them in."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.video")
        self._frames = meter.create_counter("dino_video_frames", description="Frames of films decoded, by operation.")
        self._shots = meter.create_counter("dino_video_shots", description="Shots found by analyses that finished.")

    def decoded(self, operation: str, frames: int) -> None:
        """Count frames that were decoded for a job."""
        if frames > 0:
            self._frames.add(frames, {"operation": operation})

    def found(self, shots: int) -> None:
        """Count the shots of a film."""
        self._shots.add(shots)


class EventMetrics:
    """Events as their consumers see them."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        self._handled = metrics.get_meter("dino.events").create_counter(
            "dino_events", description="Deliveries of events, by kind and outcome: ok, AGAIN, GIVEN_UP."
        )

    def handled(self, kind: str, outcome: str) -> None:
        """Count a delivery."""
        self._handled.add(1, {"kind": kind, "outcome": outcome})


class StoreMetrics:
    """Calls to MongoDB, Redis and the object store."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.stores")
        self._seconds = meter.create_histogram(
            "dino_store_duration",
            unit="s",
            description="Time of a call to a store that was answered.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._failures = meter.create_counter(
            "dino_store_failures", description="Calls to a store that was not reached or refused the credentials."
        )
        self.circuit_open = Level(
            meter, "dino_store_circuit_open", "1 from a failed call to an optional store until one succeeds."
        )

    def answered(self, store: str, operation: str, seconds: float) -> None:
        """Count a call that was answered."""
        self._seconds.record(seconds, {"store": store, "operation": operation})

    def failed(self, store: str) -> None:
        """Count a call that got no answer."""
        self._failures.add(1, {"store": store})


class WatchMetrics:
    """What one process sees of the whole deployment; several replicas tell the same."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.watch")

        def level(name: str, description: str, unit: str = "") -> Level:
            return Level(meter, name, description, unit)

        self.part_up = level("dino_part_up", "1 while a part answers the gateway (a service: is ready), else 0.")
        self.waiting = level("dino_stream_waiting", "Messages that a consumer of a stream has not been given yet.")
        self.delivered = level("dino_stream_delivered", "Messages that were given out and are not acknowledged yet.")
        self.oldest = level("dino_jobs_oldest_age", "Age of the oldest job that has not ended; 0 when none.", "s")
        self.indexed = level("dino_index_assets", "Assets in the vector index, by model version.")
        self.index_complete = level("dino_index_complete", "1 once the index has been compared with the library.")


class WebhookMetrics:
    """Deliveries to webhooks, and the verdicts that are told for them alone."""

    def __init__(self) -> None:
        """Create the instruments on the process's meter."""
        meter = metrics.get_meter("dino.webhooks")
        self._attempts = meter.create_counter(
            "dino_webhook_attempts",
            description="Attempts to tell a webhook, by outcome: ok, AGAIN, DEAD (given up), TEST_FAILED.",
        )
        self._seconds = meter.create_histogram(
            "dino_webhook_attempt_duration",
            unit="s",
            description="Time of an attempt to tell a webhook.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.pending = Level(meter, "dino_webhook_pending", "Deliveries that are neither made nor given up.")
        self._disabled = meter.create_counter(
            "dino_webhook_disabled", description="Webhooks that were switched off because they failed for long."
        )
        self._verdicts = meter.create_counter(
            "dino_verdict_events", description="Verdicts to be told to webhooks, by outcome: ok, LOST."
        )

    def attempted(self, event: str, outcome: str, seconds: float) -> None:
        """Count an attempt."""
        self._attempts.add(1, {"event": event, "outcome": outcome})
        self._seconds.record(seconds, {"outcome": outcome})

    def disabled(self) -> None:
        """Count a webhook that is switched off."""
        self._disabled.add(1)

    def verdict(self, outcome: str) -> None:
        """Count a verdict that was published or lost."""
        self._verdicts.add(1, {"outcome": outcome})


@lru_cache(maxsize=1)
def bus_metrics() -> BusMetrics:
    """Return the process's bus instruments."""
    return BusMetrics()


@lru_cache(maxsize=1)
def http_metrics() -> HttpMetrics:
    """Return the process's HTTP instruments."""
    return HttpMetrics()


@lru_cache(maxsize=1)
def inference_metrics() -> InferenceMetrics:
    """Return the process's inference instruments."""
    return InferenceMetrics()


@lru_cache(maxsize=1)
def job_metrics() -> JobMetrics:
    """Return the process's job instruments."""
    return JobMetrics()


@lru_cache(maxsize=1)
def video_metrics() -> VideoMetrics:
    """Return the process's instruments of films."""
    return VideoMetrics()


@lru_cache(maxsize=1)
def event_metrics() -> EventMetrics:
    """Return the process's event instruments."""
    return EventMetrics()


@lru_cache(maxsize=1)
def store_metrics() -> StoreMetrics:
    """Return the process's store instruments."""
    return StoreMetrics()


@lru_cache(maxsize=1)
def watch_metrics() -> WatchMetrics:
    """Return the instruments of what this process watches."""
    return WatchMetrics()


@lru_cache(maxsize=1)
def webhook_metrics() -> WebhookMetrics:
    """Return the process's webhook instruments."""
    return WebhookMetrics()
