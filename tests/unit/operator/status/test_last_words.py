"""What a container said last, as people read it."""

from __future__ import annotations

import json

from dino_operator.rollout.faults import last_words


def line(message: str, level: str = "ERROR", logger: str = "dino_common.runtime") -> str:
    return json.dumps({"time": "now", "level": level, "logger": logger, "message": message})


def test_structured_lines_give_their_message_and_others_stay() -> None:
    assert last_words("Traceback:\n\n  boom\n" + line("the store is away", "INFO")) == [
        "Traceback:",
        "boom",
        "the store is away",
    ]


def test_what_a_service_says_comes_after_what_its_server_says() -> None:
    text = "\n".join((line("the store is away"), line("Application startup failed.", logger="uvicorn.error")))
    assert last_words(text)[-1] == "the store is away"


def test_lines_that_only_look_structured_stay() -> None:
    assert last_words('{"time": "now", "mess\n[1, 2]\n"word"') == ['{"time": "now", "mess', "[1, 2]", '"word"']
    assert last_words(None) == []
