"""What is known of an asset, in words, field by field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dino_analytics.core.search.words import split_name, telling, words_of

# The text model reads 256 tokens, about as many words; the index keeps more of them for comparing word by word.
_LONGEST_FIELD, _LONGEST_PARAGRAPH, _MOST_WORDS = 4000, 2000, 600
# Of the wording below: a change makes every asset's text new.
_WORDING = 1


@dataclass(frozen=True, slots=True)
class Known:
    """Texts by field, the most telling first: ``tags``, ``filename``, ``metadata``, ``shots``, ``film``, ``look``.

    Attributes:
        fields: none of them empty.
        paragraph: what the text model gets.
        words: every comparable word of all fields, each once.
    """

    fields: dict[str, str]
    paragraph: str
    words: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with what is known, or how it is worded."""
        return hashlib.sha256(json.dumps([_WORDING, self.fields, self.paragraph]).encode()).hexdigest()[:16]


def known(
    filename: str,
    tags: Iterable[str],
    metadata: Mapping[str, Any],
    *,
    shots: Iterable[str] = (),
    film: str | None = None,
    look: str | None = None,
) -> Known:
    """Return what is known of an asset.

    Args:
        filename, tags, metadata: as the asset's document has them.
        shots: what is said of a film's shots, or of the shot that a keyframe stands for.
        film: filename and tags of the film that it was made of.
        look: a stored description of what it looks like.
    """
    stem = filename.rsplit(".", 1)[0]
    name = split_name(stem)
    fields = {
        "tags": ", ".join(tags),
        "filename": " ".join(name),
        "metadata": "; ".join(entry for key, value in metadata.items() if (entry := _entry(key, value))),
        "look": look or "",
        "shots": ". ".join(text.strip().rstrip(".") for text in shots if text.strip()),
        "film": film or "",
    }
    fields = {field: text[:_LONGEST_FIELD] for field, text in fields.items() if text.strip()}
    spoken = dict(fields)
    if "filename" in spoken:
        spoken["filename"] = " ".join(telling(name))
    paragraph = ". ".join(text for text in spoken.values() if text)[:_LONGEST_PARAGRAPH]
    words = dict.fromkeys(word for field in fields.values() for word in words_of(field))
    # As it was given, too: people look for IMG2034 and for 2034.
    words |= dict.fromkeys(words_of(stem))
    return Known(fields, paragraph or filename, tuple(list(words)[:_MOST_WORDS]))


def film_words(filename: str, tags: Iterable[str]) -> str:
    """Return what a film says of the pictures made of it."""
    return ", ".join([*tags, " ".join(telling(split_name(filename.rsplit(".", 1)[0])))]).strip(", ")


def matches(query: Iterable[str], fields: Mapping[str, str]) -> dict[str, list[str]]:
    """Return which of the query's comparable words each field holds; fields without any are left out."""
    wanted = list(query)
    found: dict[str, list[str]] = {}
    for field, text in fields.items():
        held = set(words_of(text))
        if here := [word for word in wanted if word in held]:
            found[field] = here
    return found


def _entry(key: str, value: Any) -> str:
    name = " ".join(split_name(key)).lower()
    if isinstance(value, bool):
        return name if value else ""
    if isinstance(value, str | int | float):
        return f"{name} {value}"
    return ""
