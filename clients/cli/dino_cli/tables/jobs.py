"""Jobs as a table, and one job in full."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import STATE_STYLE, bar, facts, styled, table, when

_RESULT_SHOWN = 2000


def progress_note(progress: dict[str, Any]) -> str:
    """Return done/total, rate and time left, as far as they are known."""
    parts = [f"{progress['done']}/{progress['total']}" if progress.get("total") else str(progress["done"])]
    if progress.get("rate"):
        parts.append(f"{progress['rate']:.1f}/s")
    if progress.get("eta_seconds"):
        parts.append(f"{progress['eta_seconds']:.0f} s left")
    return " · ".join(parts)


def show_jobs(out: Console, page: dict[str, Any]) -> None:
    """Print one line per job."""
    if not page["items"]:
        out.print("no jobs")
        return
    wide = out.width >= 100
    made = table("=job id", "operation", "=state", ">progress", *(["=created (UTC)"] if wide else []))
    for job in page["items"]:
        row = [
            job["job_id"],
            job["operation"],
            styled(job["status"], STATE_STYLE),
            f"{job['progress']['fraction']:.0%}",
        ]
        made.add_row(*row, *([when(job["created_at"])] if wide else []))
    out.print(made)
    if page["next_cursor"]:
        out.print(f"[dim]more: --cursor {escape(page['next_cursor'])}[/]", soft_wrap=True)


def show_one_job(out: Console, job: dict[str, Any]) -> None:
    """Print a job; a long result is cut, as ``--json`` has it whole."""
    progress = job["progress"]
    lines = {
        "job id": job["job_id"],
        "operation": job["operation"],
        "state": styled(job["status"], STATE_STYLE) + (" (cancelling)" if _cancelling(job) else ""),
        "progress": f"{bar(progress['fraction'], 20)} {progress['fraction']:.0%}  {progress_note(progress)}",
        "stage": escape(progress["stage"]),
        "created": f"{when(job['created_at'])} UTC",
        "finished": f"{when(job['finished_at'])} UTC" if job["finished_at"] else "–",
    }
    if job["attempts"] > 1:
        lines["attempts"] = f"{job['attempts']} (resumed after a crash)"
    if job.get("error"):
        lines["error"] = f"[red]{escape(job['error']['message'])}[/] {escape(job['error']['details'])}"
    if job.get("result") is not None:
        text = json.dumps(job["result"], indent=2)
        if len(text) > _RESULT_SHOWN:
            text = text[:_RESULT_SHOWN] + "\n… the rest with --json"
        lines["result"] = escape(text)
    facts(out, lines)


def _cancelling(job: dict[str, Any]) -> bool:
    return job["cancel_requested"] and job["status"] in ("queued", "running")
