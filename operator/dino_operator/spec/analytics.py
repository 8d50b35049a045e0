"""``spec.analytics``: similarity, search, quality and judgement."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dino_operator.spec.base import Name, Part, Quantity, Rule, SecretKey, part
from dino_operator.spec.workload import Workload


class IndexStorage(Part):
    """The volume of the vector index; used when connections.vectorIndex is not set."""

    rules = (
        Rule(
            "has(self.storageClass) == has(oldSelf.storageClass) && "
            "(!has(self.storageClass) || self.storageClass == oldSelf.storageClass)",
            "analytics.storage.storageClass cannot change, as that of a claim cannot: make a new DinoDeployment (its "
            "index is made again from MongoDB), or set connections.vectorIndex",
        ),
    )
    size: Quantity = Field("10Gi", description="Size of the claim. It may grow where the storage class allows.")
    storage_class: Name | None = Field(None, description="Storage class. Not set: the default. Cannot change.")


class GeneratorRef(Part):
    """The image generator of characters/{id}/generate-image, as docs/generator.md describes it."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=2048)] = Field(
        description="Where pictures are made. No user or password in it."
    )
    timeout_seconds: int = Field(120, ge=1, le=1800, description="Longest that one picture may take.")
    secret_name: Name | None = Field(None, description="Secret with its key. Not set: no key is sent.")
    api_key_key: SecretKey = Field("DINO_GENERATOR_API_KEY", description="Key in that Secret.")


class Analytics(Workload):
    """The judging and searching service. One pod holds the index in files; several need connections.vectorIndex."""

    rules = Workload.rules
    decode_threads: int = Field(
        0, ge=0, le=256, description="Threads that decode pictures. 0: as many as the node has cores."
    )
    storage: IndexStorage = part(IndexStorage, "The volume of the vector index.")
    generator: GeneratorRef | None = Field(
        None, description="Image generator. Not set: generate-image answers 409 and says so."
    )
