"""A description in one paragraph, as image generators are told a look."""

from __future__ import annotations

from dino_analytics.core.look.description import Description

SURE = 0.3
"""Confidence under which a part is left out: a paragraph that is read as an order holds no guesses."""

_SCALES = {
    "extreme_wide": "Extreme wide shot",
    "wide": "Wide shot",
    "medium_wide": "Medium wide shot",
    "medium": "Medium shot",
    "medium_close_up": "Medium close-up",
    "close_up": "Close-up",
    "extreme_close_up": "Extreme close-up",
}
_ANGLES = {
    "eye_level": "at eye level",
    "low_angle": "from a low angle",
    "high_angle": "from a high angle",
    "overhead": "from straight above",
    "dutch": "with a canted (Dutch) frame",
}
_PLACES = {
    "centre": "in the centre",
    "left": "left of the centre",
    "right": "right of the centre",
    "top": "above the centre",
    "bottom": "below the centre",
    "top_left": "in the upper left",
    "top_right": "in the upper right",
    "bottom_left": "in the lower left",
    "bottom_right": "in the lower right",
}
_DEPTHS = {
    "shallow": "shallow depth of field with a blurred background",
    "moderate": "moderate depth of field",
    "deep": "deep focus, sharp from front to back",
}
_KEYS = {"low_key": "low-key lighting", "normal": "evenly exposed lighting", "high_key": "bright high-key lighting"}
_SIDES = {
    "left": "light from the left",
    "right": "light from the right",
    "top": "light from above",
    "bottom": "light from below",
    "back": "light from behind",
    "front": "light from the front",
}
_SATURATIONS = {
    "monochrome": "black-and-white",
    "muted": "muted",
    "moderate": "moderately saturated",
    "vivid": "vivid",
}
_SCHEMES = {
    "rule_of_thirds": "composed by the rule of thirds",
    "centred": "centred composition",
    "symmetrical": "symmetrical composition",
    "leading_lines": "leading lines",
    "frame_filling": "subject filling the frame",
    "pattern": "an all-over pattern with no single subject",
}


def paragraph(look: Description) -> str:
    """Say in English what is sure enough of a picture's look; what stands in it is not known and not said.

    A scale by the subject's share is let in although its confidence is low: how much something fills is sure, only
    the name of the shot is not.
    """
    sentences = [_framing(look), _light(look), _colour(look), _arrangement(look)]
    if look.tone.confidence >= SURE and look.tone.tone not in ("neutral", "unknown"):
        sentences.append(f"The mood is {look.tone.tone}")
    return " ".join(sentence + "." for sentence in sentences if sentence)


def _framing(look: Description) -> str:
    parts = []
    scale, angle = look.framing, look.angle
    named = scale.shot_scale != "unknown" and (scale.confidence >= SURE or scale.source == "subject")
    opening = _SCALES[scale.shot_scale] if named else ""
    if angle.camera_angle != "unknown" and angle.confidence >= SURE:
        seen = _ANGLES[angle.camera_angle]
        opening = f"{opening} {seen}" if opening else f"Seen {seen}"
    if opening:
        parts.append(opening)
    if look.subject is not None and look.composition.placement != "unknown":
        share = round(100 * look.subject.area / 5) * 5 or round(100 * look.subject.area)
        parts.append(f"the subject {_PLACES[look.composition.placement]}, filling about {share} % of the frame")
    if look.depth.depth_of_field != "unknown" and look.depth.confidence >= SURE:
        parts.append(_DEPTHS[look.depth.depth_of_field])
    return _sentence(parts)


def _light(look: Description) -> str:
    light, parts = look.light, []
    if light.key != "unknown" and light.key_confidence >= SURE:
        parts.append(_KEYS[light.key])
    if light.contrast_confidence >= SURE:
        parts.append({"soft": "soft", "normal": "medium", "hard": "hard"}[light.contrast] + " contrast")
    if look.backlit >= 0.4:
        parts.append("the subject backlit")
    elif light.direction != "unknown" and light.direction_confidence >= SURE:
        parts.append(_SIDES[light.direction])
    if light.temperature != "unknown" and light.temperature_confidence >= SURE and look.colours.chroma > 6.0:
        # Outside of what lamps and skies have, it is the colour of things rather than of light.
        told = light.kelvin is not None and 2500.0 <= light.kelvin <= 12000.0
        kelvin = f" (about {light.kelvin:.0f} K)" if told else ""
        parts.append(f"{light.temperature} colour temperature{kelvin}")
    return _sentence(parts)


def _colour(look: Description) -> str:
    shares: dict[str, float] = {}
    for one in look.palette:
        shares[one.name] = shares.get(one.name, 0.0) + one.share
    named = [f"{name} ({100 * share:.0f} %)" for name, share in _first(shares) if share >= 0.03]
    if not named:
        return ""
    kind = _SATURATIONS[look.colours.saturation]
    harmony = look.colours.harmony
    scheme = f" {harmony}" if harmony in ("analogous", "complementary", "triadic") else ""
    return f"A {kind}{scheme} palette of {_listed(named)}"


def _first(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda one: -one[1])[:5]


def _arrangement(look: Description) -> str:
    composition, parts = look.composition, []
    if composition.scheme != "unknown" and composition.scheme_confidence >= SURE:
        parts.append(_SCHEMES[composition.scheme])
    if composition.simplicity.value is not None and composition.simplicity.confidence >= SURE:
        if composition.simplicity.value > 0.8:
            parts.append("a plain, uncluttered background")
        elif composition.simplicity.value < 0.25:
            parts.append("a busy, detailed background")
    if composition.balance.value is not None and composition.balance.value < 0.8:
        parts.append("visual weight off balance")
    return _sentence(parts)


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
