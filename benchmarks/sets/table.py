"""The measured figures as a page."""

from __future__ import annotations

from typing import Any


def as_markdown(found: dict[str, Any]) -> str:
    parts = [
        "# Sets of pictures",
        "",
        "Written by `python -m benchmarks.sets`; see docs/sets.md.",
    ]
    for name, table in (
        ("clusters", _clusters),
        ("duplicates", _duplicates),
        ("anomalies", _anomalies),
        ("scale", _scale),
    ):
        if name in found:
            parts += ["", *table(found[name])]
    return "\n".join(parts) + "\n"


def _clusters(found: dict[str, Any]) -> list[str]:
    lines = ["## Clusters", "", "Held-out half; six views of each object, ten variants of each photograph."]
    for name, part in found.items():
        lines += [
            "",
            f"{part['pictures']:,} {name}, {part['subjects']} subjects:",
            "",
            "| method | adjusted Rand index | of the clustered alone | clusters | unclustered |",
            "|---|---|---|---|---|",
        ]
        for method, m in part["methods"].items():
            share = f"{100 * m['unclustered']:.0f} %"
            lines.append(f"| {method} | {m['ari']} | {m['ari_of_clustered']} | {m['clusters']} | {share} |")
    return lines


def _duplicates(found: dict[str, Any]) -> list[str]:
    changes = list(next(iter(found["methods"].values()))["by_change"])
    return [
        "## Copies",
        "",
        f"{found['pictures']} pictures: {found['originals']} photographs, each changed in {len(changes)} ways, and "
        f"{found['alike']} pictures that are alike and no copies (views of one object, a stereo pair).",
        "",
        "| method | precision | recall, copy to its original | recall, all pairs |",
        "|---|---|---|---|",
        *(
            f"| {method} | {m['precision']} | {m['recall_of_copies']} | {m['recall_of_pairs']} |"
            for method, m in found["methods"].items()
        ),
        "",
        "Recall by what was done to the copy:",
        "",
        "| method | " + " | ".join(changes) + " |",
        "|---" * (len(changes) + 1) + "|",
        *(
            f"| {method} | " + " | ".join(f"{m['by_change'][change]:.2f}" for change in changes) + " |"
            for method, m in found["methods"].items()
        ),
    ]


def _anomalies(found: dict[str, Any]) -> list[str]:
    kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in found["found_by_kind"].items())
    return [
        "## Anomalies",
        "",
        f"{found['scenes']} scenes, {found['references_each']} reference views each, {found['proper']} proper views "
        f"and {found['defects']} with a planted defect of about 10 to 18 % of the side.",
        "",
        "| measure | value |",
        "|---|---|",
        f"| ROC-AUC of the image score, mean of scenes | {found['auroc_mean_of_scenes']} |",
        f"| the same, worst scene | {found['auroc_worst_scene']} |",
        f"| ROC-AUC of the whole picture's features | {found['auroc_by_whole_picture_features']} |",
        f"| oddest region touches the defect | {found['region_holds_defect']} |",
        f"| found at the threshold from the references alone | {found['found_at_threshold']} |",
        f"| false alarms there | {found['false_alarms_at_threshold']} |",
        "",
        f"Found by kind: {kinds}.",
    ]


def _scale(found: dict[str, Any]) -> list[str]:
    by: dict[str, dict[int, dict[str, Any]]] = {}
    for work in found["works"]:
        by.setdefault(work["work"], {})[work["vectors"]] = work
    lines = [
        "## Scale",
        "",
        "384 numbers each, groups of 1 to 400 around real features, 2 % near copies; two cores shared with other work,",
        "each in a process of its own. Peak memory is of the whole process, with the vectors (15 and 154 MB).",
        "",
        "| work | vectors | seconds | CPU seconds | peak MB | |",
        "|---|---|---|---|---|---|",
    ]
    for name, sizes in by.items():
        for count, w in sizes.items():
            extra = ", ".join(
                f"{key.replace('_', ' ')} {w[key]:,}" for key in ("recall_at_10", "pairs", "clusters") if key in w
            )
            lines.append(f"| {name} | {count:,} | {w['seconds']} | {w['cpu_seconds']} | {w['peak_mb']} | {extra} |")
    for name, sizes in by.items():
        if len(sizes) == 2:
            small, large = (sizes[count] for count in sorted(sizes))
            growth = large["cpu_seconds"] / max(small["cpu_seconds"], 0.05)
            lines.append(f"| {name} | growth | | × {growth:.0f} | × {large['peak_mb'] / small['peak_mb']:.1f} | |")
    matrix = found["matrix_ms"]
    if matrix is not None:
        lines += [
            "",
            f"The 1,000 × 1,000 matrix of batch-similarity: {matrix['ours']} ms (checked, normalised, exactly "
            f"symmetric), the bare product by BLAS: {matrix['blas']} ms.",
        ]
    lines += [
        "",
        "`find-similar` at 10,000 and 100,000 vectors stands in index_search.md.",
    ]
    return lines
