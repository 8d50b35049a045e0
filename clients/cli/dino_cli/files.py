"""From what stands on the command line to files: single files, directories, patterns."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable
from pathlib import Path

from dino_cli.failures import UsageFailure

# What a directory is searched for; a file named by itself is sent whatever its name, as the platform looks at
# the content.
MEDIA_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".mp4", ".mov", ".mkv", ".webm"})
_CHUNK = 1024 * 1024


def expand(arguments: Iterable[str], *, recursive: bool) -> list[Path]:
    """Return the files that the arguments name, each once, directories in order of name.

    Args:
        arguments: files, directories, or patterns such as ``shots/**/*.png`` that the shell did not expand.
        recursive: also the directories inside a directory.

    Raises:
        UsageFailure: an argument names nothing, or a directory holds no pictures or films.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        for path in _expand_one(argument, recursive):
            found[path] = None
    return list(found)


def _expand_one(argument: str, recursive: bool) -> list[Path]:
    path = Path(argument).expanduser()
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.iterdir()
        files = sorted(p for p in inside if p.suffix.lower() in MEDIA_SUFFIXES and p.is_file())
        if not files:
            advice = "" if recursive else "Add --recursive to look into the directories inside it"
            raise UsageFailure(f"{argument} holds no pictures or films", advice)
        return files
    if path.exists():
        return [path]
    if glob.has_magic(argument):
        # Path.glob takes no absolute pattern.
        files = sorted(Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file())  # noqa: PTH207
        if files:
            return files
        raise UsageFailure(f"no file matches {argument}")
    raise UsageFailure(f"{argument} does not exist", "Name a file, a directory, or a pattern in quotes")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex; raises UsageFailure when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UsageFailure(f"{path} cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def parse_metadata(pairs: Iterable[str]) -> dict[str, str | int | float | bool | None]:
    """Return ``key=value`` pairs as a dictionary; true, false, null and numbers become what they look like.

    Raises:
        UsageFailure: a pair without ``=`` or without a key.
    """
    result: dict[str, str | int | float | bool | None] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise UsageFailure(f"{pair!r} is not key=value", "Write metadata as --metadata scene=12")
        result[key.strip()] = _value(text)
    return result


def _value(text: str) -> str | int | float | bool | None:
    words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        # Others stay text: 007 is a name.
        if str(number) == text and text not in ("nan", "inf", "-inf"):
            return number
    return text
