"""``spec.analytics``: similarity, search, quality and judgement."""

from __future__ import annotations

from pydantic import Field

from dino_operator.spec.base import Name, Part, Quantity, Rule, part
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


class Analytics(Workload):
    """The judging and searching service. One pod holds the index in files; several need connections.vectorIndex."""

    rules = Workload.rules
    storage: IndexStorage = part(IndexStorage, "The volume of the vector index.")
