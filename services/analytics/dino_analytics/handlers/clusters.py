"""Handler of the job cluster-assets."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import orjson

from dino_analytics.core.sets.clusters import default_min_size
from dino_analytics.core.sets.labels import keep_labels
from dino_analytics.in_force import InForce
from dino_analytics.pictures import Pictures
from dino_analytics.sets.beside import work_on
from dino_analytics.sets.cluster_look import TYPICAL, cluster_look
from dino_analytics.sets.gather import Gathered
from dino_analytics.sets.job import SetJobs, counting, head
from dino_analytics.sets.label_store import LabelStore
from dino_common.bus.job_context import JobContext
from dino_common.contracts.clusters import (
    MOST_CLUSTERS,
    Cluster,
    ClusterAssetsRequest,
    ClusterAssetsResponse,
    ClusterItem,
)
from dino_common.stores.assets import AssetStore

_DESCRIBED = 60
"""Clusters whose look is described, the largest: each reads four pictures."""


class ClusterHandlers:
    """Groups a set and names its clusters as the run before did."""

    def __init__(
        self, jobs: SetJobs, labels: LabelStore, assets: AssetStore, pictures: Pictures, in_force: InForce
    ) -> None:
        """Use these."""
        self._jobs, self._labels, self._assets = jobs, labels, assets
        self._pictures, self._in_force = pictures, in_force

    async def cluster(self, job: JobContext, request: ClusterAssetsRequest) -> ClusterAssetsResponse:
        """Run cluster-assets."""
        began = time.perf_counter()
        if (page := await self._jobs.next_page(request, "cluster-assets", ClusterAssetsResponse)) is not None:
            return page
        gathered = await self._jobs.gather(job, request)
        total = len(gathered.ids)
        min_size = (request.min_size or default_min_size(total)) if request.method == "density" else None
        found = await work_on(
            "clusters",
            gathered.rows,
            {
                "method": request.method,
                "k": request.k,
                "min_size": min_size,
                "alike": self._in_force.similarity(gathered.model).value,
            },
            counting(job, 0.3, 0.8, total),
        )
        names, known = await self._named(request, gathered, found)
        clusters = await self._described(job, request, gathered, found, names, known)
        items = _items(gathered, found, names)
        await job.advance(max(1, total), max(1, total), "done")
        silhouette = found["silhouette"]
        fields = head(gathered) | {
            "method": request.method,
            "k": len(names),
            "min_size": min_size,
            "silhouette": None if silhouette is None else round(silhouette, 4),
            "clusters": [cluster.model_dump() for cluster in clusters],
            "unclustered": len(found["rest"]),
        }
        return await self._jobs.first_page(request, "cluster-assets", ClusterAssetsResponse, fields, items, began)

    async def _named(
        self, request: ClusterAssetsRequest, gathered: Gathered, found: dict[str, Any]
    ) -> tuple[list[str], list[bool]]:
        series = series_of(request)
        ids = gathered.ids
        members = [[ids[row] for row in rows] for rows in found["members"]]
        representatives = [ids[row] for row in found["representative"]]
        names, known = keep_labels(members, representatives, await self._labels.last(series))
        labels = {asset_id: name for name, group in zip(names, members, strict=True) for asset_id in group}
        await self._labels.keep(series, labels)
        return names, known

    async def _described(
        self,
        job: JobContext,
        request: ClusterAssetsRequest,
        gathered: Gathered,
        found: dict[str, Any],
        names: list[str],
        known: list[bool],
    ) -> list[Cluster]:
        progress = counting(job, 0.8, 1.0, len(gathered.ids))
        clusters = []
        for number, name in enumerate(names[:MOST_CLUSTERS]):
            nearest = int(found["nearest"][number])
            look = None
            if request.describe and number < _DESCRIBED:
                await progress(number / min(len(names), _DESCRIBED), "describing clusters")
                rows = [found["representative"][number], *found["members"][number][:TYPICAL].tolist()]
                ids = [gathered.ids[row] for row in dict.fromkeys(rows)][:TYPICAL]
                records = await self._assets.get_many(ids)
                look = await cluster_look(self._pictures, [records[a] for a in ids if a in records])
            clusters.append(
                Cluster(
                    label=name,
                    size=len(found["members"][number]),
                    representative_asset_id=gathered.ids[found["representative"][number]],
                    cohesion=round(found["cohesion"][number], 4),
                    nearest_label=names[nearest] if nearest >= 0 else None,
                    nearest_cosine=round(found["nearest_cosine"][number], 4) if nearest >= 0 else None,
                    known=known[number],
                    look=look,
                )
            )
        return clusters


def series_of(request: ClusterAssetsRequest) -> str:
    """Name under which the labels of a run are kept for the next one."""
    if request.series is not None:
        return f"series:{request.series}"
    if request.asset_ids is not None:
        return f"{request.method}:ids"
    conditions = request.filters.model_dump(mode="json", exclude_none=True) if request.filters else {}
    digest = hashlib.blake2b(orjson.dumps(conditions, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
    return f"{request.method}:{digest}"


def _items(gathered: Gathered, found: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    items = [
        ClusterItem(asset_id=gathered.ids[row], label=name, membership=round(float(share), 4)).model_dump()
        for name, rows, shares in zip(names, found["members"], found["membership"], strict=True)
        for row, share in zip(rows.tolist(), shares.tolist(), strict=True)
    ]
    rest = [{"asset_id": gathered.ids[row], "label": None, "membership": 0.0} for row in found["rest"].tolist()]
    return items + rest
