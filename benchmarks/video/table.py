"""The figures of the shot benchmark as Markdown."""

from __future__ import annotations

from typing import Any


def table(found: dict[str, Any]) -> str:
    """Write the report: one row a detector and setting, best sum of both F1 first."""
    counts = found["boundaries"]
    mixed = ", ".join(f"{counts[kind]} {kind}{'es' if kind == 'dissolve' else 's'}" for kind in counts if kind != "cut")
    mixed = mixed.replace("dissolvees", "dissolves")
    alone = len({row["detector"] for row in found["detectors"]}) == 1
    run = "one detector alone, without its peers" if alone else "all detectors in one run"
    lines = [
        "# Shot boundaries",
        "",
        f"Written by `{found['command']}` on {found['measured_on']}, {run}:",
        f"{found['films']} held-out films ({found['frames']:,} frames of {found['size'][0]}×{found['size'][1]}) with",
        f"{counts['cut']} cuts, {mixed}, cut together from clips and photographs that neither",
        "training nor tuning saw, with pans, zooms, shake, subjects crossing, flashes, grain, flicker, titles and hard",
        "compression. A found boundary hits a cut within ±2 frames, and a gradual transition between two frames before",
        "and two after it; a false one counts against cuts and gradual ones alike. Frames a second are from file to",
        "boundaries, decoding included, on a machine that others use too; core ms, the processor time of a frame, is",
        "steadier. Peers stand as their authors set them and, where one did better, at the best of several other",
        "thresholds, chosen on these very films: more than they could know.",
        "",
        "| detector | settings | cuts P / R / **F1** | gradual P / R / **F1** | all F1 | false | frames/s | core ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows = sorted(found["detectors"], key=lambda row: -(row["cuts"]["f1"] + row["gradual"]["f1"]))
    for row in rows:
        cuts, gradual = (
            f"{row[name]['precision']:.3f} / {row[name]['recall']:.3f} / **{row[name]['f1']:.3f}**"
            for name in ("cuts", "gradual")
        )
        lines.append(
            f"| {row['detector']} | {row['settings']} | {cuts} | {gradual} | {row['all']['f1']:.3f} "
            f"| {row['false']} | {_number(row['frames_per_s'], 0)} | {_number(row['core_ms_per_frame'], 2)} |"
        )
    lines += [
        "",
        "Recall by kind, how often the kind is named right, and how often both ends of a gradual transition that was",
        "found lie within two frames (a fifth of its length, where that is more):",
        "",
        "| detector | settings | cut | dissolve | fade | wipe | kind right | ends right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        recall = " | ".join(f"{row['recall_by_kind'].get(kind, 0):.3f}" for kind in ("cut", "dissolve", "fade", "wipe"))
        tells = row["learned"]
        kind = f"{row['kind_right']:.3f}" if tells and "ours" in row["detector"] else "–"
        ends = f"{row['ends_within']:.3f}" if tells else "–"
        lines.append(f"| {row['detector']} | {row['settings']} | {recall} | {kind} | {ends} |")
    return "\n".join(lines) + "\n"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
