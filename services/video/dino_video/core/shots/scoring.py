"""Scores of a film's frames from its thumbnails as they come, in blocks, with bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_video.core.shots.features import REACH, features
from dino_video.core.shots.network import KINDS, MARGIN, Network, Scores, built_in

# Frames scored at once. Blocks are counted from the film's first frame, so scores never depend on how frames came.
BLOCK = 512
CONTEXT = REACH + MARGIN


class Scorer:
    """Takes thumbnails in order of time and scores each frame as soon as the frames after it are known.

    Before the first frame the first one stands still, after the last one the last.
    """

    def __init__(self, network: Network | None = None) -> None:
        """Use the network of this package, or another."""
        self._network = network or built_in()
        self._waiting: list[NDArray[np.uint8]] = []
        self._found: list[Scores] = []
        self._started = False

    def add(self, thumbnail: NDArray[np.uint8]) -> None:
        """Take the next frame's thumbnail, uint8 [27, 48, 3]."""
        if not self._started:
            self._waiting = [thumbnail] * CONTEXT
            self._started = True
        self._waiting.append(thumbnail)
        if len(self._waiting) == BLOCK + 2 * CONTEXT:
            self._score()
            del self._waiting[:BLOCK]

    def finish(self) -> Scores:
        """Score what is left and return the scores of all frames."""
        if self._started:
            left = len(self._waiting) - CONTEXT
            self._waiting += [self._waiting[-1]] * CONTEXT
            if left > 0:
                while len(self._waiting) > 2 * CONTEXT:
                    self._score()
                    del self._waiting[:BLOCK]
            self._waiting, self._started = [], False
        if not self._found:
            empty = np.zeros(0, np.float32)
            return Scores(empty, empty, np.zeros((0, len(KINDS)), np.float32))
        parts, self._found = self._found, []
        return Scores(
            np.concatenate([part.cut for part in parts]),
            np.concatenate([part.gradual for part in parts]),
            np.concatenate([part.kinds for part in parts]),
        )

    def _score(self) -> None:
        block = np.stack(self._waiting[: BLOCK + 2 * CONTEXT])
        self._found.append(self._network.scores(features(block)))


def score(thumbnails: NDArray[np.uint8], network: Network | None = None) -> Scores:
    """Score a film held as one array, uint8 [n, 27, 48, 3]."""
    scorer = Scorer(network)
    for thumbnail in thumbnails:
        scorer.add(thumbnail)
    return scorer.finish()
