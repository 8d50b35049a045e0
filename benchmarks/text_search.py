"""Pictures found by sentences: each caption of a set of captioned pictures asks for its own picture.

    python -m benchmarks.text_search [--library 2000]

The pictures are the PNG stamps of Debian's `tuxpaint-stamps-default`, the first half by sorted path, each with its
English caption; they are fetched into ``var/`` and never committed. R@k: the caption's own picture is among the first
k. Several captions occur more than once (`A frog.`), and only one of their pictures counts, so no method can reach 1.
Curves of relevance are measured on every other picture and looked at on the rest. Nothing is trained.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.video.packages import Package, fetched

from dino_analytics.core.search.blend import Curve, word_relevance
from dino_analytics.core.search.known import Known, known
from dino_analytics.core.search.words import words_of
from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import Filters, IndexItem
from dino_analytics.search.ranking import Space, candidates, ranked
from dino_analytics.search.spaces import TEXT_CURVE
from dino_common.imaging import ImageLimits, decode_rgb
from dino_common.settings import Settings
from dino_inference.image_text.choose import load_image_text
from dino_inference.image_text.conse import CALIBRATION
from dino_inference.image_text.space import ImageTextModel
from dino_inference.pull import default_cache_dir
from dino_inference.text_model import shared_text_model

RESULTS = Path(__file__).parent / "results"
STAMPS = Package("tuxpaint-stamps-default", "", True, ("usr/share/tuxpaint/stamps/",))
RANKS = (1, 10)
RRF_K = 60
RESAMPLES, QUERIES = 1000, 200


@dataclass(frozen=True)
class Stamp:
    """A picture and what somebody wrote below it."""

    path: Path
    caption: str


def stamps() -> list[Stamp]:
    found = []
    paths = sorted(p for p in fetched(STAMPS).rglob("*.png") if p.with_suffix(".txt").exists())
    for path in paths[: len(paths) // 2]:
        caption = path.with_suffix(".txt").read_text(errors="replace").splitlines()[0].strip()
        found.append(Stamp(path, caption))
    return found


def recall(scores: np.ndarray) -> dict[str, object]:
    """R@k of a matrix of queries and pictures whose own are on the diagonal; ties count against the method."""
    own = np.diag(scores)[:, None]
    ranks = (scores >= own).sum(1) - 1
    drawn = np.random.default_rng(0).integers(0, len(ranks), (RESAMPLES, len(ranks)))
    figures: dict[str, object] = {"median_rank": float(np.median(ranks)) + 1}
    for k in RANKS:
        hits = ranks < k
        low, high = np.percentile(hits[drawn].mean(1), [2.5, 97.5])
        figures[f"r@{k}"] = round(float(hits.mean()), 3)
        figures[f"r@{k}_95"] = [round(float(low), 3), round(float(high), 3)]
    return figures


def curve_of(cosines: np.ndarray) -> Curve:
    """Half relevant where one unrelated pair in a hundred lies; the width is half the unrelated pairs' deviation."""
    unrelated = cosines[~np.eye(len(cosines), dtype=bool)]
    return Curve(float(np.percentile(unrelated, 99)), float(unrelated.std()) / 2)


def looked_at(curve: Curve, cosines: np.ndarray) -> dict[str, float]:
    """How pairs that the curve was not measured on lie on it."""
    same = np.eye(len(cosines), dtype=bool)
    return {
        "unrelated_above_midpoint": round(float((cosines[~same] > curve.midpoint).mean()), 4),
        "own_above_midpoint": round(float((cosines[same] > curve.midpoint).mean()), 4),
    }


def relevance(curve: Curve, cosines: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp((curve.midpoint - cosines) / curve.width))


def reciprocal_ranks(*scores: np.ndarray) -> np.ndarray:
    """Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion", SIGIR 2009."""
    return sum((1 / (RRF_K + 1 + np.argsort(np.argsort(-s, 1, kind="stable"), 1)) for s in scores), np.zeros(()))


def in_common(captions: Sequence[str], texts: Sequence[Known]) -> np.ndarray:
    held = [set(text.words) for text in texts]
    rows = []
    for caption in captions:
        asked = words_of(caption)
        rows.append([word_relevance(len(set(asked) & words), len(asked)) for words in held])
    return np.array(rows)


def retrieval() -> dict[str, object]:
    found = stamps()
    captions = [stamp.caption for stamp in found]
    cache = default_cache_dir().expanduser()
    text = shared_text_model(cache)
    space = load_image_text(Settings.model_construct(image_text_model="", model_cache_dir=cache, device="cpu"))
    pixels = [decode_rgb(stamp.path.read_bytes(), ImageLimits(max_pixels=10**8)) for stamp in found]
    placed = space.place(pixels)
    costs = cpu_costs(space, pixels[:40], captions[:20])

    shown = space.embed_texts(captions) @ np.stack([place.vector for place in placed]).T
    names = text.embed([place.labels[0][0] for place in placed])
    queries = text.embed(captions)
    texts = [known(stamp.path.name, [], {}) for stamp in found]
    said = queries @ text.embed([each.paragraph for each in texts]).T
    words = in_common(captions, texts)
    half = [known(stamp.path.name if n % 2 else f"IMG_{n:04}.png", [], {}) for n, stamp in enumerate(found)]
    half_said = queries @ text.embed([each.paragraph for each in half]).T
    half_words = in_common(captions, half)

    picture_curve = Curve(CALIBRATION.midpoint, CALIBRATION.width)

    def joined(said_: np.ndarray, words_: np.ndarray, shown_: np.ndarray | None) -> np.ndarray:
        missing = (1 - relevance(TEXT_CURVE, said_)) * (1 - words_)
        return -(missing if shown_ is None else missing * (1 - relevance(picture_curve, shown_)))

    even, odd = np.ix_(range(0, len(found), 2), range(0, len(found), 2)), np.ix_(*[range(1, len(found), 2)] * 2)
    return {
        "pictures": len(found),
        "different_captions": len(set(captions)),
        "model": space.version,
        "text_model": text.version,
        **costs,
        "chance": {f"r@{k}": round(k / len(found), 4) for k in RANKS},
        "nothing known in words": {
            "name of the likeliest class": recall(queries @ names.T),
            "picture (ConSE)": recall(shown),
        },
        "file names known": {
            "meaning of the name": recall(said),
            "meaning and words": recall(joined(said, words, None)),
            "reciprocal ranks of meaning, words and picture": recall(reciprocal_ranks(said, words, shown)),
            "meaning, words and picture": recall(joined(said, words, shown)),
        },
        "every other file name known": {
            "meaning and words": recall(joined(half_said, half_words, None)),
            "reciprocal ranks of meaning, words and picture": recall(reciprocal_ranks(half_said, half_words, shown)),
            "meaning, words and picture": recall(joined(half_said, half_words, shown)),
        },
        "curves": {
            name: {
                "measured": {"midpoint": round(c.midpoint, 3), "width": round(c.width, 3)},
                "in_use": {"midpoint": used.midpoint, "width": used.width},
                "in_use_on_the_rest": looked_at(used, cosines[odd]),
            }
            for name, cosines, used in (("text", said, TEXT_CURVE), ("picture", shown, picture_curve))
            for c in [curve_of(cosines[even])]
        },
    }


def cpu_costs(space: ImageTextModel, pixels: list[np.ndarray], captions: list[str]) -> dict[str, float]:
    """Processor milliseconds of a decoded picture and of a query."""
    began = time.process_time()
    space.place(pixels)
    placing = time.process_time() - began
    began = time.process_time()
    for caption in captions:
        space.embed_texts([caption])
    asking = time.process_time() - began
    return {
        "cpu_ms_a_picture": round(1000 * placing / len(pixels), 1),
        "cpu_ms_a_query": round(1000 * asking / len(captions), 1),
    }


async def latency(size: int) -> dict[str, object]:
    """Candidates and ranking of one query over two indexes, as analytics does it, in processor time of all threads;
    vectors are synthetic."""
    random = np.random.default_rng(0)
    vocabulary = [f"word{n}" for n in range(2000)]
    with tempfile.TemporaryDirectory() as folder:
        indexes = [await EdgeIndex.open(Path(folder), version, 384) for version in ("texts b@1", "image-text b@1")]
        for start in range(0, size, 1000):
            for index in indexes:
                rows = random.normal(size=(1000, 384)).astype(np.float32)
                await index.upsert([_item(start + n, row, vocabulary, random) for n, row in enumerate(rows)])
        for index in indexes:
            await index.compact()
        times = []
        for _ in range(QUERIES):
            query = random.normal(size=384).astype(np.float32)
            spaces = [
                Space(name, index, query, TEXT_CURVE)
                for name, index in zip(("text", "image_text"), indexes, strict=True)
            ]
            words = list(random.choice(vocabulary, 4))
            began = time.process_time()
            ranked((await candidates(spaces, words, Filters())).values(), spaces, words, 0.0)
            times.append(1000 * (time.process_time() - began))
        for index in indexes:
            await index.close()
    times.sort()
    return {
        "assets": size,
        "cpu_p50_ms": round(statistics.median(times), 1),
        "cpu_p99_ms": round(times[int(0.99 * len(times))], 1),
    }


def _item(number: int, row: np.ndarray, vocabulary: list[str], random: np.random.Generator) -> IndexItem:
    words = [str(word) for word in random.choice(vocabulary, 8)]
    payload = {"filename": f"{number}.jpg", "tags": words[:2], "known": {"tags": " ".join(words)}, "words": words}
    return IndexItem(str(uuid.UUID(int=number + 1)), row, payload)


def table(figures: dict[str, object]) -> str:
    lines = ["| what is known | ranked by | R@1 (95 %) | R@10 (95 %) | median rank |", "|---|---|---|---|---|"]
    for condition, methods in figures.items():
        if condition in ("chance", "curves", "latency") or not isinstance(methods, dict):
            continue
        for method, f in methods.items():
            shares = [f"{f[f'r@{k}']:.3f} ({f[f'r@{k}_95'][0]:.3f}–{f[f'r@{k}_95'][1]:.3f})" for k in RANKS]
            lines.append(f"| {condition} | {method} | {shares[0]} | {shares[1]} | {f['median_rank']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", type=int, default=2000, help="assets of the latency measurement")
    options = parser.parse_args()
    figures = retrieval()
    print(table(figures), json.dumps(figures["curves"], indent=2), sep="\n", flush=True)
    figures["latency"] = asyncio.run(latency(options.library))
    write(figures)


def write(figures: dict[str, object]) -> None:
    text = table(figures)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "text_search.json").write_text(json.dumps(figures, indent=2) + "\n")
    summary = (
        f"# Text → picture\n\n`python -m benchmarks.text_search`: {figures['pictures']} captioned pictures, "
        f"{figures['different_captions']} different captions; chance R@1 {figures['chance']['r@1']}, "  # type: ignore[index]
        f"R@10 {figures['chance']['r@10']}.\n\n{text}\n\n"  # type: ignore[index]
        f"Processor time: {figures['cpu_ms_a_picture']} ms a picture, {figures['cpu_ms_a_query']} ms a query; "
        f"candidates and ranking over {figures['latency']['assets']} assets: "  # type: ignore[index]
        f"p50 {figures['latency']['cpu_p50_ms']} ms, p99 {figures['latency']['cpu_p99_ms']} ms.\n"  # type: ignore[index]
    )
    (RESULTS / "text_search.md").write_text(summary)
    print(summary)


if __name__ == "__main__":
    main()
