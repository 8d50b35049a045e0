"""Environment variables of a user's own: what the resource has no field for, and what it does not take."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from dino_operator.spec.base import Name, Part, Rule, SecretKey

# Settings of the services: the resource has a field for each, or the operator sets it by what it renders. In any
# case of letters: who writes dino_auth means DINO_AUTH, and the services would not read it.
TAKEN = (
    "(?i)^((DINO|DINOV3|CLOUDFLARE_R2|S3|RATE_LIMIT)_.*|(MONGODB|REDIS|NATS|QDRANT)_URL|QDRANT_API_KEY|API_(HOST|PORT)|"
    "MAX_(FILE_SIZE_MB|BATCH_SIZE)|AWS_(ENDPOINT_URL_S3|ACCESS_KEY_ID|SECRET_ACCESS_KEY)|"
    "OTEL_EXPORTER_OTLP_ENDPOINT|HOME)$"
)
_TAKEN = re.compile(TAKEN)


class KeyRef(Part):
    """A key of a Secret or a ConfigMap of the same namespace."""

    name: Name = Field(description="Name of the object.")
    key: SecretKey = Field(description="Key in it.")
    optional: bool | None = Field(None, description="Pods start without it. Not set: they wait for it.")


class ValueFrom(Part):
    """Where a value is read from, once, when the pod starts."""

    rules = (
        Rule(
            "has(self.secretKeyRef) != has(self.configMapKeyRef)",
            "valueFrom needs exactly one of secretKeyRef and configMapKeyRef",
            lambda v: (v.secret_key_ref is None) != (v.config_map_key_ref is None),
        ),
    )
    secret_key_ref: KeyRef | None = Field(None, description="Key of a Secret; a change of it restarts the pods.")
    config_map_key_ref: KeyRef | None = Field(
        None, description="Key of a ConfigMap; a change of it is seen by pods that start later."
    )


class EnvVar(Part):
    """One variable, written as in a pod."""

    rules = (
        Rule(
            f"!self.name.matches('{TAKEN}')",
            "this variable is a setting of the platform: use its field (docs/crd.md says which variable has which "
            "field); env is for other programs' variables, such as HTTPS_PROXY",
            lambda v: _TAKEN.match(v.name) is None,
            ".name",
        ),
        Rule(
            "has(self.value) != has(self.valueFrom)",
            "a variable of env needs exactly one of value and valueFrom",
            lambda v: (v.value is None) != (v.value_from is None),
        ),
    )
    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="Name of the variable."
    )
    value: str | None = Field(None, max_length=8192, description="Its value. Anybody who reads the resource sees it.")
    value_from: ValueFrom | None = Field(None, description="Where its value is.")
