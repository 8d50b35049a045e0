"""Uploading one file and many files, with progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dino_cli.client import Client, Stopped
from dino_cli.failures import Exit, Failure, UsageFailure
from dino_cli.parallel import each
from dino_cli.reading import CountedFile
from dino_cli.session import Session


@dataclass(frozen=True)
class Outcome:
    """What became of one file: ``uploaded`` (the answer) or ``failure``, and ``features`` when they were asked for."""

    path: Path
    uploaded: dict[str, Any] | None = None
    features: dict[str, Any] | None = None
    failure: Failure | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome for ``--json``; the vector itself stays out, as it is read with the asset."""
        shown = None
        if self.features is not None:
            names = ("model", "model_version", "dimension", "cached", "processing_time")
            shown = {name: self.features.get(name) for name in names}
        return {
            "path": str(self.path),
            "uploaded": self.uploaded,
            "features": shown,
            "error": self.failure.body()["error"] if self.failure else None,
        }


@dataclass
class Batch:
    """Files on their way, in the order given; those not reached when the user interrupts stay None."""

    paths: Sequence[Path]
    outcomes: list[Outcome | None] = field(default_factory=list)
    interrupted: bool = False

    @property
    def done(self) -> list[Outcome]:
        """Outcomes so far."""
        return [outcome for outcome in self.outcomes if outcome is not None]

    @property
    def exit_code(self) -> Exit:
        """The code of the command: that of the faults when all faults agree, else 1."""
        if self.interrupted:
            return Exit.INTERRUPTED
        codes = {outcome.failure.exit_code for outcome in self.done if outcome.failure}
        if not codes:
            return Exit.OK
        return codes.pop() if len(codes) == 1 else Exit.FAILURE


def upload_one(
    client: Client,
    path: Path,
    *,
    tags: list[str] | None = None,
    metadata: dict[str, Any] | None = None,
    on_position: Callable[[int], None] = lambda position: None,
) -> dict[str, Any]:
    """Upload a file and return the answer; raises UsageFailure when it cannot be read, and as ``Client.call``."""
    try:
        with CountedFile(path, on_position, client.stop) as file:
            return client.upload(path.name, file, tags=tags, metadata=metadata)
    except OSError as error:
        raise UsageFailure(f"{path} cannot be read: {error.strerror or error}") from error


def upload_many(
    session: Session,
    paths: Sequence[Path],
    *,
    tags: list[str],
    metadata: dict[str, Any],
    at_once: int,
    extract: bool,
) -> Batch:
    """Upload files a few at a time behind a progress bar on stderr; Ctrl-C ends it and keeps what was done."""
    from dino_cli.bars import bytes_bar

    client = session.client
    batch = Batch(paths, [None] * len(paths))
    sizes = [_size(path) for path in paths]
    with bytes_bar(session.err) as bar:
        total = bar.add_task("uploading", total=sum(sizes), files=f"0/{len(paths)}")
        positions = [0] * len(paths)

        def moved(index: int, position: int) -> None:
            # The form's frame is not counted, and a repeated request starts again from 0.
            positions[index] = position
            bar.update(total, completed=sum(positions))

        def work(index: int) -> Outcome:
            path = paths[index]
            answer = features = None
            try:
                answer = upload_one(client, path, tags=tags, metadata=metadata, on_position=lambda at: moved(index, at))
                if extract and str(answer["content_type"]).startswith("image/"):
                    features = client.call("extract-features", asset_id=answer["asset_id"])
            except Failure as failure:
                moved(index, sizes[index])
                return Outcome(path, uploaded=answer, failure=failure)
            return Outcome(path, uploaded=answer, features=features)

        try:
            for count, (index, outcome) in enumerate(each(range(len(paths)), work, at_once=at_once), start=1):
                batch.outcomes[index] = outcome
                bar.update(total, files=f"{count}/{len(paths)}")
        except (KeyboardInterrupt, Stopped):
            client.stop.set()
            batch.interrupted = True
    return batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
