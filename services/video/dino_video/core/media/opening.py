"""Open a film for reading: only containers that are accepted, only the bytes that were given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from dino_common.errors import InvalidFileFormat
from dino_video.core.media.limits import MediaLimits

Source = str | Path | BinaryIO

# FFmpeg's names. A whitelist, since playlists and concatenation lists would make it open other files and URLs.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"


@contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """Open a path or a seekable binary file object as MP4, MOV, MKV or WebM.

    Raises:
        InvalidFileFormat: empty, of another kind, or so damaged that its index cannot be read.
        OSError: the path or the store cannot be read.
    """
    file = str(source) if isinstance(source, str | Path) else source
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    if not isinstance(source, str | Path):
        source.seek(0)  # it may have been read before
    try:
        container = av.open(file, "r", options=options, metadata_errors="replace")
    except av.error.FileNotFoundError:
        raise
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise InvalidFileFormat(
            "the file is not a readable MP4, MOV, MKV or WebM video, or its index is lost"
        ) from error
    except av.error.ArgumentError as error:
        raise InvalidFileFormat("the file's container is not accepted: MP4, MOV, MKV and WebM are") from error
    with container:
        yield cast(InputContainer, container)


def video_stream(container: InputContainer, limits: MediaLimits) -> VideoStream:
    """Return the stream that is the film: no cover picture; the one marked default, else the largest.

    Raises:
        InvalidFileFormat: there is none (audio only, subtitles only), or no decoder for it.
        FileTooLarge: its frames exceed the limit of pixels.
    """
    found = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not found:
        only = "only audio" if container.streams.audio else "no video stream"
        raise InvalidFileFormat(f"the file holds {only}; a video is needed")
    decodable = [stream for stream in found if stream.codec_context is not None]
    if not decodable:
        raise InvalidFileFormat("the video is of a codec that cannot be decoded here")

    def rank(stream: VideoStream) -> tuple[bool, int, int]:
        area = stream.codec_context.width * stream.codec_context.height
        return (bool(stream.disposition & Disposition.default), area, -stream.index)

    chosen = max(decodable, key=rank)
    limits.check_pixels(chosen.codec_context.width, chosen.codec_context.height)
    # The decoder itself refuses larger frames too, should the stream grow after its header.
    chosen.codec_context.options = {"max_pixels": str(limits.pixels)}
    return chosen
