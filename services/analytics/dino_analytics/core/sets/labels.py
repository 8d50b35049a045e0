"""Labels of clusters that stay from run to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LEAST_OVERLAP = 0.3


def keep_labels(
    clusters: Sequence[Sequence[str]], representatives: Sequence[str], before: Mapping[str, str]
) -> tuple[list[str], list[bool]]:
    """Name each cluster as the one of the run before that shares most of its members.

    Pairs of clusters are matched greedily by the Jaccard overlap of their members, counted among the items that both
    runs know, from `LEAST_OVERLAP` on; a label is given once. A cluster without a match is named after its
    representative, so that the first runs of two deployments on the same assets agree as well.

    Args:
        clusters: ids of the members of each.
        representatives: of each, one id.
        before: label of every item that had one.

    Returns:
        A label for each cluster, and whether it was known before.
    """
    old_sizes: dict[str, int] = {}
    present = {item for members in clusters for item in members}
    for item, label in before.items():
        if item in present:
            old_sizes[label] = old_sizes.get(label, 0) + 1
    pairs: list[tuple[float, str, int]] = []
    for number, members in enumerate(clusters):
        shared: dict[str, int] = {}
        known = 0
        for item in members:
            if (label := before.get(item)) is not None:
                shared[label] = shared.get(label, 0) + 1
                known += 1
        for label, count in shared.items():
            overlap = count / (known + old_sizes[label] - count)
            if overlap >= LEAST_OVERLAP:
                pairs.append((overlap, label, number))
    names: list[str | None] = [None] * len(clusters)
    used: set[str] = set()
    for _, label, number in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if names[number] is None and label not in used:
            names[number] = label
            used.add(label)
    known_before = [name is not None for name in names]
    taken = used | set(before.values())
    for number, representative in enumerate(representatives):
        if names[number] is None:
            names[number] = _fresh(representative, taken)
            taken.add(names[number] or "")
    return [name or "" for name in names], known_before


def _fresh(representative: str, taken: set[str]) -> str:
    digits = representative.replace("-", "")
    length = 8
    while (name := f"c-{digits[:length]}") in taken and length < len(digits):
        length += 4
    number = 2
    while name in taken:
        name = f"c-{digits}-{number}"
        number += 1
    return name
