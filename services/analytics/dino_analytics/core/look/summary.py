"""A composition in a few sentences."""

from __future__ import annotations

from dino_analytics.core.look.composition import Composition
from dino_analytics.core.look.subject import Subject

_SCHEMES = {
    "rule_of_thirds": "The subject stands near a third of the frame",
    "centred": "The subject stands in the centre",
    "symmetrical": "The picture mirrors itself",
    "leading_lines": "Lines lead the eye to one place",
    "frame_filling": "The subject fills the frame",
    "pattern": "Nothing stands out: an all-over pattern",
    "unknown": "No known scheme fits",
}


def summary(facts: Composition, subject: Subject | None) -> str:
    """Say in English what stands out of the scores, with what would change them."""
    said = [_SCHEMES[facts.scheme]]
    if subject is not None:
        share = f"{100 * subject.area:.0f} %"
        said.append(f"It covers {share} of the frame, {facts.placement.replace('_', ' ')}")
    if facts.balance.value is not None and facts.balance.value < 0.7:
        side = "left" if facts.balance_point[0] < 0.5 else "right"
        said.append(f"Visual weight leans to the {side}")
    if facts.headroom.value is not None and facts.head_space is not None and facts.headroom.value < 0.5:
        said.append("There is little room above" if facts.head_space < 0.1 else "There is much room above")
    if facts.leading.value is not None and facts.leading.value > 0.35 and facts.scheme != "leading_lines":
        said.append("Some lines converge")
    if facts.simplicity.value is not None:
        if facts.simplicity.value > 0.8:
            said.append("The background is plain")
        elif facts.simplicity.value < 0.25:
            said.append("The background is busy")
    return ". ".join(said) + "."
