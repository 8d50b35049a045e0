"""One film and the stretch of it that a job is about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from dino_common.stores.assets import AssetRecord
from dino_video.analysis.film import Films
from dino_video.core.decode.frames import Frame, frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.core.media.limits import MediaLimits
from dino_video.stretch.flow import Stop
from dino_video.stretch.sampling import Stretch

_WALL_SECONDS = 86_400.0


@dataclass(frozen=True)
class FilmStretch:
    """What is decoded, and how."""

    record: AssetRecord
    facts: VideoFacts
    stretch: Stretch
    films: Films
    limits: MediaLimits

    @property
    def total(self) -> int | None:
        """Frames that will be taken; None for a film that does not say how long it is."""
        return self.stretch.taken(self.facts.duration_s)

    def frames(self, planes: Iterable[Plane], after: Fraction | None, stop: Stop) -> Iterator[Frame]:
        """Decode the stretch, or what of it comes after the frame of this time; to be called in a thread.

        Raises:
            InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``dino_video.core.decode.frames`` says.
        """
        source, chunk = self.films.open(self.record), self.stretch.chunk(after)
        return frames(source, self.facts, planes, chunk=chunk, limits=self.limits, stop=stop)


async def open_stretch(
    films: Films, record: AssetRecord, limits: MediaLimits, choose: Callable[[VideoFacts], Stretch]
) -> FilmStretch:
    """Read what the film is and choose the stretch.

    Raises:
        InvalidRequest: as ``choose`` says.
        InvalidFileFormat, FileTooLarge: as ``probe`` says.
    """
    facts = await asyncio.to_thread(lambda: probe(films.open(record), limits))
    # Decoding waits for the model here: the job's own deadline bounds it.
    patient = replace(limits, wall_s=max(limits.wall_s, _WALL_SECONDS))
    return FilmStretch(record, facts, choose(facts), films, patient)
