"""Camera movement on moves with known names: confusion matrices and macro-F1.

    python -m benchmarks.video.camera MEDIA [--each 16] [--only tuned|held_out|real] [--write]

MEDIA as in `benchmarks.video.camera.sources`. Thresholds were set on the photographs of scikit-image; those of
opencv-doc and scikit-learn, and the real footage, are held out. Clean clips have a moving subject in half of
them; hard ones add grain, exposure flicker, compression and hand shake. `--only` and `--kind` with `--write` renew
those sets alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmarks.video.camera.clips import Clip, photographs, real
from benchmarks.video.camera.moves import CLASSES
from benchmarks.video.camera.render import WIDTH
from benchmarks.video.camera.sources import NATURAL, footage, held_out, tuned

from dino_video.core.camera import Movement, camera_movement

RESULTS = Path(__file__).parents[2] / "results"
SETS = ("held out, clean", "held out, hard", "real footage", "tuned, clean", "tuned, hard")


@dataclass(frozen=True)
class Outcome:
    """What was said of one clip, and the processor time that it took."""

    true: str
    named: str
    confidence: float
    subject: bool
    frames: int
    seconds: float


def outcomes(clips: Iterable[Clip], verbose: bool = False) -> Iterator[Outcome]:
    for clip in clips:
        began = time.process_time()
        found = camera_movement(clip.frames, clip.times)
        seconds = time.process_time() - began
        if verbose and found.movement_type != clip.name:
            print(_line(clip, found), flush=True)
        yield Outcome(clip.name, found.movement_type, found.confidence, clip.subject, len(clip.frames), seconds)


def measure(found: Iterable[Outcome]) -> dict:
    counts: Counter[tuple[str, str]] = Counter()
    by_confidence: dict[str, list[int]] = {"0-0.4": [0, 0], "0.4-0.6": [0, 0], "0.6-0.8": [0, 0], "0.8-1": [0, 0]}
    subjects = [0, 0]
    frames, seconds = 0, 0.0
    for one in found:
        frames, seconds = frames + one.frames, seconds + one.seconds
        right = one.named == one.true
        counts[one.true, one.named] += 1
        bucket = by_confidence[_bucket(one.confidence)]
        bucket[0], bucket[1] = bucket[0] + right, bucket[1] + 1
        if one.subject:
            subjects = [subjects[0] + right, subjects[1] + 1]
    names = [name for name in CLASSES if any(truth == name for truth, _ in counts)]
    return {
        "clips": sum(counts.values()),
        "macro_f1": round(sum(_f1(counts, name) for name in names) / len(names), 4),
        "accuracy": round(sum(counts[n, n] for n in names) / sum(counts.values()), 4),
        "f1": {name: round(_f1(counts, name), 3) for name in names},
        "accuracy_with_subject": round(subjects[0] / max(1, subjects[1]), 4),
        "accuracy_by_confidence": {
            name: {"accuracy": round(right / total, 3), "clips": total}
            for name, (right, total) in by_confidence.items()
            if total
        },
        "confusion": {name: {p: n for (t, p), n in sorted(counts.items()) if t == name} for name in names},
        "frames_per_core_second": round(frames / seconds),
    }


def natural(media: Path) -> list[tuple[str, str, str, bool]]:
    """Name, true names, what was said with its confidence, and whether it is right, of each natural shot."""
    rows = []
    for clip, names in NATURAL:
        frames, times = footage(media, clip)
        small = [
            cv2.resize(f, (WIDTH, round(f.shape[0] * WIDTH / f.shape[1])), interpolation=cv2.INTER_AREA) for f in frames
        ]
        found = camera_movement([np.asarray(f, np.uint8) for f in small], times)
        right = found.movement_type in names
        rows.append((clip.name, " or ".join(names), f"{found.movement_type} ({found.confidence:.2f})", right))
    return rows


def _f1(counts: Counter[tuple[str, str]], name: str) -> float:
    hit = counts[name, name]
    said = sum(n for (_, p), n in counts.items() if p == name)
    true = sum(n for (t, _), n in counts.items() if t == name)
    return 2 * hit / max(1, said + true)


def _bucket(confidence: float) -> str:
    return (
        "0-0.4" if confidence < 0.4 else "0.4-0.6" if confidence < 0.6 else "0.6-0.8" if confidence < 0.8 else "0.8-1"
    )


def _line(clip: Clip, m: Movement) -> str:
    return (
        f"{clip.name:10} {clip.source:16} {'subject' if clip.subject else '':8} "
        f"-> {m.movement_type:10} {m.confidence:.2f} "
        f"pan {m.pan_rate:+.3f} tilt {m.tilt_rate:+.3f} zoom {m.zoom_rate:+.3f} roll {m.roll_rate:+.2f} "
        f"shake {m.shake:.4f} parallax {m.parallax:.2f} {m.reason or ''}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("media", type=Path)
    parser.add_argument("--each", type=int, default=16, help="clips of each class over held-out photographs")
    parser.add_argument("--kind", choices=("clean", "hard"), help="clips over photographs of this kind alone")
    parser.add_argument("--only", choices=("tuned", "held_out", "real"))
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results")
    parser.add_argument("--verbose", action="store_true", help="print every clip that was named wrongly")
    chosen = parser.parse_args()
    found: dict[str, dict] = {}
    if chosen.only in (None, "tuned"):
        for kind in (chosen.kind,) if chosen.kind else ("clean", "hard"):
            clips = photographs(tuned(), min(chosen.each, 6), kind == "hard", seed=1)
            found[f"tuned, {kind}"] = measure(outcomes(clips, chosen.verbose))
    if chosen.only in (None, "held_out"):
        for kind in (chosen.kind,) if chosen.kind else ("clean", "hard"):
            clips = photographs(held_out(chosen.media), chosen.each, kind == "hard", seed=2)
            found[f"held out, {kind}"] = measure(outcomes(clips, chosen.verbose))
    if chosen.only in (None, "real"):
        found["real footage"] = measure(outcomes(real(chosen.media, seed=3), chosen.verbose))
    if chosen.only in (None, "real"):
        shots = natural(chosen.media)
        print(*(f"{name}: {truth} -> {said}" for name, truth, said, _ in shots), sep="\n")
    for name, figures in found.items():
        print(name, json.dumps({k: v for k, v in figures.items() if k != "confusion"}))
    if chosen.write:
        _write(found, natural(chosen.media), f"python -m benchmarks.video.camera MEDIA --each {chosen.each}")
    return 0


def _write(found: dict[str, dict], shots: list[tuple[str, str, str, bool]], command: str) -> None:
    as_shot = [{"shot": n, "true": t, "named": said, "right": right} for n, t, said, right in shots]
    kept = RESULTS / "video_camera.json"
    earlier = json.loads(kept.read_text())["sets"] if kept.is_file() else {}
    found = {name: (earlier | found)[name] for name in SETS if name in earlier | found}
    figures = {"command": command, "sets": found, "as_shot": as_shot}
    kept.write_text(json.dumps(figures, indent=1) + "\n")
    lines = [
        "# Camera movement",
        "",
        f"`{command} --write`",
        "",
        "| set | clips | macro-F1 | accuracy | with a moving subject | frames a core-second |",
        "|---|---|---|---|---|---|",
    ]
    for name, f in found.items():
        lines.append(
            f"| {name} | {f['clips']} | {f['macro_f1']} | {f['accuracy']} "
            f"| {f['accuracy_with_subject']} | {f['frames_per_core_second']} |"
        )
    for name, f in found.items():
        columns = [*f["confusion"], *sorted({p for row in f["confusion"].values() for p in row} - set(f["confusion"]))]
        lines += [
            "",
            f"## {name}: rows true, columns named",
            "",
            "| | " + " | ".join(columns) + " | F1 |",
            "|---" * (len(columns) + 2) + "|",
        ]
        for true, row in f["confusion"].items():
            lines.append(f"| {true} | " + " | ".join(str(row.get(c, "")) for c in columns) + f" | {f['f1'][true]} |")
        by = ", ".join(f"{k}: {v['accuracy']} of {v['clips']}" for k, v in f["accuracy_by_confidence"].items())
        lines += ["", f"Accuracy by confidence: {by}."]
    lines += ["", "## Footage as it was shot", "", "| shot | true | named |", "|---|---|---|"]
    lines += [f"| {name} | {truth} | {said} |" for name, truth, said, _ in shots]
    (RESULTS / "video_camera.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
