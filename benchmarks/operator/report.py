"""The figures as a table, as ratios."""

from __future__ import annotations

from typing import Any


def table(found: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    noop, bare, ours, at = found["noop"], found["bare"], found["ours"], found["machine"]
    looks, unchanged = ours["reconcile"], ours["unchanged"]
    rows = [
        ("from the first resource to the last handled, s", noop["seconds"], bare["seconds"], ours["seconds"]),
        ("objects written a second", None, bare["objects_per_second"], ours["objects_per_second"]),
        ("resident memory with all of them, MB", noop["rss_mb"], None, ours["rss_mb"]),
        ("resident memory before the first, MB", noop["rss_idle_mb"], None, ours["rss_idle_mb"]),
        ("processor time, s", noop["cpu_seconds"], None, ours["cpu_seconds"]),
        ("restart until every resource was looked at, s", noop["restart_seconds"], None, ours["restart_seconds"]),
        ("stop on SIGTERM, s", noop["stop_seconds"], None, ours["stop_seconds"]),
    ]
    lines = [
        f"# The operator with {found['resources']} resources",
        "",
        f"{at['processor']}, {at['cores']} cores, load {at['load_at_start']:.1f} at the start, commit {at['commit']}; "
        f"kopf {at['packages']['kopf']}, Python {at['python']}. A fresh API server for each, without controllers: "
        "nothing but the contender writes. *no-op* is a kopf operator whose handlers do nothing; *bare* applies the "
        "same objects with the same client and no operator. `make bench-operator`",
        "",
        "| | no-op | bare | ours | ours / no-op | ours / bare |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, *values in rows:
        ratios = [values[2] / value if value else None for value in values[:2]]
        lines.append(f"| {name} | " + " | ".join(_cell(value) for value in (*values, *ratios)) + " |")
    lines += [
        "",
        f"Of each resource {ours['children_of_each']} objects are made. A resource took {looks['looks_for_each']:.1f} "
        f"looks until rest, {looks['mean_ms']:.0f} ms each on average (half below {looks['p50_below_s']} s, 95 % below "
        f"{looks['p95_below_s']} s), with {looks['writes_for_each']:.1f} writes and "
        f"{looks['reads_for_each']:.2f} reads for each resource in all.",
        "",
        f"Woken {unchanged['looks']:.0f} times by a change that is nobody's business, a look took "
        f"{unchanged['mean_ms']:.1f} ms with {unchanged['writes_for_each']:.3f} writes and "
        f"{unchanged['reads_for_each']:.3f} reads. After a restart {ours['restart_child_writes']:.0f} children were "
        "written.",
        "",
    ]
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"
