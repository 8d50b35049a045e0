"""Why a generated picture is sent back, in words that a generator can act on."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_ADVICE = 3


def reasons(
    score: float,
    threshold: float,
    quality: float,
    quality_threshold: float,
    advice: Sequence[str] = (),
    differences: Sequence[str] = (),
) -> list[str]:
    """Return what is wrong with a picture; nothing when both scores reach their thresholds.

    Args:
        score, threshold: consistency with the master reference, 0–100.
        quality, quality_threshold: technical quality, 0–100.
        advice: recommendations of the quality analysis, most important first.
        differences: what explains the distance to the reference.
    """
    found: list[str] = []
    if score < threshold:
        found.append(
            f"The character is not recognised: consistency with the reference is {score:.1f} of 100, "
            f"{threshold:g} is needed. Keep face, build, clothing and colours of the reference."
        )
        found += differences
    if quality < quality_threshold:
        found.append(f"Technical quality is {quality:.1f} of 100, {quality_threshold:g} is needed.")
        found += list(advice)[:_MOST_ADVICE]
    return found
