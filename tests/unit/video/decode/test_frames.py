"""Frames of a film: the right ones, at their times, whatever the chunking, in bounded memory."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from tests.unit.video import films

from dino_common.errors import DeadlineExceeded, FileTooLarge
from dino_video.core.decode.chunks import WHOLE, Chunk, plan_chunks
from dino_video.core.decode.frames import Damage, Frame, frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits

SMALL = Plane("rgb", exact=(48, 27))
GREY = Plane("gray", long_side=64)


def decoded(film: bytes, *planes: Plane, chunk: Chunk = WHOLE, **more) -> list[Frame]:
    return list(frames(io.BytesIO(film), probe(io.BytesIO(film)), planes or (SMALL,), chunk=chunk, **more))


def test_each_frame_comes_once_at_its_time() -> None:
    found = decoded(films.encoded(films.moving(1, 30), rate=Fraction(30000, 1001)))
    assert [frame.time for frame in found] == [Fraction(n * 1001, 30000) for n in range(30)]


def test_variable_rate_keeps_the_time_stamps() -> None:
    stamps = [0, 40, 80, 200, 210, 400, 1000]
    film = films.encoded(films.moving(2, 7), container="matroska", stamps=stamps, time_base=Fraction(1, 1000))
    assert [frame.time * 1000 for frame in decoded(film)] == stamps


def test_planes_have_the_asked_shapes_and_show_the_picture() -> None:
    picture = np.zeros((54, 96, 3), np.uint8)
    picture[:, :48] = (250, 10, 10)
    frame = decoded(films.encoded([picture] * 3), SMALL, GREY)[0]
    assert frame.planes[SMALL].shape == (27, 48, 3)
    assert frame.planes[GREY].shape == (36, 64)
    assert frame.planes[SMALL][:, 2:20, 0].min() > 200
    assert frame.planes[SMALL][:, 28:].max() < 40
    assert frame.planes[GREY][:, :28].mean() > frame.planes[GREY][:, 36:].mean() + 40


def test_rotated_film_comes_upright() -> None:
    picture = np.zeros((54, 96, 3), np.uint8)
    picture[:, :48] = 250
    frame = decoded(films.rotated(films.encoded([picture] * 2)), GREY)[0]
    # The matrix sends (x, y) to (−y, x): what was left is now on top.
    assert frame.planes[GREY].shape == (64, 36)
    assert frame.planes[GREY][:28].min() > 200
    assert frame.planes[GREY][36:].max() < 40


def test_a_plane_does_not_depend_on_who_else_subscribed() -> None:
    film = films.encoded(films.moving(3, 3, width=1280, height=720))
    alone = decoded(film, SMALL)
    beside = decoded(film, SMALL, GREY, Plane("gray", long_side=900))
    assert all((a.planes[SMALL] == b.planes[SMALL]).all() for a, b in zip(alone, beside, strict=True))


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "libx264", {"preset": "veryfast", "g": "12", "bf": "3", "x264-params": "open-gop=1"}),
        ("matroska", "libx264", {"preset": "veryfast", "g": "250"}),
        ("webm", "libvpx", {"g": "10", "deadline": "realtime"}),
        ("mp4", "mpeg4", {"g": "9", "bf": "2"}),
    ],
)
def test_any_chunking_gives_the_same_frames(container: str, codec: str, options: dict[str, str]) -> None:
    shots = itertools.chain(*(films.moving(seed, 37, speed=2) for seed in range(3)))
    film = films.encoded(shots, container=container, codec=codec, options=options)
    facts = probe(io.BytesIO(film))
    whole = decoded(film)
    assert len(whole) == 111
    bounds = [Fraction(0), Fraction(1, 3), Fraction(1), Fraction(101, 50), Fraction(31, 10)]
    for cut in (bounds, bounds[::2], [Fraction(n, 2) for n in range(8)]):
        chunks = [Chunk(n, a, b) for n, (a, b) in enumerate(itertools.pairwise([*cut, None]))]
        # Backwards, as workers may finish in any order.
        parts = [list(frames(io.BytesIO(film), facts, (SMALL,), chunk=chunk)) for chunk in reversed(chunks)]
        found = list(itertools.chain(*reversed(parts)))
        assert [frame.time for frame in found] == [frame.time for frame in whole]
        assert all((a.planes[SMALL] == b.planes[SMALL]).all() for a, b in zip(found, whole, strict=True))


def test_plan_covers_the_film_once() -> None:
    assert plan_chunks(None) == (WHOLE,)
    assert plan_chunks(59.0) == (WHOLE,)
    plan = plan_chunks(185.0)
    assert [chunk.start for chunk in plan] == [0, 60, 120]
    assert plan[-1].end is None
    assert all(a.end == b.start for a, b in itertools.pairwise(plan))


def test_truncated_matroska_is_decoded_as_far_as_it_goes() -> None:
    film = films.encoded(films.moving(4, 100), container="matroska", options={"g": "10"})
    damage = Damage()
    found = decoded(film[: len(film) * 6 // 10], damage=damage)
    assert 40 <= len(found) < 100
    assert [frame.time for frame in found] == [Fraction(n, 25) for n in range(len(found))]


def test_truncated_fragmented_mp4_is_decoded_as_far_as_it_goes() -> None:
    film = films.encoded(
        films.moving(5, 100), container="mp4", options={"g": "10"}, movflags="frag_keyframe+empty_moov"
    )
    damage = Damage()
    found = decoded(film[: len(film) * 7 // 10], damage=damage)
    assert 40 <= len(found) < 100


def test_noise_in_the_middle_is_stepped_over_and_counted() -> None:
    film = bytearray(films.encoded(films.moving(6, 120), container="mp4", options={"g": "10"}))
    start = film.find(b"mdat") + 4
    end = film.find(b"moov")
    middle = (start + end) // 2
    film[middle : middle + 1500] = np.random.default_rng(0).integers(0, 256, 1500, np.uint8).tobytes()
    damage = Damage()
    found = decoded(bytes(film), damage=damage)
    assert damage.any
    assert damage.packets + damage.frames >= 1
    assert len(found) >= 90
    assert found[-1].time > 4


def test_limits_hold_while_decoding() -> None:
    film = films.encoded(films.moving(7, 60))
    with pytest.raises(FileTooLarge, match="frames"):
        decoded(film, limits=MediaLimits(frames=50))
    with pytest.raises(FileTooLarge, match="2 s"):
        decoded(film, limits=MediaLimits(duration_s=2))


def test_wall_clock_limit_ends_a_pass() -> None:
    film = films.encoded(films.moving(8, 300, width=48, height=28))
    with pytest.raises(DeadlineExceeded):
        decoded(film, limits=MediaLimits(wall_s=0))


def test_memory_does_not_grow_with_the_film() -> None:
    """A minute costs no more than two seconds do: measured in a process of its own, 480×270."""
    script = (
        "import io, resource\n"
        "from tests.unit.video import films\n"
        "from dino_video.core.decode.frames import frames\n"
        "from dino_video.core.decode.planes import Plane\n"
        "from dino_video.core.media.facts import probe\n"
        "shot = films.moving(1, 50, width=480, height=270)\n"
        "def peak(count):\n"
        "    film = films.encoded((shot[n % 50] for n in range(count)), options={'g': '50', 'crf': '30'})\n"
        "    planes = (Plane('rgb', exact=(48, 27)), Plane('gray', long_side=320))\n"
        "    found = sum(1 for _ in frames(io.BytesIO(film), probe(io.BytesIO(film)), planes))\n"
        "    assert found == count, found\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "short = peak(50)\n"
        "print(peak(1500) - short)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    grown_mb = int(done.stdout) / 1024
    # Kept, its frames would be 290 MB as pictures and 92 MB as planes.
    assert grown_mb < 40


def test_a_pass_ends_also_while_it_is_still_on_its_way_to_its_chunk() -> None:
    """One key frame for the whole film: what comes before the chunk is decoded and thrown away."""
    film = films.encoded(films.moving(9, 150, width=48, height=28), options={"g": "999", "sc_threshold": "0"})
    late = Chunk(1, Fraction(5), None)
    assert len(decoded(film, chunk=late)) == 25
    with pytest.raises(DeadlineExceeded):
        decoded(film, chunk=late, limits=MediaLimits(wall_s=0))
    asked = itertools.count()
    assert decoded(film, chunk=late, stop=lambda: next(asked) >= 20) == []
    assert next(asked) < 30
