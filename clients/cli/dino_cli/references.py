"""From a file or an asset id on the command line to an asset of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from dino_cli.client import Client
from dino_cli.failures import UsageFailure
from dino_cli.files import sha256_of
from dino_cli.session import Session
from dino_cli.uploading import upload_one


@dataclass(frozen=True)
class Reference:
    """An asset, and the name it was called by."""

    asset_id: str
    label: str


def resolve(session: Session, arguments: list[str]) -> list[Reference]:
    """Return the asset of each argument; all are checked before the first byte is sent.

    An existing file is uploaded, unless the platform has an asset with the same bytes: then that one is used,
    so that asking twice does not fill the library.

    Raises:
        UsageFailure: an argument is neither a file nor an asset id.
    """
    plan = [(argument, _path_or_id(argument)) for argument in arguments]
    return [_resolve_one(session, argument, target) for argument, target in plan]


def _path_or_id(argument: str) -> Path | str:
    path = Path(argument).expanduser()
    if path.is_file():
        return path
    try:
        return str(UUID(argument))
    except ValueError:
        raise UsageFailure(
            f"{argument} is neither a file nor an asset id", "`dino assets list` shows the ids"
        ) from None


def _resolve_one(session: Session, argument: str, target: Path | str) -> Reference:
    if isinstance(target, str):
        return Reference(target, target)
    known = _known(session.client, target)
    if known is not None:
        return Reference(known, target.name)
    answer = upload_one(session.client, target)
    session.note(f"uploaded {argument} as {answer['asset_id']}")
    return Reference(answer["asset_id"], target.name)


def _known(client: Client, path: Path) -> str | None:
    page = client.call("list-assets", sha256=sha256_of(path), limit=1)
    return page["items"][0]["asset_id"] if page["items"] else None
