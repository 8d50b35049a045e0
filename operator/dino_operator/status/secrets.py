"""Secrets that are not there."""

from __future__ import annotations

from dino_operator.status.reasons import Reason
from dino_operator.status.sight import Sight, Verdict


def missing_secret(sight: Sight) -> Verdict | None:
    """Return what is missing, the first of it as the reason; None when everything is there."""
    missing = sight.seen.missing_secrets
    if not missing:
        return None
    namespace = sight.resource.metadata.namespace
    words = [
        f"Secret {item.name}, named by {item.field}, is missing in namespace {namespace}: make it"
        if item.key is None
        else f"Secret {item.name}, named by {item.field}, lacks key {item.key}: add it"
        for item in missing
    ]
    reason = Reason.MISSING_SECRET if missing[0].key is None else Reason.MISSING_SECRET_KEY
    return Verdict("False", reason, "; ".join(words) + ". Pods start by themselves when it is there.")
