"""Clusters of a dendrogram that persist longest: the condensed tree of HDBSCAN."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.tree import Dendrogram

Selection = Literal["mass", "leaf"]
_NEAREST = 1e-6


@dataclass(slots=True)
class _Branch:
    """A cluster of the condensed tree; `birth` is the density (1 / distance) at which it parts from its parent."""

    parent: int
    birth: float
    children: list[int] = field(default_factory=list)
    stability: float = 0.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """`label` int64 (n,), −1 for items of no cluster; `membership` float64 (n,), 0–1, 1 at the densest place."""

    label: NDArray[np.int64]
    membership: NDArray[np.float64]


def persistent_clusters(
    tree: Dendrogram, min_size: int, *, selection: Selection = "mass", whole: float = 0.0
) -> Labelled:
    """Cut the tree into the clusters that persist over the widest range of densities.

    HDBSCAN (Campello, Moulavi, Zimek and Sander, TKDD 10, 2015): a branch is a cluster when it has `min_size` items;
    chosen are those of the largest excess of mass, or the leaves. The whole set is a cluster only when nothing parts
    from it, and then without the items that meet it farther away than `whole`.
    """
    count = len(tree.size) + 1
    branches, home, density = _condensed(tree, min_size)
    chosen = _select(branches, selection, whole)
    owner = np.full(len(branches), -1)
    for number, branch in enumerate(branches):
        # Parents stand before their children.
        owner[number] = number if number in chosen else (owner[branch.parent] if branch.parent >= 0 else -1)
    label = owner[home] if count else np.zeros(0, np.int64)
    if 0 in chosen:
        label = np.where((label == 0) & (density < 1.0 / max(whole, _NEAREST)), -1, label)
        if int((label == 0).sum()) < min_size:
            label = np.full(count, -1)
    membership = np.zeros(count)
    for number in sorted(chosen):
        mine = label == number
        if mine.any():
            membership[mine] = np.minimum(1.0, density[mine] / density[mine].max())
    return Labelled(label.astype(np.int64), membership)


def _condensed(tree: Dendrogram, min_size: int) -> tuple[list[_Branch], NDArray[np.int64], NDArray[np.float64]]:
    """Branches, the branch that each item falls out of, and the density at which it does."""
    count = len(tree.size) + 1
    left, right, distance = tree.left.tolist(), tree.right.tolist(), tree.distance.tolist()
    size = [1] * count + tree.size.tolist()
    order, start = _leaf_order(count, left, right, size)
    branches = [_Branch(-1, 0.0)]
    home = np.zeros(count, np.int64)
    density = np.zeros(count)

    def fall(node: int, branch: int, at: float) -> None:
        items = order[start[node] : start[node] + size[node]]
        home[items] = branch
        density[items] = at
        branches[branch].stability += size[node] * (at - branches[branch].birth)

    waiting = [(2 * count - 2, 0)] if count > 1 else []
    while waiting:
        node, branch = waiting.pop()
        if node < count:
            # A branch of items that are all equal ends in one of them.
            fall(node, branch, 1.0 / _NEAREST)
            continue
        merge = node - count
        at = 1.0 / max(distance[merge], _NEAREST)
        ends = (left[merge], right[merge])
        large = [end for end in ends if size[end] >= min_size]
        if len(large) == 2:
            branches[branch].stability += size[node] * (at - branches[branch].birth)
            for end in sorted(ends, key=lambda end: int(order[start[end] : start[end] + size[end]].min())):
                branches.append(_Branch(branch, at))
                branches[branch].children.append(len(branches) - 1)
                waiting.append((end, len(branches) - 1))
            continue
        for end in ends:
            if end in large:
                waiting.append((end, branch))
            else:
                fall(end, branch, at)
    return branches, home, density


def _leaf_order(
    count: int, left: list[int], right: list[int], size: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items so that those of every node stand together, and where each node's begin."""
    start = np.zeros(max(1, 2 * count - 1), np.int64)
    for merge in range(count - 2, -1, -1):
        start[left[merge]] = start[count + merge]
        start[right[merge]] = start[count + merge] + size[left[merge]]
    order = np.empty(count, np.int64)
    order[start[:count]] = np.arange(count)
    return order, start


def _select(branches: list[_Branch], selection: Selection, whole: float) -> set[int]:
    """Numbers of the chosen branches."""
    if len(branches) == 1:
        return {0} if whole > 0 else set()
    chosen = {number for number, branch in enumerate(branches) if not branch.children and number > 0}
    if selection == "mass":
        best = [branch.stability for branch in branches]
        for number in range(len(branches) - 1, 0, -1):
            below = branches[number].children
            if not below:
                continue
            of_children = sum(best[child] for child in below)
            if branches[number].stability >= of_children:
                chosen = {c for c in chosen if not _within(branches, c, number)} | {number}
            else:
                best[number] = of_children
    return chosen


def _within(branches: list[_Branch], number: int, ancestor: int) -> bool:
    while number > ancestor:
        number = branches[number].parent
    return number == ancestor
