"""``dino jobs``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dino_cli.failures import Exit
from dino_cli.session import Session, command

app = typer.Typer(no_args_is_help=True, help="List, read, cancel and follow jobs.")
JobId = Annotated[str, typer.Argument(help="Id of the job.")]


class State(StrEnum):
    """State of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


def list_jobs(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="Most jobs.")] = 20,
    status: Annotated[State | None, typer.Option(help="Only in this state.", show_default=False)] = None,
    operation: Annotated[str | None, typer.Option(help="Only of this operation.", show_default=False)] = None,
    cursor: Annotated[str | None, typer.Option(help="next_cursor of the page before.", show_default=False)] = None,
) -> None:
    """List jobs, newest first."""
    from dino_cli.tables.jobs import show_jobs

    page = session.client.call(
        "list-jobs", limit=limit, status=status.value if status else None, operation=operation, cursor=cursor
    )
    session.emit(page, lambda out: show_jobs(out, page))


def show_job(session: Session, job_id: JobId) -> None:
    """Read one job, with its result."""
    from dino_cli.tables.jobs import show_one_job

    job = session.client.call("get-job", job_id=job_id)
    session.emit(job, lambda out: show_one_job(out, job))


def cancel_job(session: Session, job_id: JobId) -> None:
    """Cancel a job; one that has ended stays as it is."""
    from dino_cli.tables.jobs import show_one_job

    job = session.client.call("cancel-job", job_id=job_id)
    session.emit(job, lambda out: show_one_job(out, job))


def follow_job(session: Session, job_id: JobId) -> None:
    """Follow a job to its end; the exit code is 1 unless it succeeded. Ctrl-C stops following, not the job."""
    from dino_cli.bars import steps_bar
    from dino_cli.job_events import follow
    from dino_cli.tables.jobs import progress_note, show_one_job

    job = None
    with steps_bar(session.err) as bar:
        task = bar.add_task("waiting", total=1.0, note="")
        for job in follow(session.client, job_id):
            progress = job["progress"]
            bar.update(
                task, description=progress["stage"], completed=progress["fraction"], note=progress_note(progress)
            )
    assert job is not None
    job = session.client.call("get-job", job_id=job_id)
    session.emit(job, lambda out: show_one_job(out, job))
    if job["status"] != State.SUCCEEDED:
        raise typer.Exit(Exit.FAILURE)


app.command("list", epilog="Example: dino jobs list --status running")(command(list_jobs))
app.command("show", epilog="Example: dino jobs show JOB_ID --json | jq .result")(command(show_job))
app.command("cancel", epilog="Example: dino jobs cancel JOB_ID")(command(cancel_job))
app.command("follow", epilog="Example: dino jobs follow JOB_ID")(command(follow_job))
