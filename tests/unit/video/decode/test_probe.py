"""What is read from a film's headers, and what is refused."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from tests.unit.video import films

from dino_common.errors import FileTooLarge, InvalidFileFormat
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits


@pytest.fixture(scope="module")
def plain() -> bytes:
    return films.encoded(films.moving(1, 30), audio=True)


def test_probe_reads_a_plain_film(plain: bytes) -> None:
    facts = probe(io.BytesIO(plain))
    assert (facts.codec, facts.width, facts.height, facts.rotation) == ("h264", 96, 54, 0)
    assert facts.duration_s == pytest.approx(1.2, abs=0.05)
    assert facts.average_rate == 25
    assert facts.rate == 25
    assert not facts.variable_rate
    assert facts.has_audio
    assert facts.hdr is None
    assert facts.declared_frames == 30


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx264"), ("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx")]
)
def test_accepted_containers_open_from_a_file_object(container: str, codec: str) -> None:
    facts = probe(io.BytesIO(films.encoded(films.moving(2, 6), container=container, codec=codec)))
    assert (facts.width, facts.height) == (96, 54)
    assert not facts.has_audio


def test_probe_reads_a_path(tmp_path, plain: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(plain)
    assert probe(path) == probe(io.BytesIO(plain))


def test_odd_sizes_are_kept() -> None:
    pictures = films.moving(3, 4, width=97, height=55)
    facts = probe(io.BytesIO(films.encoded(pictures, pixel_format="yuv444p")))
    assert (facts.coded_width, facts.coded_height) == (97, 55)


def test_display_matrix_turns_the_shown_size() -> None:
    facts = probe(io.BytesIO(films.rotated(films.encoded(films.moving(4, 4)))))
    assert (facts.coded_width, facts.coded_height) == (96, 54)
    assert (facts.width, facts.height) == (54, 96)
    assert facts.rotation == 270


def test_sample_aspect_widens_the_shown_size() -> None:
    facts = probe(io.BytesIO(films.encoded(films.moving(5, 4), aspect=Fraction(4, 3))))
    assert facts.sample_aspect == Fraction(4, 3)
    assert (facts.width, facts.height) == (128, 54)


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_uneven_time_stamps_are_a_variable_rate(container: str) -> None:
    stamps = [n * 40 + n // 5 * 60 for n in range(60)]
    film = films.encoded(films.moving(6, 60), container=container, stamps=stamps, time_base=Fraction(1, 1000), rate=25)
    assert probe(io.BytesIO(film)).variable_rate


def test_milliseconds_of_matroska_are_no_variable_rate() -> None:
    film = films.encoded(films.moving(7, 60), container="matroska", rate=Fraction(30000, 1001))
    facts = probe(io.BytesIO(film))
    assert not facts.variable_rate
    assert float(facts.rate) == pytest.approx(29.97, abs=0.01)


def test_hdr_is_seen_from_the_transfer_characteristics() -> None:
    film = films.encoded(films.moving(8, 3), options={"x264-params": "transfer=smpte2084:colorprim=bt2020"})
    assert probe(io.BytesIO(film)).hdr == "pq"


def test_largest_of_several_video_streams_is_the_film() -> None:
    small = films.moving(9, 5, width=48, height=28)
    film = films.encoded(small, container="matroska", more_video=[films.moving(10, 5)])
    facts = probe(io.BytesIO(film))
    assert facts.video_streams == 2
    # Matroska marks the first stream default: a mark of the author goes before size.
    assert (facts.width, facts.height) in ((96, 54), (48, 28))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a readable"),
        (b"\x00" * 4096, "not a readable"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "not"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not"),
        (b"GIF89a" + b"\x01\x00" * 40, "not"),
    ],
)
def test_what_is_no_accepted_video_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidFileFormat, match=words):
        probe(io.BytesIO(data))


def test_audio_alone_is_refused() -> None:
    with pytest.raises(InvalidFileFormat, match="only audio"):
        probe(io.BytesIO(films.only_audio()))


def test_film_without_its_index_is_refused(plain: bytes) -> None:
    with pytest.raises(InvalidFileFormat, match="index"):
        probe(io.BytesIO(plain[: len(plain) // 2]))


def test_film_of_noise_has_no_decodable_frame(plain: bytes) -> None:
    def scramble(file: bytearray, at: int) -> None:
        size = int.from_bytes(file[at - 8 : at - 4], "big") - 8
        file[at : at + size] = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()

    with pytest.raises(InvalidFileFormat, match="not one frame"):
        probe(io.BytesIO(films.patched(films.encoded(films.moving(1, 3)), b"mdat", scramble)))


def test_huge_frames_are_refused_before_they_are_decoded(plain: bytes) -> None:
    with pytest.raises(FileTooLarge, match="96×54"):
        probe(io.BytesIO(plain), MediaLimits(pixels=1000))


def test_huge_declared_duration_is_refused() -> None:
    film = films.encoded(films.moving(1, 2), container="matroska", stamps=[0, 20_000_000], time_base=Fraction(1, 1000))
    with pytest.raises(FileTooLarge, match="exceeds the limit of 14,400 s"):
        probe(io.BytesIO(film))


def test_too_many_frames_are_refused(plain: bytes) -> None:
    with pytest.raises(FileTooLarge, match="30 frames"):
        probe(io.BytesIO(plain), MediaLimits(frames=20))
