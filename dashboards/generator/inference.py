"""The path of a picture through the model: how fast, how full, and how often it is spared."""

from __future__ import annotations

from dashboards.generator.panel import Dashboard, Panel, Query, Row
from dashboards.generator.promql import INSTANCE, RATE, mean, quantile, rate
from dashboards.generator.shared import bus_requests, jobs, processes, quantiles, variables

_CACHE = "dino_features_cache_total"
_HITS = INSTANCE + ',outcome="hit"'
_OWN = f'{INSTANCE},service="inference"'
_NO_GPU = "inference runs on the CPU"
_BUSY = f"sum by (instance) (rate(dino_inference_forward_seconds_sum{{{INSTANCE}}}[{RATE}]))"

_MODEL = Row(
    "The model",
    (
        Panel(
            "Serving",
            "Model version, engine, device and precision of every process.",
            (Query(f"dino_model_info{{{INSTANCE}}}"),),
            kind="table",
            width=12,
            height=6,
        ),
        Panel(
            "Pictures",
            "Pictures a second through the model, all processes together; cached answers are not among them.",
            (Query(rate("dino_inference_images_total", INSTANCE)),),
            unit="ops",
            kind="stat",
            width=4,
            height=6,
        ),
        Panel(
            "Model busy",
            "Share of its time that the model computes, mean of the processes. Near 100 % more pictures need more "
            "processes.",
            (Query(f"avg({_BUSY})"),),
            unit="percentunit",
            kind="stat",
            thresholds=((0.7, "orange"), (0.9, "red")),
            width=4,
            height=6,
        ),
        Panel(
            "Cache hit ratio",
            "Share of the feature look-ups that needed no forward pass.",
            (Query(f"{rate(_CACHE, _HITS)} / {rate(_CACHE, INSTANCE)}"),),
            unit="percentunit",
            kind="stat",
            width=4,
            height=6,
        ),
    ),
)

_THROUGHPUT = Row(
    "Throughput",
    (
        Panel(
            "Pictures by process",
            "Pictures a second through the model.",
            (Query(rate("dino_inference_images_total", INSTANCE, "instance"), "{{instance}}"),),
            unit="ops",
            stacked=True,
        ),
        Panel(
            "Batch size",
            "Pictures in a forward pass. One at a time under load means that decoding is the bottleneck.",
            (
                Query(mean("dino_inference_batch_size", INSTANCE), "mean"),
                Query(quantile(0.95, "dino_inference_batch_size", INSTANCE), "p95"),
            ),
        ),
        Panel(
            "Model busy by process",
            "Share of its time that each model computes.",
            (Query(_BUSY, "{{instance}}"),),
            unit="percentunit",
            thresholds=((0.7, "orange"), (0.9, "red")),
            maximum=1,
        ),
    ),
)

_WAITING = Row(
    "Where the time goes",
    (
        Panel(
            "Queue",
            "Share of the pictures that a process accepts at once. At 100 % it answers SERVICE_UNAVAILABLE.",
            (
                Query(
                    f"dino_inference_queue_depth{{{INSTANCE}}} / dino_inference_queue_limit{{{INSTANCE}}}",
                    "{{instance}}",
                ),
            ),
            unit="percentunit",
            thresholds=((0.5, "orange"), (0.9, "red")),
            maximum=1,
            width=6,
        ),
        Panel(
            "Wait for the model",
            "From decoded to the start of the forward pass. It grows first when there is too little of the model.",
            quantiles("dino_inference_queue_wait_seconds", INSTANCE),
            unit="s",
            width=6,
        ),
        Panel(
            "Decoding",
            "Decoding and resizing one picture.",
            quantiles("dino_inference_decode_seconds", INSTANCE),
            unit="s",
            width=6,
        ),
        Panel(
            "Forward pass",
            "One batch through the model.",
            quantiles("dino_inference_forward_seconds", INSTANCE),
            unit="s",
            width=6,
        ),
    ),
)

_SPARED = Row(
    "Features that were there",
    (
        Panel(
            "Look-ups by outcome",
            "Found in Redis, found in MongoDB, or computed.",
            (Query(rate(_CACHE, INSTANCE, "outcome, store"), "{{outcome}} {{store}}"),),
            unit="ops",
            stacked=True,
            width=6,
        ),
        Panel(
            "Hit ratio by store",
            "Share of all look-ups that each store answered.",
            (
                Query(
                    f"{rate(_CACHE, _HITS, 'store')} / ignoring (store) group_left {rate(_CACHE, INSTANCE)}",
                    "{{store}}",
                ),
            ),
            unit="percentunit",
            maximum=1,
            width=6,
        ),
        Panel(
            "Answers from the cache",
            "Time to answer features that Redis has.",
            quantiles("dino_features_cache_hit_duration_seconds", INSTANCE),
            unit="s",
            width=6,
        ),
        Panel(
            "Library",
            "Contents of the library, those with features of the model, and those that can have none.",
            (
                Query(
                    f"max by (namespace, deployment, instance, state) (dino_library_contents{{{INSTANCE}}})",
                    "{{instance}} {{state}}",
                    "inference has not looked through the library since its start",
                ),
            ),
            width=6,
        ),
    ),
)

_GPU = Row(
    "GPU",
    (
        Panel(
            "Memory",
            "Used share of the GPU's memory, by inference and by whoever shares the device.",
            (
                Query(
                    f"dino_gpu_memory_used_bytes{{{INSTANCE}}} / dino_gpu_memory_total_bytes{{{INSTANCE}}}",
                    "{{instance}} {{gpu}}",
                    _NO_GPU,
                ),
            ),
            unit="percentunit",
            thresholds=((0.9, "orange"), (0.97, "red")),
            maximum=1,
            width=12,
        ),
        Panel(
            "Utilisation",
            "From NVIDIA's DCGM exporter, the same that autoscaling by GPU reads.",
            (
                Query(
                    'DCGM_FI_DEV_GPU_UTIL{exported_namespace=~"$namespace",exported_pod=~"($deployment)-inference-.*"}'
                    " / 100",
                    "{{exported_pod}} {{gpu}}",
                    f"{_NO_GPU}, or the cluster has no DCGM exporter",
                ),
            ),
            unit="percentunit",
            maximum=1,
            width=12,
        ),
    ),
)

INFERENCE = Dashboard(
    "inference",
    "dinov3-inference",
    "DINOv3 platform / Inference",
    "The model: pictures a second, batches, queue, cache, GPU, jobs and requests of the inference service.",
    variables("dino_inference_queue_depth"),
    (
        _MODEL,
        _THROUGHPUT,
        _WAITING,
        _SPARED,
        _GPU,
        bus_requests(_OWN),
        jobs(_OWN, "inference"),
        processes(_OWN),
    ),
)
