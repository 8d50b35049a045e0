"""Every reason that a condition, a rollback or a fault of a pod can have; docs/runbook.md has a section for each."""

from __future__ import annotations

from enum import StrEnum


class ConditionType(StrEnum):
    """The conditions of a resource."""

    READY = "Ready"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    MODEL_READY = "ModelReady"
    MIGRATED = "Migrated"
    STORES_REACHABLE = "StoresReachable"
    AUTOSCALING = "Autoscaling"


class Reason(StrEnum):
    """Why something is as it is, in one CamelCase word."""

    # All is well.
    SERVING = "Serving"
    COMPLETE = "Complete"
    AS_EXPECTED = "AsExpected"
    SELF_TEST_PASSED = "SelfTestPassed"
    UP_TO_DATE = "UpToDate"
    ALL_REACHABLE = "AllReachable"
    ACTIVE = "Active"
    NOT_CONFIGURED = "NotConfigured"
    OWNED_ELSEWHERE = "OwnedElsewhere"

    # On the way.
    STARTING = "Starting"
    ROLLING_OUT = "RollingOut"
    MIGRATING = "Migrating"
    SELF_TEST = "SelfTest"
    CANARY = "Canary"
    CANARY_HELD = "CanaryHeld"
    RE_EMBEDDING = "ReEmbedding"
    CUT_OVER = "CutOver"
    MODEL_STARTING = "ModelStarting"
    SELF_TEST_PENDING = "SelfTestPending"
    SCALER_STARTING = "ScalerStarting"
    NOT_ASKED = "NotAsked"
    WAITING = "Waiting"
    PAUSED = "Paused"
    SCALED_TO_ZERO = "ScaledToZero"
    MAKING_ROOM = "MakingRoom"

    # What people must mend: the resource and what it names.
    INVALID_SPEC = "InvalidSpec"
    MISSING_SECRET = "MissingSecret"
    MISSING_SECRET_KEY = "MissingSecretKey"
    CHILD_REFUSED = "ChildRefused"

    # Pods.
    CRASH_LOOPING = "CrashLooping"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    CONTAINER_NOT_STARTED = "ContainerNotStarted"
    UNSCHEDULABLE = "Unschedulable"
    NO_GPU_NODE = "NoGpuNode"
    POD_FAILED = "PodFailed"
    PODS_NOT_CREATED = "PodsNotCreated"
    STALLED = "Stalled"
    WEIGHTS_MISMATCH = "WeightsMismatch"
    IMAGE_SIZE_MISMATCH = "ImageSizeMismatch"
    WEIGHTS_MISSING = "WeightsMissing"
    WEIGHTS_NOT_FETCHED = "WeightsNotFetched"

    # Services.
    NO_ANSWER = "NoAnswer"
    NOT_READY = "NotReady"
    GATEWAY_NOT_READY = "GatewayNotReady"
    SELF_TEST_FAILED = "SelfTestFailed"

    # Stores.
    NATS_UNREACHABLE = "NatsUnreachable"
    MONGODB_UNREACHABLE = "MongodbUnreachable"
    REDIS_UNREACHABLE = "RedisUnreachable"
    OBJECT_STORAGE_UNREACHABLE = "ObjectStorageUnreachable"
    VECTOR_INDEX_UNREACHABLE = "VectorIndexUnreachable"

    # A migration that was sent back.
    ROLLED_BACK = "RolledBack"
    ERROR_RATE = "ErrorRate"
    LATENCY = "Latency"
    AGREEMENT = "Agreement"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"

    # The cluster lacks something.
    KEDA_MISSING = "KedaMissing"
    AUTOSCALING_API_MISSING = "AutoscalingApiMissing"
    METRICS_API_MISSING = "MetricsApiMissing"
    SCALER_FAILING = "ScalerFailing"
    GATEWAY_API_MISSING = "GatewayApiMissing"
    POLICY_API_MISSING = "PolicyApiMissing"
