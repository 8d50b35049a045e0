"""The table of uploaded files."""

from __future__ import annotations

from rich.markup import escape

from dino_cli.session import Session
from dino_cli.shapes import file_size, pixels, table
from dino_cli.uploading import Batch


def show_uploads(session: Session, batch: Batch, *, with_features: bool) -> None:
    """Print what was stored on stdout; faults and the sum on stderr."""
    done = [outcome for outcome in batch.done if outcome.uploaded is not None]
    if done:
        wide = session.out.width >= 100
        columns = ["file", "=asset id", ">size", *([">pixels"] if wide else []), "=known as"]
        made = table(*columns, *([">features"] if with_features else []))
        for outcome in done:
            answer = outcome.uploaded or {}
            row = [
                escape(outcome.path.name),
                answer["asset_id"],
                file_size(answer["file_size"]),
                *([pixels(answer)] if wide else []),
                # The whole id is in --json; beside another one its start is enough to recognise it.
                f"{answer['duplicate_of'][:8]}…" if answer["duplicate_of"] else "",
            ]
            if with_features:
                row.append(f"{outcome.features['dimension']}-d" if outcome.features else "–")
            made.add_row(*row)
        session.out.print(made)
    for outcome in batch.done:
        if outcome.failure is not None:
            text = f"[red]failed[/] {escape(str(outcome.path))}: {escape(outcome.failure.line())}"
            session.err.print(text, soft_wrap=True)
    failed = sum(outcome.failure is not None for outcome in batch.done)
    parts = [f"{len(done)} of {len(batch.paths)} uploaded"]
    if failed:
        parts.append(f"{failed} failed")
    if batch.interrupted:
        parts.append("stopped by you")
    session.note(", ".join(parts))
