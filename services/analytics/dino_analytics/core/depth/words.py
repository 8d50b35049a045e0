"""A difference that was taken apart, in words."""

from __future__ import annotations

from dino_analytics.core.depth.separate import Separated

IDENTITY_MARGIN = 1.3
"""Score points that taking light out adds to pairs of different things (benchmarks/results/consistency.md)."""

_SMALL = 0.05
_LITTLE_STOPS = 0.4
_ZOOMED = 0.08


def explanation(
    separated: Separated,
    score: float,
    limit: float,
    *,
    stops: float,
    directions: tuple[str, str],
    temperatures: tuple[str, str],
    zoom: float | None,
) -> str:
    """Say what explains the difference of a test picture from its reference.

    Args:
        separated: the difference.
        score, limit: identity score and its threshold, 0–100.
        stops: exposure of the test against the reference.
        directions, temperatures: of the light, reference and test; ``unknown`` tells nothing.
        zoom: of the test against the reference; None while the framing is alike or not known.
    """
    same = score >= limit
    text = (
        f"With light and framing taken out the score is {score:.1f}, {'not below' if same else 'below'} "
        f"{limit:g}: {'the same identity' if same else 'another identity'}."
    )
    parts = [
        f"{round(100 * share)} % of the difference goes back to {name}"
        for share, name in (
            (separated.lighting_share, "light" + _light_words(stops, directions, temperatures)),
            (separated.framing_share, "framing" + _zoom_words(zoom)),
        )
        if share >= _SMALL
    ]
    if parts:
        text += " " + "; ".join(parts) + "."
    elif separated.cosine < 1.0 - 1e-6:
        text += " Neither light nor framing explains the difference."
    return text


def _light_words(stops: float, directions: tuple[str, str], temperatures: tuple[str, str]) -> str:
    words = []
    if abs(stops) >= _LITTLE_STOPS:
        words.append(f"the test is {abs(stops):.1f} stops {'brighter' if stops > 0 else 'darker'}")
    for (one, other), what in ((directions, "lit from"), (temperatures, "its light is")):
        if one != other and "unknown" not in (one, other):
            words.append(f"{what} {other} instead of {one}")
    return f" ({', '.join(words)})" if words else ""


def _zoom_words(zoom: float | None) -> str:
    if zoom is None:
        return ""
    if abs(zoom - 1.0) < _ZOOMED:
        return " (the test is shifted)"
    return f" (the test is {zoom:.1f} times as close)" if zoom > 1 else f" (the test is {1 / zoom:.1f} times as far)"
