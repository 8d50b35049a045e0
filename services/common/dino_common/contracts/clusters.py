"""Clusters: what belongs together."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Response, Unit
from .set_scope import SetRequest, SetResponse, set_operation

MOST_CLUSTERS = 500


class ClusterAssetsRequest(SetRequest):
    """Group the pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2]}]})

    method: Literal["density", "kmeans"] = Field(
        default="density", description="By density, where pictures may belong to no cluster; or a number of clusters."
    )
    k: int | None = Field(
        default=None, ge=1, le=200, description="Number of clusters of kmeans; left out, chosen by the silhouette."
    )
    min_size: int | None = Field(
        default=None, ge=2, le=10_000, description="Smallest cluster of density; left out, it follows the set's size."
    )
    series: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,64}$")] | None = Field(
        default=None,
        description="Runs of one series keep the labels of clusters that hold mostly the same pictures. Left out: "
        "runs of the same method over the same filters.",
    )
    describe: bool = Field(default=True, description="Describe the look of each cluster by its typical pictures.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.k is not None and self.method != "kmeans":
            raise ValueError("k belongs to the method kmeans")
        if self.min_size is not None and self.method != "density":
            raise ValueError("min_size belongs to the method density")
        return self


class ClusterColour(Response):
    """A colour of a cluster's pictures."""

    name: str
    hex: str
    share: Unit


class ClusterLook(Response):
    """What the pictures of a cluster look like."""

    palette: list[ClusterColour]
    light: str = Field(description="Where it comes from and how hard it is.")
    tone: str
    text: str = Field(description="One sentence.")
    pictures: int = Field(ge=1, description="That it was read from: the representative and its nearest.")


class Cluster(Response):
    """Pictures that belong together."""

    label: str = Field(description="Stays with the cluster from run to run of a series.")
    size: int = Field(ge=1)
    representative_asset_id: AssetId = Field(description="The picture most like the others: the medoid.")
    cohesion: Cosine = Field(description="Mean cosine of its pairs; 1 for a single picture.")
    nearest_label: str | None = Field(description="The cluster whose centre is nearest.")
    nearest_cosine: Cosine | None = Field(description="Of the two centres.")
    known: bool = Field(description="Whether the label comes from the run before.")
    look: ClusterLook | None = None


class ClusterItem(Response):
    """A picture and its cluster."""

    asset_id: AssetId
    label: str | None = Field(description="Null: it belongs to no cluster.")
    membership: Unit = Field(description="How firmly it belongs there; 1 at the core.")


class ClusterAssetsResponse(SetResponse):
    """Clusters from large to small, and the cluster of every picture."""

    method: Literal["density", "kmeans"]
    k: int = Field(ge=0, description="Number of clusters.")
    min_size: int | None
    silhouette: Cosine | None = Field(
        description="Of the clustered pictures (a sample of at most 2,000), by cosine distance; null for less than two "
        "clusters."
    )
    clusters: list[Cluster] = Field(description=f"At most {MOST_CLUSTERS}; the pictures of all are in the items.")
    unclustered: int = Field(ge=0)
    items: list[ClusterItem] = Field(description="By cluster, its core first; those of no cluster last.")


OPERATIONS = (
    set_operation(
        "cluster-assets",
        ClusterAssetsRequest,
        ClusterAssetsResponse,
        summary="Pictures that belong together",
        description="Each cluster with its most typical picture, how closely it holds together and what it looks "
        "like. The order in which pictures are named or were uploaded does not matter.",
    ),
)
