"""The search for copies in a set: by hash, by features, then by pixels; and what is said of each group."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from dino_analytics.core.sets.copies import CopyFacts, Groups, best_copy
from dino_analytics.core.sets.prints import Fit, Print, compare_prints
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.sets.beside import Progress, work_on
from dino_analytics.sets.gather import Gathered
from dino_analytics.sets.prints import Prints
from dino_analytics.sets.shared_rows import shared_rows
from dino_common.bus.context import Context
from dino_common.contracts.duplicates import Copy, DuplicateGroup
from dino_common.errors import DinoError
from dino_common.stores.assets import AssetRecord, AssetStore

_PAIRS_AT_ONCE = 128
_PRINTS_KEPT = 4000
_JUDGED_GROUPS, _JUDGED_COPIES = 200, 8
_SHOWN_COPIES = 100
_ASKED = 8  # of the assets with one content, for one that is still there
_CROP_COSINE = 0.72
"""Features of a part and its whole are at least so alike; looking for parts in other pairs would only cost time."""


@dataclass(slots=True)
class Copies:
    """What was found.

    Attributes:
        contents: hash of each different content, rising; assets: rows of the set with it, by place in ``contents``.
        groups: places in ``contents`` that are copies of each other.
        fits: how verified pairs of places fit; cosines: of their features.
        compared: pairs whose pixels were compared; unreadable: contents that could not be decoded.
        deleted: assets that were found deleted meanwhile, and are in no group.
    """

    contents: list[str]
    assets: list[list[int]]
    groups: list[list[int]] = field(default_factory=list)
    fits: dict[tuple[int, int], Fit] = field(default_factory=dict)
    cosines: dict[tuple[int, int], float] = field(default_factory=dict)
    compared: int = 0
    unreadable: int = 0
    deleted: set[str] = field(default_factory=set)


class CopySearch:
    """Searches one set after the other."""

    def __init__(self, prints: Prints, assets: AssetStore, quality: QualityHandlers) -> None:
        """Use these."""
        self._prints, self._assets, self._quality = prints, assets, quality

    async def run(
        self, gathered: Gathered, *, min_cosine: float | None, min_match: float, progress: Progress
    ) -> Copies:
        """Return the groups of a set; with no ``min_cosine`` only equal bytes are looked for."""
        place: dict[str, int] = {sha256: n for n, sha256 in enumerate(sorted(set(gathered.sha256)))}
        copies = Copies(list(place), [[] for _ in place])
        for row, sha256 in enumerate(gathered.sha256):
            copies.assets[place[sha256]].append(row)
        groups = Groups(len(place))
        if min_cosine is not None and len(place) > 1:
            await self._near(gathered, copies, groups, min_cosine, min_match, progress)
        copies.groups = [g for g in groups.all() if len(g) > 1 or len(copies.assets[g[0]]) > 1]
        return copies

    async def _near(
        self,
        gathered: Gathered,
        copies: Copies,
        groups: Groups,
        min_cosine: float,
        min_match: float,
        progress: Progress,
    ) -> None:
        rows = shared_rows(len(copies.contents), gathered.rows.shape[1])
        rows[:] = gathered.rows[[assets[0] for assets in copies.assets]]

        async def searching(share: float, stage: str) -> None:
            await progress(0.4 * share, stage)

        found = await work_on("candidates", rows, {"min_cosine": min_cosine}, searching)
        pairs, cosines = found["pairs"], found["cosine"]
        kept = _Kept(self._prints, self._assets, gathered, copies)
        start = 0
        while start < len(pairs):
            await progress(0.4 + 0.6 * start / len(pairs), "comparing pixels")
            chunk: list[tuple[int, int, float]] = []
            while start < len(pairs) and len(chunk) < _PAIRS_AT_ONCE:
                one, other = int(pairs[start, 0]), int(pairs[start, 1])
                # What is known to be one picture already need not be compared again.
                if not groups.together(one, other):
                    chunk.append((one, other, float(cosines[start])))
                start += 1
            prints = await kept.of({place for one, other, _ in chunk for place in (one, other)})
            fits = await asyncio.to_thread(_compared, chunk, prints, min_match)
            copies.compared += len(chunk)
            for (one, other, cosine), fit in zip(chunk, fits, strict=True):
                if fit is not None:
                    copies.fits[one, other], copies.cosines[one, other] = fit, cosine
                    groups.join(one, other)
        copies.unreadable = kept.unreadable

    async def described(
        self, context: Context, gathered: Gathered, copies: Copies, progress: Progress
    ) -> list[DuplicateGroup]:
        """Say of each group which copy is the best and how the others relate to it; the largest groups first."""
        found: list[DuplicateGroup] = []
        order = sorted(copies.groups, key=lambda g: (-sum(len(copies.assets[p]) for p in g), copies.contents[g[0]]))
        fitting = await asyncio.to_thread(_best_fits, copies)
        for number, group in enumerate(order):
            await progress(number / len(order), "choosing the best copies")
            described = await self._group(context, gathered, copies, fitting, group, judged=number < _JUDGED_GROUPS)
            if described is not None:
                found.append(described)
        return found

    async def _group(
        self,
        context: Context,
        gathered: Gathered,
        copies: Copies,
        fitting: dict[int, tuple[int, int]],
        group: list[int],
        *,
        judged: bool,
    ) -> DuplicateGroup | None:
        place_of = {gathered.ids[row]: place for place in group for row in copies.assets[place]}
        records = await self._assets.get_many(list(place_of))
        copies.deleted |= place_of.keys() - records.keys()
        if len(records) < 2:
            return None
        shown = [records[asset_id] for asset_id in sorted(records)]
        qualities = await self._qualities(context, shown) if judged else {}
        facts = [
            CopyFacts(
                record.asset_id,
                (record.width or 0) * (record.height or 0),
                record.file_size,
                qualities.get(record.sha256),
                record.upload_timestamp.timestamp(),
            )
            for record in shown
        ]
        at, reason = best_copy(facts)
        best = shown[at]
        by_content = {record.sha256: record.file_size for record in shown}
        others = [record for record in shown if record.asset_id != best.asset_id]
        related = [_related(copies, fitting, place_of, best, record, qualities) for record in others]
        related.sort(key=lambda copy: (-(copy.match or 0.0), copy.asset_id))
        return DuplicateGroup(
            best_asset_id=best.asset_id,
            reason=reason,
            size=len(shown),
            copies=[_copy(best, "best", None, None, qualities), *related][:_SHOWN_COPIES],
            redundant_bytes=sum(by_content.values()) - by_content[best.sha256],
        )

    async def _qualities(self, context: Context, records: list[AssetRecord]) -> dict[str, float]:
        """Quality scores by content, where the number of pixels does not decide alone."""
        most = max((r.width or 0) * (r.height or 0) for r in records)
        contents = {r.sha256: r for r in records if (r.width or 0) * (r.height or 0) >= 0.98 * most}
        if len(contents) < 2:
            return {}
        found = {}
        for sha256, record in list(contents.items())[:_JUDGED_COPIES]:
            try:
                found[sha256] = (await self._quality.judge(context, record.asset_id, None)).quality_score
            except DinoError as error:
                if error.passing:
                    raise
        return found


class _Kept:
    """Prints at hand, the least used ones dropped."""

    def __init__(self, prints: Prints, assets: AssetStore, gathered: Gathered, copies: Copies) -> None:
        self._prints, self._assets, self._gathered, self._copies = prints, assets, gathered, copies
        self._kept: OrderedDict[int, Print | None] = OrderedDict()
        self.unreadable = 0

    async def of(self, places: set[int]) -> dict[int, Print | None]:
        missing = sorted(place for place in places if place not in self._kept)
        # Any asset with the content will do, should another have been deleted meanwhile.
        ids = {place: [self._gathered.ids[row] for row in self._copies.assets[place][:_ASKED]] for place in missing}
        records = await self._assets.get_many([asset_id for named in ids.values() for asset_id in named])
        self._copies.deleted |= {one for named in ids.values() for one in named if one not in records}
        living = {place: [records[one] for one in named if one in records] for place, named in ids.items()}
        prints = await self._prints.of([named[0] for named in living.values() if named])
        for place in missing:
            self._kept[place] = prints.get(self._copies.contents[place])
            self.unreadable += self._kept[place] is None and bool(living[place])
        found = {place: self._kept[place] for place in places}
        for place in places:
            self._kept.move_to_end(place)
        while len(self._kept) > _PRINTS_KEPT:
            self._kept.popitem(last=False)
        return found


def _compared(
    chunk: list[tuple[int, int, float]], prints: dict[int, Print | None], min_match: float
) -> list[Fit | None]:
    fits: list[Fit | None] = []
    for one, other, cosine in chunk:
        first, second = prints[one], prints[other]
        if first is None or second is None:
            fits.append(None)
        else:
            fits.append(compare_prints(first, second, min_match, crops=cosine >= _CROP_COSINE))
    return fits


def _best_fits(copies: Copies) -> dict[int, tuple[int, int]]:
    """Return, of each place, the pair in which it fits best."""
    found: dict[int, tuple[int, int]] = {}
    for pair, fit in copies.fits.items():
        for place in pair:
            if place not in found or (fit.match, pair) > (copies.fits[found[place]].match, found[place]):
                found[place] = pair
    return found


def _related(
    copies: Copies,
    fitting: dict[int, tuple[int, int]],
    place_of: dict[str, int],
    best: AssetRecord,
    record: AssetRecord,
    qualities: dict[str, float],
) -> Copy:
    if record.sha256 == best.sha256:
        return _copy(record, "exact", 1.0, 1.0, qualities)
    mine, theirs = place_of[record.asset_id], place_of[best.asset_id]
    direct = (min(mine, theirs), max(mine, theirs))
    pair = direct if direct in copies.fits else fitting[mine]
    fit = copies.fits[pair]
    return _copy(record, fit.relation, copies.cosines[pair], fit.match, qualities)


def _copy(
    record: AssetRecord, relation: str, cosine: float | None, match: float | None, qualities: dict[str, float]
) -> Copy:
    return Copy.model_validate(
        {
            "asset_id": record.asset_id,
            "filename": record.filename,
            "width": record.width,
            "height": record.height,
            "file_size": record.file_size,
            "quality_score": qualities.get(record.sha256),
            "relation": relation,
            "cosine": None if cosine is None else round(float(np.clip(cosine, -1, 1)), 4),
            "match": None if match is None else round(min(1.0, match), 4),
        }
    )
