"""What is kept of a decoded chunk: all that later stages need, so that nothing is decoded twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from dino_video.analysis.pictures import PictureKeeper
from dino_video.core.decode.chunks import Chunk
from dino_video.core.decode.frames import Damage
from dino_video.core.decode.run import Consumer, Progress, decode
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source
from dino_video.core.shots.cues import CueMeter
from dino_video.core.shots.kept import KeptThumbnails, ThumbnailKeeper, unpack

# Of everything below that shapes what is kept: another one decodes again.
VERSION = 1


@dataclass(frozen=True)
class ChunkRecord:
    """A chunk as it was decoded.

    Attributes:
        kept: times and thumbnails of its frames.
        black, text: bool (frames,), what each frame looks like.
        pictures: as ``PictureKeeper.pack`` gives them.
        damage: what could not be read.
    """

    kept: KeptThumbnails
    black: NDArray[np.bool_]
    text: NDArray[np.bool_]
    pictures: dict[str, NDArray[np.generic]]
    damage: Damage

    @property
    def times(self) -> tuple[Fraction, ...]:
        """Exact seconds of each frame from the film's start."""
        return self.kept.times

    def pack(self) -> bytes:
        """Return it as bytes."""
        file = BytesIO()
        d = self.damage
        np.savez(
            file,
            thumbnails=np.frombuffer(self.kept.pack(), np.uint8),
            black=self.black,
            text=self.text,
            damage=np.array([d.packets, d.frames, d.out_of_order, d.broke_off], np.int64),
            numbers=self.pictures["numbers"],
            ends=self.pictures["ends"],
            files=self.pictures["files"],
        )
        return file.getvalue()


def unpack_record(data: bytes) -> ChunkRecord:
    """Read what ``pack`` wrote.

    Raises:
        ValueError: other bytes.
    """
    with np.load(BytesIO(data), allow_pickle=False) as found:
        packets, frames, disordered, broken = found["damage"].tolist()
        return ChunkRecord(
            unpack(found["thumbnails"].tobytes()),
            found["black"],
            found["text"],
            {name: found[name] for name in ("numbers", "ends", "files")},
            Damage(packets, frames, disordered, bool(broken)),
        )


def decode_chunk(
    source: Source,
    facts: VideoFacts,
    chunk: Chunk,
    limits: MediaLimits,
    stop: Callable[[], bool],
    progress: Callable[[Progress], None],
    beside: Sequence[Consumer] = (),
) -> ChunkRecord | None:
    """Decode a chunk once; None when ``stop`` said so. ``beside`` are consumers that see the same frames.

    Raises:
        InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``decode`` says.
    """
    thumbnails, cues, pictures = ThumbnailKeeper(), CueMeter(float(facts.rate)), PictureKeeper()
    consumers = [thumbnails, cues, pictures, *beside]
    done = decode(source, facts, consumers, chunk=chunk, limits=limits, stop=stop, progress=progress)
    if done.stopped:
        return None
    black, text = cues.flags()
    return ChunkRecord(thumbnails.finish(), black, text, pictures.pack(), done.damage)
