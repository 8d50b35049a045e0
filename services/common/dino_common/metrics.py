"""The instruments of the platform: names, units and what each counts, in one place."""

from __future__ import annotations

from functools import lru_cache

from opentelemetry import metrics

# Seconds, from a cache hit to a slow job.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
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
        self._uploaded = meter.create_counter(
            "dino_uploaded_bytes", unit="By", description="Bytes of accepted uploads."
        )

    def handled(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.add(1, {"operation": operation, "status": status})
        self._seconds.record(seconds, {"operation": operation})

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
