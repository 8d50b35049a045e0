"""Handler of the job analyze-patterns."""

from __future__ import annotations

import asyncio
import string
import time
from typing import Any

import numpy as np

from dino_analytics.core.sets.clusters import default_min_size
from dino_analytics.draw.pattern_map import MapPoint, draw_map
from dino_analytics.in_force import InForce
from dino_analytics.pictures import Pictures
from dino_analytics.sets.beside import work_on
from dino_analytics.sets.gather import Gathered
from dino_analytics.sets.job import SetJobs, counting, head
from dino_analytics.sets.thumbs import thumbs
from dino_common.bus.job_context import JobContext
from dino_common.contracts.patterns import (
    AnalyzePatternsRequest,
    AnalyzePatternsResponse,
    CoverageGap,
    CoverageStep,
    Notable,
    PatternCluster,
)
from dino_common.stores.assets import AssetStore

_STEPS = (1, 2, 3, 5, 8, 13, 20, 30, 50)


class PatternHandlers:
    """Looks at a set as a whole."""

    def __init__(self, jobs: SetJobs, assets: AssetStore, pictures: Pictures, in_force: InForce) -> None:
        """Use these."""
        self._jobs, self._assets, self._pictures, self._in_force = jobs, assets, pictures, in_force

    async def analyze(self, job: JobContext, request: AnalyzePatternsRequest) -> AnalyzePatternsResponse:
        """Run analyze-patterns."""
        began = time.perf_counter()
        if (page := await self._jobs.next_page(request, "analyze-patterns", AnalyzePatternsResponse)) is not None:
            return page
        gathered = await self._jobs.gather(job, request, 0.2)
        total = len(gathered.ids)
        alike = self._in_force.similarity(gathered.model).value
        found = await work_on(
            "patterns",
            gathered.rows,
            {
                "neighbours": request.neighbours,
                "min_size": default_min_size(total),
                "alike": alike,
                "seed": request.seed,
            },
            counting(job, 0.2, 0.9, total),
        )
        names = [cluster_name(number) for number in range(len(found["members"]))]
        drawing = None
        if request.draw and total:
            await counting(job, 0.9, 1.0, total)(0.0, "drawing the map")
            drawing = await self._drawn(gathered, found, names)
        await job.advance(max(1, total), max(1, total), "done")
        fields = head(gathered) | _summary(gathered, found, names) | {"threshold": alike, "drawing": drawing}
        items = _items(gathered, found, names)
        return await self._jobs.first_page(request, "analyze-patterns", AnalyzePatternsResponse, fields, items, began)

    async def _drawn(self, gathered: Gathered, found: dict[str, Any], names: list[str]) -> dict[str, Any]:
        shown = list(dict.fromkeys([*found["representative"][:12], *found["chosen"][:12]]))
        ids = [gathered.ids[row] for row in shown]
        small = await thumbs(self._pictures, await self._assets.get_many(ids), 72)
        pictures = {row: small[asset_id] for row, asset_id in zip(shown, ids, strict=True) if asset_id in small}
        points = MapPoint(found["places"], found["label"], found["outlier"])
        sizes = [len(members) for members in found["members"]]
        drawing = await asyncio.to_thread(draw_map, points, names, sizes, pictures)
        return drawing.model_dump()


def cluster_name(number: int) -> str:
    """A, B, …, Z, AA, AB, …"""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = string.ascii_uppercase[letter] + name
    return name


def _summary(gathered: Gathered, found: dict[str, Any], names: list[str]) -> dict[str, Any]:
    ids, total = gathered.ids, len(gathered.ids)
    places, covered = found["places"], found["covered"]
    sizes = [len(members) for members in found["members"]]
    outliers = np.flatnonzero(found["outlier"])
    outliers = outliers[np.argsort(found["near"][outliers], kind="stable")][:50]
    central = np.argsort(-np.round(found["central"], 6), kind="stable")[:10]
    return {
        "clusters": [
            PatternCluster(
                label=names[number],
                size=sizes[number],
                share=round(sizes[number] / total, 4),
                representative_asset_id=ids[row],
                cohesion=round(found["cohesion"][number], 4),
                x=round(float(places[found["members"][number], 0].mean()), 4),
                y=round(float(places[found["members"][number], 1].mean()), 4),
            ).model_dump()
            for number, row in enumerate(found["representative"])
        ],
        "outliers": [_notable(ids[row], found["near"][row]) for row in outliers],
        "most_representative": [_notable(ids[row], found["central"][row]) for row in central],
        "coverage": [
            CoverageStep(pictures=count, covered=round(min(1.0, covered[count - 1]), 4)).model_dump()
            for count in sorted({*(step for step in _STEPS if step <= len(covered)), len(covered)} - {0})
        ],
        "representatives": [ids[row] for row in found["chosen"]],
        "gaps": [_gap(gap, ids, names, sizes, total) for gap in found["gaps"]],
        "diversity": round(found["diversity"], 1),
        "placed": found["placed"],
    }


def _notable(asset_id: str, value: float) -> dict[str, Any]:
    return Notable(asset_id=asset_id, value=round(float(value), 4)).model_dump()


def _gap(gap: dict[str, Any], ids: list[str], names: list[str], sizes: list[int], total: int) -> dict[str, Any]:
    members, cluster = gap["members"], int(gap["cluster"])
    count = len(members)
    text = f"{'One picture' if count == 1 else f'{count} pictures'} of this kind among {total}"
    text += (
        f"; nearest is cluster {names[cluster]} with {sizes[cluster]} (cosine {gap['cosine']:.2f})."
        if cluster >= 0
        else "; the set has no clusters."
    )
    return CoverageGap(
        asset_ids=[ids[row] for row in members],
        pictures=count,
        nearest_cluster=names[cluster] if cluster >= 0 else None,
        nearest_cosine=round(gap["cosine"], 4) if cluster >= 0 else None,
        text=text,
    ).model_dump()


def _items(gathered: Gathered, found: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    nearest = found["nearest_cosine_of"]
    return [
        {
            "asset_id": asset_id,
            "x": round(float(found["places"][row, 0]), 4),
            "y": round(float(found["places"][row, 1]), 4),
            "cluster": names[found["label"][row]] if found["label"][row] >= 0 else None,
            "uniqueness": round(float(found["uniqueness"][row]), 1),
            "representativeness": round(float(found["representativeness"][row]), 1),
            "nearest_cosine": round(float(max(-1.0, nearest[row])), 4) if len(nearest) else None,
            "outlier": bool(found["outlier"][row]),
        }
        for row, asset_id in enumerate(gathered.ids)
    ]
