"""A film from a seed: shots, transitions at known frames, and what disturbs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.video import disturbances, shots, transitions
from benchmarks.video.sources import Picture, clips, photographs

KINDS = ("cut", "dissolve", "fade", "wipe")


@dataclass(frozen=True)
class Boundary:
    """One boundary: a cut lies before frame ``first``; a gradual one mixes the frames first … last."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Recipe:
    """How a film is drawn.

    Attributes:
        split: whose clips and photographs: ``training``, ``tuning`` or ``held-out``.
        seed: everything random follows from it.
        boundaries: how many.
        size: width and height.
        cuts: share of hard cuts; the rest are dissolves, fades and wipes alike.
    """

    split: str
    seed: int
    boundaries: int = 30
    size: tuple[int, int] = (480, 270)
    cuts: float = 0.5


@dataclass(frozen=True)
class Film:
    """A film as pictures and as truth; ``frames()`` may be run again and gives the same."""

    recipe: Recipe
    fps: tuple[int, int]
    length: int
    boundaries: tuple[Boundary, ...]
    opening: int
    closing: int
    _parts: tuple[_Part, ...]
    _twos: bool

    def frames(self) -> Iterator[Picture]:
        """Yield each picture: the shot alone, mixed with the next, or faded at the film's two ends."""
        random = np.random.default_rng([self.recipe.seed, 7])
        for number in range(self.length):
            # Animation "on twos": each second picture is the one before it, also across no boundary.
            shown = number - 1 if self._twos and number % 2 and not self._starts(number) else number
            picture = self._picture(shown, random)
            if number < self.opening:
                picture = transitions.dissolve(np.zeros_like(picture), picture, number / self.opening)
            left = self.length - 1 - number
            if left < self.closing:
                picture = transitions.dissolve(np.zeros_like(picture), picture, left / self.closing)
            yield picture

    def _starts(self, number: int) -> bool:
        return any(item.first <= number <= item.last + 1 for item in self.boundaries)

    def _picture(self, number: int, random: np.random.Generator) -> Picture:
        shown = [part for part in self._parts if part.first <= number < part.end]
        pictures = [
            part.disturbance.apply(part.shot.picture(number - part.first), number - part.first, random)
            for part in shown
        ]
        if len(shown) == 1:
            return pictures[0]
        new = shown[1]
        assert new.mix is not None
        count = shown[0].end - new.first
        return new.mix(pictures[0], pictures[1], (number - new.first + 1) / (count + 1))


@dataclass(frozen=True)
class _Part:
    """A shot in the film: frames [first, end), and the way it replaces the one before it."""

    shot: shots.Shot
    disturbance: disturbances.Disturbance
    first: int
    end: int
    mix: transitions.Mix | None


def compose(recipe: Recipe) -> Film:
    """Draw a film."""
    random = np.random.default_rng(recipe.seed)
    lengths = [int(n) for n in np.clip(random.lognormal(3.9, 0.5, recipe.boundaries + 1), 18, 140)]
    kinds = [
        "cut" if random.random() < recipe.cuts else str(random.choice(["dissolve", "fade", "wipe"]))
        for _ in range(recipe.boundaries)
    ]
    parts: list[_Part] = []
    truth: list[Boundary] = []
    place = 0
    for number, length in enumerate(lengths):
        kind = kinds[number - 1] if number else "start"
        mixed = 0 if kind in ("cut", "start") else int(np.clip(random.lognormal(2.9, 0.5), 5, 60))
        following = 0 if number == len(kinds) or kinds[number] == "cut" else 60
        first = place
        # ``length`` frames stand alone; the mixed ones belong to both shots.
        place += mixed + length
        if kind != "start":
            truth.append(Boundary(kind, first, first + mixed - 1 if mixed else first))
            before = parts[-1]
            parts[-1] = _Part(before.shot, before.disturbance, before.first, first + mixed, before.mix)
        shot = _shot(recipe, length + mixed + following, parts, random)
        mix = transitions.drawn(kind, random) if mixed else None
        parts.append(_Part(shot, disturbances.drawn(length + mixed, random), first, place, mix))
    opening = int(random.integers(8, 30)) if random.random() < 0.4 else 0
    closing = int(random.integers(8, 30)) if random.random() < 0.4 else 0
    fps = [(24, 1), (25, 1), (30, 1), (24000, 1001), (30000, 1001)][int(random.integers(5))]
    twos = bool(random.random() < 0.15)
    return Film(
        recipe, fps, place, tuple(truth), min(opening, lengths[0]), min(closing, lengths[-1]), tuple(parts), twos
    )


def _shot(recipe: Recipe, frames: int, before: list[_Part], random: np.random.Generator) -> shots.Shot:
    """Draw a shot that shows another scene than the one before it; now and then the same scene much closer."""
    stills = photographs(recipe.split)
    moving = clips(recipe.split)
    last = before[-1].shot if before else None
    if isinstance(last, shots.Still) and random.random() < 0.06 and not last.subjects:
        closer = float(random.choice([0.45, 2.2]))
        place = (float(random.uniform(0.3, 0.7)), float(random.uniform(0.3, 0.7)))
        return shots.Still(last.scene, last.photo, last.size, place, scale=last.scale * closer)
    while True:
        if random.random() < 0.45:
            clip = moving[int(random.integers(len(moving)))]
            if last is None or clip.scene != last.scene:
                return shots.of_clip(clip, recipe.size, random)
        else:
            photo = stills[int(random.integers(len(stills)))]
            if last is None or photo.scene != last.scene:
                return shots.of_photograph(photo, stills, recipe.size, frames, random)
