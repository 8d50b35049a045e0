"""``spec.gateway``: how the platform is reached, by whom, and how much."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Name, Part, Rule, SecretKey, part
from dino_operator.spec.workload import Workload

Annotations = Annotated[dict[str, str], Field(max_length=64)]
Host = Annotated[str, Field(max_length=253, pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]


class GatewayService(Part):
    """The Service before the gateway's pods."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field("ClusterIP", description="Type of the Service.")
    port: int = Field(80, ge=1, le=65535, description="Port of the Service.")
    annotations: Annotations | None = Field(None, description="Annotations, such as a load balancer's.")


class Ingress(Part):
    """An Ingress to the gateway."""

    host: Host = Field(description="Host name that is answered.")
    class_name: Name | None = Field(None, description="IngressClass. Not set: the cluster's default.")
    tls_secret_name: Name | None = Field(None, description="Secret with the certificate. Not set: plain HTTP.")
    annotations: Annotations | None = Field(None, description="Annotations, such as the allowed body size.")


class ParentRef(Part):
    """A Gateway of the Gateway API."""

    name: Name = Field(description="Name of the Gateway.")
    namespace: Name | None = Field(None, description="Its namespace. Not set: this one.")
    section_name: Name | None = Field(None, description="One listener of it. Not set: every one that fits.")


class Route(Part):
    """An HTTPRoute of the Gateway API; made where its CRD is installed."""

    parent_refs: list[ParentRef] = Field(
        min_length=1, max_length=8, description="Gateways.", json_schema_extra={"x-kubernetes-list-type": "atomic"}
    )
    hostnames: list[Host] | None = Field(
        None,
        max_length=16,
        description="Host names. Not set: those of the listener.",
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )


class Jwt(Part):
    """Bearer tokens of an identity provider."""

    jwks_url: str = Field(pattern=r"^https?://", max_length=2048, description="Where the public keys are.")
    issuer: str = Field(min_length=1, max_length=512, description="Required issuer.")
    audience: str = Field(min_length=1, max_length=512, description="Required audience.")


class Auth(Part):
    """Who may call."""

    enabled: bool = Field(True, description="false answers everybody. For closed networks only.")
    jwt: Jwt | None = Field(None, description="Accept tokens beside API keys.")


class RateLimits(Part):
    """Requests a minute for each caller; 0 is off."""

    default: int = Field(100, ge=0, le=1_000_000, description="Every request.")
    upload: int = Field(50, ge=0, le=1_000_000, description="Uploads.")
    batch: int = Field(10, ge=0, le=1_000_000, description="Batches.")


class Limits(Part):
    """Largest things that are taken."""

    max_file_size_mb: int = Field(50, ge=1, le=5000, alias="maxFileSizeMB", description="An upload, MB.")
    max_presigned_size_mb: int = Field(
        20_000, ge=1, le=5_000_000, alias="maxPresignedSizeMB", description="An upload by presigned URL, MB."
    )
    max_batch_size: int = Field(100, ge=2, le=10_000, description="Assets in a batch.")
    max_pixels: int = Field(100_000_000, ge=10_000, le=10_000_000_000, description="Pixels of a picture.")


class Webhooks(Part):
    """Being told of finished jobs and verdicts, as docs/webhooks.md describes it."""

    allow_private: list[Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s,]+$")]] | None = Field(
        None,
        max_length=64,
        description="Names, domains (.svc.cluster.local), addresses and networks inside that webhooks may reach, also "
        "over plain http. Not set: the public internet over https only.",
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
    secret_name: Name | None = Field(
        None, description="Secret with the keys that seal webhooks' secrets. Not set: they are kept as they are."
    )
    secret_keys_key: SecretKey = Field("DINO_WEBHOOK_SECRET_KEYS", description="Key in that Secret.")
    timeout_seconds: int = Field(10, ge=1, le=60, description="How long a receiver may take, seconds.")
    max_attempts: int = Field(10, ge=1, le=50, description="Attempts at a delivery before it is a dead letter.")
    first_retry_seconds: int = Field(
        5, ge=1, le=3600, description="Wait before the second attempt; later ones grow threefold, up to six hours."
    )
    disable_after_seconds: int = Field(
        432_000, ge=60, le=31_536_000, description="A webhook whose every attempt fails is switched off after this."
    )
    keep_deliveries_seconds: int = Field(
        2_592_000, ge=60, le=31_536_000, description="How long deliveries stay in the log."
    )


class Cors(Part):
    """Web pages of other origins."""

    origins: list[Annotated[str, Field(max_length=253)]] = Field(
        default_factory=list,
        max_length=64,
        description="Origins that may call, such as https://app.example.com, or *. None: off.",
        json_schema_extra={"x-kubernetes-list-type": "set", "default": []},
    )


class Gateway(Workload):
    """The HTTP service."""

    rules = (
        *Workload.rules,
        Rule(
            "!(has(self.ingress) && has(self.route))",
            "set either gateway.ingress or gateway.route: two ways in would answer the same host",
            lambda g: g.ingress is None or g.route is None,
            ".route",
        ),
    )
    service: GatewayService = part(GatewayService, "The Service before the pods.")
    ingress: Ingress | None = Field(None, description="An Ingress to it.")
    route: Route | None = Field(None, description="An HTTPRoute to it (Gateway API).")
    auth: Auth = part(Auth, "Who may call.")
    rate_limits: RateLimits = part(RateLimits, "Requests a minute for each caller.")
    limits: Limits = part(Limits, "Largest things that are taken.")
    cors: Cors = part(Cors, "Web pages of other origins.")
    webhooks: Webhooks | None = Field(
        None, description="Where webhooks may lead, how their secrets are kept, and when it is tried again."
    )
    public_url: Annotated[str, Field(pattern=r"^https?://", max_length=2048)] | None = Field(
        None, description="Address that answers point to. Not set: that of the request."
    )
    trusted_proxies: list[Annotated[str, Field(max_length=64)]] | None = Field(
        None,
        max_length=32,
        description="Addresses or networks of proxies whose X-Forwarded-* headers count.",
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
