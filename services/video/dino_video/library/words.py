"""What is known of a shot, in words: the text that is embedded, and the note that a suggestion carries."""

from __future__ import annotations

from collections.abc import Iterable

from dino_video.core.suggestions import plain_words

# The text model reads 256 tokens; more would only be carried about.
_LONGEST = 4000
_UNKNOWN = ("", "unknown", "none")


def shot_text(
    *,
    scale: str,
    angle: str,
    movement: str,
    tone: str,
    description: str | None,
    scene_context: str | None,
    notes: str | None,
    tags: Iterable[str],
) -> str:
    """Return one paragraph: what people said of the shot first, then what was measured."""
    said = [part.strip().rstrip(".") for part in (description, scene_context, notes) if part and part.strip()]
    look = ", ".join(known(scale, angle, movement))
    measured = [look] if look else []
    if plain_words(tone) not in _UNKNOWN:
        measured.append(f"{plain_words(tone)} mood")
    if words := ", ".join(dict.fromkeys(known(*tags))):
        measured.append(words)
    return ". ".join([*said, *measured])[:_LONGEST] or "a shot"


def technical_note(
    *, scale: str, angle: str, movement: str, quality: float | None, duration: float, notes: str | None
) -> str:
    """Return the stored note, else one sentence of what was measured."""
    if notes:
        return notes
    look = ", ".join(known(scale, angle, movement)) or "no label is known"
    sharp = "" if quality is None else f"; technical quality {quality:.2f}"
    return f"{look[0].upper()}{look[1:]}; {duration:.1f} s{sharp}"


def known(*labels: str) -> list[str]:
    """Return labels in plain words, without those that say nothing."""
    return [plain for label in labels if (plain := plain_words(label)) not in _UNKNOWN]
