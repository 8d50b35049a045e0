"""What a film is, read from its headers, its first packets and one decoded frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise

import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dino_common.errors import InvalidFileFormat
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source, opened, video_stream

# ITU-T H.273 transfer characteristics: PQ (SMPTE ST 2084) and HLG (ARIB STD-B67).
_HDR_TRANSFERS = {16: "pq", 18: "hlg"}
_RATE_PACKETS = 240


@dataclass(frozen=True)
class VideoFacts:
    """What a film is.

    Attributes:
        container, codec, pixel_format: FFmpeg's names, e.g. ``mov,mp4,m4a,3gp,3g2,mj2``, ``h264``, ``yuv420p``.
        coded_width, coded_height: pixels of a stored frame; either may be odd.
        width, height: pixels as shown, after the sample aspect ratio and the rotation.
        rotation: degrees (0, 90, 180, 270) that a stored frame is turned counter-clockwise to be shown upright.
        sample_aspect: width of a stored pixel over its height.
        duration_s: seconds of video by the header; None when it does not say.
        nominal_rate: frames a second that the time stamps are laid out for; None when unknown.
        average_rate: frames a second on the average by the header; None when unknown.
        variable_rate: whether the first frames do not come at equal distances.
        declared_frames: frames by the header; None when it does not say.
        bit_depth: bits of a luma sample.
        hdr: ``pq``, ``hlg`` or None.
        video_streams, audio_streams, subtitle_streams: how many of each the file holds (covers left out).
        stream: index of the video stream that is analysed.
    """

    container: str
    codec: str
    pixel_format: str
    coded_width: int
    coded_height: int
    width: int
    height: int
    rotation: int
    sample_aspect: Fraction
    duration_s: float | None
    nominal_rate: Fraction | None
    average_rate: Fraction | None
    variable_rate: bool
    declared_frames: int | None
    bit_depth: int
    hdr: str | None
    video_streams: int
    audio_streams: int
    subtitle_streams: int
    stream: int

    @property
    def has_audio(self) -> bool:
        """Whether there is sound."""
        return self.audio_streams > 0

    @property
    def rate(self) -> Fraction:
        """Frames a second for frame numbers and timecodes: nominal, else average, else 25."""
        return self.nominal_rate or self.average_rate or Fraction(25)


def probe(source: Source, limits: MediaLimits | None = None) -> VideoFacts:
    """Read what a film is; decodes one frame.

    Raises:
        InvalidFileFormat: not a video, audio only, or not one frame can be decoded.
        FileTooLarge: the declared size, duration or number of frames exceeds a limit.
    """
    limits = limits or MediaLimits()
    with opened(source) as container:
        stream = video_stream(container, limits)
        duration = duration_of(container, stream)
        if duration is not None:
            limits.check_duration(duration)
        if stream.frames:
            limits.check_frames(stream.frames)
        variable = _variable(container, stream)
        frame = first_frame(container, stream)
        limits.check_pixels(frame.width, frame.height)
        return _facts(container, stream, frame, duration, variable)


def first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Decode the first frame that can be decoded, from the start of the stream.

    Raises:
        InvalidFileFormat: there is none.
    """
    rewind(container, stream)
    try:
        for packet in container.demux(stream):
            try:
                for frame in packet.decode():
                    return frame
            except av.error.InvalidDataError:
                continue
    except av.error.FFmpegError:
        pass
    raise InvalidFileFormat("not one frame of the video can be decoded")


def rewind(container: InputContainer, stream: VideoStream) -> None:
    """Go back to the start of the stream."""
    container.seek(stream.start_time or 0, stream=stream, backward=True)


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Return the seconds of video that the header declares, None when it says nothing usable."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration and container.duration > 0 else None


def _variable(container: InputContainer, stream: VideoStream) -> bool:
    """Look at the distances of the first time stamps; containers that round to milliseconds get that much."""
    stamps = []
    try:
        for packet in islice(container.demux(stream), _RATE_PACKETS):
            if packet.pts is not None:
                stamps.append(packet.pts)
    except av.error.FFmpegError:
        pass
    # The last ones may wait for frames that were not read: those are shown before them.
    stamps = sorted(stamps)[: len(stamps) - 16 if len(stamps) > 40 else len(stamps)]
    gaps = [b - a for a, b in pairwise(stamps) if b > a]
    if len(gaps) < 2 or stream.time_base is None:
        return False
    slack = max(2, Fraction(3, 2000) / stream.time_base)
    return max(gaps) - min(gaps) > slack


def _facts(
    container: InputContainer, stream: VideoStream, frame: VideoFrame, duration: float | None, variable: bool
) -> VideoFacts:
    aspect = Fraction(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1)
    aspect = aspect if aspect > 0 else Fraction(1)
    rotation = round(frame.rotation / 90) * 90 % 360
    # Shown size keeps every stored row or column: the narrower side grows.
    width = round(frame.width * max(aspect, Fraction(1)))
    height = round(frame.height / min(aspect, Fraction(1)))
    if rotation in (90, 270):
        width, height = height, width
    return VideoFacts(
        container=container.format.name,
        codec=stream.codec_context.name,
        pixel_format=frame.format.name,
        coded_width=frame.width,
        coded_height=frame.height,
        width=width,
        height=height,
        rotation=rotation,
        sample_aspect=aspect,
        duration_s=duration,
        nominal_rate=_rate(stream.base_rate),
        average_rate=_rate(stream.average_rate),
        variable_rate=variable,
        declared_frames=stream.frames or None,
        bit_depth=frame.format.components[0].bits,
        hdr=_HDR_TRANSFERS.get(int(frame.color_trc or 0)),
        video_streams=sum(1 for item in container.streams.video if not _is_cover(item)),
        audio_streams=len(container.streams.audio),
        subtitle_streams=len(container.streams.subtitles),
        stream=stream.index,
    )


def _is_cover(stream: VideoStream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _rate(rate: Fraction | None) -> Fraction | None:
    """Keep what can be a frame rate; a header may say 90,000 for a stream of few frames."""
    return rate if rate is not None and 0 < rate <= 1000 else None
