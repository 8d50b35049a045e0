"""What is wrong anywhere, though clients may be answered."""

from __future__ import annotations

from collections.abc import Iterator

from dino_operator.render.notices import notices
from dino_operator.rollout.faults import fault_of
from dino_operator.status.progress import stalled
from dino_operator.status.reasons import Reason
from dino_operator.status.secrets import missing_secret
from dino_operator.status.sight import Sight, Verdict

_MOST = 6


def degraded(sight: Sight, model: Verdict, stores: Verdict) -> Verdict:
    """Return whether anything is wrong; the worst gives the reason, the message names all."""
    found: list[tuple[str, str]] = []
    for reason, message in _wrong(sight, model, stores):
        if all(message != said for _, said in found):
            found.append((reason, message))
    if not found:
        return Verdict("False", Reason.AS_EXPECTED, "Nothing is known to be wrong.")
    more = f" And {len(found) - _MOST} more." if len(found) > _MOST else ""
    return Verdict("True", found[0][0], " ".join(message for _, message in found[:_MOST]) + more)


def _wrong(sight: Sight, model: Verdict, stores: Verdict) -> Iterator[tuple[str, str]]:
    seen = sight.seen
    if (missing := missing_secret(sight)) is not None:
        yield missing.reason, missing.message
    if stores.status == "False":
        yield stores.reason, stores.message
    if model.reason == Reason.SELF_TEST_FAILED:
        yield model.reason, model.message
    for refused in seen.refused:
        yield Reason.CHILD_REFUSED, f"The API server refuses {refused.child}: {refused.message}"
    for deployment in sorted(seen.deployments, key=lambda d: d.name):
        pods = seen.pods_of(deployment.service, deployment.key)
        if (fault := fault_of(pods)) is not None:
            yield fault.reason, fault.message
        elif (why := stalled(deployment)) is not None:
            yield Reason.STALLED, f"{deployment.name} does not go on: {why}"
        for condition in deployment.conditions:
            if condition.type == "ReplicaFailure" and condition.status == "True":
                yield Reason.PODS_NOT_CREATED, f"Pods of {deployment.name} are not created: {condition.message}"
    migration = sight.state.migration
    if migration is not None and migration.phase == "RolledBack" and migration.failed is not None:
        yield Reason.ROLLED_BACK, f"{migration.failed.reason}: {migration.failed.message}"
    for notice in notices(sight.resource, sight.facts):
        if notice.aspect in ("Exposure", "DisruptionBudget"):
            yield notice.reason, notice.message
