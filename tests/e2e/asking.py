"""Clients that keep asking while something changes, and what their answers must have in common."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.e2e.api_client import ApiClient

from dino_common.bus.tasks import end

# Between two requests of a client: a person's pace, so that two cores do something else as well.
PACE = 0.05
QUESTIONS = 4


@dataclass
class Answers:
    """What came of it.

    Attributes:
        failures: requests that had no good answer, in words.
        values: distinct numbers by question and model version: what was said of the same pictures.
        versions: model versions in the order in which they first answered.
    """

    failures: list[str] = field(default_factory=list)
    values: dict[tuple[str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))
    versions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def note(self, question: str, version: str, value: Any) -> None:
        """Keep one good answer."""
        self.count += 1
        self.values[question, version].add(value)
        if not self.versions[question] or self.versions[question][-1] != version:
            self.versions[question].append(version)


@asynccontextmanager
async def keep_asking(api: ApiClient, one: str, two: str) -> AsyncIterator[Answers]:
    """Ask about two pictures all the time while the block runs: search, similarity, verdict, features."""
    answers = Answers()

    async def search() -> tuple[str, Any]:
        found = await api.ask("find-similar", asset_id=one, limit=1)
        hits = [(hit["asset_id"], round(hit["cosine_similarity"], 3)) for hit in found["items"]]
        return found["model_version"], tuple(hits)

    async def similarity() -> tuple[str, Any]:
        found = await api.ask("calculate-similarity", asset_id_1=one, asset_id_2=two)
        return found["model_version"], round(found["cosine_similarity"], 3)

    async def verdict() -> tuple[str, Any]:
        found = await api.ask("validate-consistency", asset_id_1=one, asset_id_2=two, threshold=50)
        return found["model_version"], (round(found["cosine_similarity"], 3), found["same_character"])

    async def features() -> tuple[str, Any]:
        found = await api.ask("extract-features", asset_id=two)
        return found["model_version"], tuple(round(value, 3) for value in found["features"][:8])

    async def client(question: Any) -> None:
        while True:
            try:
                version, value = await question()
                answers.note(question.__name__, version, value)
            except (AssertionError, httpx.HTTPError) as error:
                answers.failures.append(f"{question.__name__}: {error!r}")
            await asyncio.sleep(PACE)

    clients = [asyncio.create_task(client(question)) for question in (search, similarity, verdict, features)]
    try:
        yield answers
    finally:
        await end(clients)


def check(answers: Answers, *expected: str) -> None:
    """No request failed; each version said one thing of the same pictures; each question changed sides once."""
    assert not answers.failures, f"{len(answers.failures)} of {answers.count}: {answers.failures[:5]}"
    mixed = {question: values for question, values in answers.values.items() if len(values) > 1}
    assert not mixed, f"answers of one version differ: {mixed}"
    sides = {question: [version.partition("@")[0] for version in seen] for question, seen in answers.versions.items()}
    assert len(sides) == QUESTIONS, f"some were never answered: {sorted(sides)}"
    assert all(seen == list(expected) for seen in sides.values()), sides
