"""Whether the stores answer: by the services' own reasons, by how pods ended, and by the operator's link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dino_operator.rollout.faults import last_words
from dino_operator.status.reasons import ConditionType, Reason
from dino_operator.status.secrets import missing_secret
from dino_operator.status.sight import Sight, Verdict

_STORES = (
    (Reason.NATS_UNREACHABLE, "NATS", "connections.nats", re.compile(r"\bNATS\b|nats://", re.I)),
    (Reason.MONGODB_UNREACHABLE, "MongoDB", "connections.mongodb", re.compile(r"mongo", re.I)),
    (Reason.REDIS_UNREACHABLE, "Redis", "connections.redis", re.compile(r"redis|valkey", re.I)),
    (
        Reason.OBJECT_STORAGE_UNREACHABLE,
        "The object store",
        "connections.objectStorage",
        re.compile(r"object stor|\bS3\b|\bbucket\b", re.I),
    ),
    (Reason.VECTOR_INDEX_UNREACHABLE, "The vector index", "connections.vectorIndex", re.compile(r"qdrant", re.I)),
)
_TROUBLE = re.compile(
    r"does not answer|not connected|cannot be (reached|opened)|unreachable|refuse|timed? ?out|unknown host|"
    r"name resolution|not known|no servers|no route|denied|credentials",
    re.I,
)


def stores_reachable(sight: Sight) -> Verdict:
    """Return whether every store answers those that need it."""
    bus = sight.seen.bus
    if (missing := missing_secret(sight)) is not None and not sight.serving_answers:
        return missing
    if not bus.asked:
        return sight.before(ConditionType.STORES_REACHABLE) or Verdict(
            "Unknown", Reason.NOT_ASKED, "The services have not been asked yet."
        )
    told = list(_told(sight))
    found: list[tuple[Reason, str]] = []
    for reason, name, field, pattern in _STORES:
        words = next(((who, text) for who, text in told if pattern.search(text) and _TROUBLE.search(text)), None)
        if words is not None:
            found.append((reason, f"{name} ({field}) does not answer {words[0]}: {words[1].rstrip('.')}."))
    if found:
        return Verdict("False", found[0][0], " ".join(text for _, text in found))
    if not any(True for _ in _heard(sight)):
        return Verdict("Unknown", Reason.NO_ANSWER, "No service answers that could tell of its stores.")
    return Verdict("True", Reason.ALL_REACHABLE, "The services reach NATS and their stores.")


def _heard(sight: Sight) -> Iterator[str]:
    for statuses in sight.seen.bus.inference.values():
        yield from (status.instance for status in statuses)
    if sight.seen.bus.analytics is not None:
        yield "analytics"
    if sight.seen.bus.gateway is not None:
        yield "the gateway"


def _told(sight: Sight) -> Iterator[tuple[str, str]]:
    """Yield who had trouble and in which words."""
    seen, bus = sight.seen, sight.seen.bus
    if not bus.reachable:
        yield "the operator", f"NATS cannot be reached: {bus.error or 'no answer'}"
    for statuses in bus.inference.values():
        for status in statuses:
            yield from ((f"pod {status.instance}", reason) for reason in status.reasons)
    if bus.analytics is not None:
        yield from (("analytics", reason) for reason in bus.analytics.reasons)
    if bus.gateway is not None:
        yield from (("the gateway", reason) for reason in bus.gateway.reasons)
    for pod in seen.pods:
        if pod.ready or pod.deleting:
            continue
        for container in pod.containers:
            # The weights come from a store of their own, which has reasons of its own.
            if container.init or container.exit_code in (None, 0):
                continue
            lines = last_words(container.ended_message)
            yield from ((f"pod {pod.name}", line[:500]) for line in reversed(lines) if _TROUBLE.search(line))
