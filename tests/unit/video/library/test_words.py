"""What people said of a shot comes first, what is unknown is left out."""

from __future__ import annotations

from dino_video.library.words import shot_text, technical_note


def test_text_of_a_shot_holds_what_is_known() -> None:
    text = shot_text(
        scale="medium_shot",
        angle="unknown",
        movement="pan_left",
        tone="tense",
        description="Two people argue.",
        scene_context="Thriller in a warehouse",
        notes=None,
        tags=["dramatic", "dramatic", "night"],
    )
    assert text == "Two people argue. Thriller in a warehouse. medium shot, pan left. tense mood. dramatic, night"


def test_a_shot_of_which_nothing_is_known_has_a_text_all_the_same() -> None:
    unknown = "unknown"
    assert (
        shot_text(
            scale=unknown,
            angle=unknown,
            movement=unknown,
            tone=unknown,
            description=None,
            scene_context=" ",
            notes=None,
            tags=[],
        )
        == "a shot"
    )


def test_a_stored_note_goes_before_the_measured_one() -> None:
    facts = {"scale": "close_up", "angle": "low_angle", "movement": "unknown", "quality": 0.89, "duration": 2.5}
    assert technical_note(**facts, notes="Tight framing") == "Tight framing"
    assert technical_note(**facts, notes=None) == "Close up, low angle; 2.5 s; technical quality 0.89"
