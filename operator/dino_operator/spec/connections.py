"""``spec.connections``: the stores, each by reference to a Secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dino_operator.spec.base import Name, Part, Rule, SecretKey


class UrlRef(Part):
    """A URL in a Secret."""

    secret_name: Name | None = Field(None, description="Secret. Not set: connections.secretName.")
    key: SecretKey | None = Field(None, description="Key in it. Not set: the variable's name, such as MONGODB_URL.")


class NatsRef(UrlRef):
    """NATS with JetStream."""

    monitoring_endpoint: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9.-]+:[0-9]+$")] | None = Field(
        None, description="host:port of NATS' monitoring, which KEDA reads the length of the job queue from."
    )


class ObjectStorageRef(Part):
    """An S3-compatible store (R2, Amazon, MinIO)."""

    secret_name: Name | None = Field(None, description="Secret. Not set: connections.secretName.")
    endpoint_key: SecretKey = Field(
        "CLOUDFLARE_R2_ENDPOINT", description="Key of the endpoint; without it Amazon S3 is used."
    )
    access_key_id_key: SecretKey = Field(
        "CLOUDFLARE_R2_ACCESS_KEY_ID", description="Key of the access key; without it the pod's own role is used."
    )
    secret_access_key_key: SecretKey = Field("CLOUDFLARE_R2_SECRET_ACCESS_KEY", description="Key of the secret key.")
    bucket: Annotated[str, Field(min_length=3, max_length=63)] | None = Field(
        None, description="Bucket of the media. Not set: key CLOUDFLARE_R2_BUCKET_NAME of the Secret, else media."
    )
    public_url: Annotated[str, Field(pattern=r"^https?://", max_length=2048)] | None = Field(
        None, description="Where everybody may read the bucket. Not set: it is read through the gateway."
    )
    region: str = Field("auto", min_length=1, max_length=63, description="Region; auto is R2's.")
    presigned_url_seconds: int = Field(3600, ge=60, le=604_800, description="How long presigned URLs work, seconds.")


class VectorIndexRef(Part):
    """A Qdrant server; needed when several analytics pods run."""

    secret_name: Name | None = Field(None, description="Secret. Not set: connections.secretName.")
    url_key: SecretKey = Field("QDRANT_URL", description="Key of the URL.")
    api_key_key: SecretKey = Field("QDRANT_API_KEY", description="Key of the API key; it may be absent.")


_STORES = ("mongodb", "redis", "nats", "objectStorage")


def _all_named(connections: Connections) -> bool:
    parts = (connections.mongodb, connections.redis, connections.nats, connections.object_storage)
    if connections.vector_index is not None:
        parts = (*parts, connections.vector_index)
    return connections.secret_name is not None or all(p is not None and p.secret_name is not None for p in parts)


class Connections(Part):
    """Where the data is. One Secret for all is the short way: connections.secretName."""

    rules = (
        Rule(
            "has(self.secretName) || ("
            + " && ".join(f"has(self.{name}) && has(self.{name}.secretName)" for name in _STORES)
            + " && (!has(self.vectorIndex) || has(self.vectorIndex.secretName)))",
            "set connections.secretName (a Secret with MONGODB_URL, REDIS_URL, NATS_URL and CLOUDFLARE_R2_* keys), or "
            "secretName of each of mongodb, redis, nats and objectStorage (and vectorIndex where it is set)",
            lambda c: _all_named(c),
        ),
    )
    secret_name: Name | None = Field(
        None, description="Secret that holds every connection, under the names of the environment variables."
    )
    mongodb: UrlRef | None = Field(None, description="MongoDB: documents and features. Key MONGODB_URL.")
    redis: UrlRef | None = Field(None, description="Redis or Valkey: cache and rate limits. Key REDIS_URL.")
    nats: NatsRef | None = Field(None, description="NATS with JetStream: the bus. Key NATS_URL.")
    object_storage: ObjectStorageRef | None = Field(None, description="Object store of the media.")
    vector_index: VectorIndexRef | None = Field(
        None, description="Qdrant server. Not set: analytics keeps the index in files, in one pod."
    )
