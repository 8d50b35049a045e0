"""Do the quality metrics answer to their distortions, and does the score rank distorted copies lower?

    python -m benchmarks.quality_validation [--held-out DIR]

Weights and constants were tuned on the packaged photographs (scikit-image, scikit-learn, matplotlib). The
held-out ones come from Debian's `opencv-doc`: `apt-get download opencv-doc && dpkg -x opencv-doc_*.deb D`, then
`--held-out D/usr/share/doc/opencv-doc/examples`. They were first measured after tuning had ended (88.6 % ranked);
two faults that they showed were then mended (white backdrops counted as overexposed, edges of the scene as JPEG
blocks), so the second figure is no longer quite blind.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path

import matplotlib
import sklearn.datasets
from tests.unit.analytics.photographs import DISTORTIONS, RGB, corrects, read, scikit_image_photographs

from dino_analytics.core.quality import TechnicalMetrics, quality_score, technical_metrics

RESULTS = Path(__file__).parent / "results"

HELD_OUT = [
    *("aero1.jpg", "aloeL.jpg", "apple.jpg", "baboon.jpg", "basketball1.png", "blox.jpg", "board.jpg"),
    *("box_in_scene.png", "building.jpg", "butterfly.jpg", "ela_original.jpg", "fruits.jpg", "graf1.png"),
    *("HappyFish.jpg", "home.jpg", "leuvenA.jpg", "messi5.jpg", "orange.jpg", "rubberwhale1.png"),
    *("smarties.png", "squirrel_cls.jpg", "stuff.jpg"),
]
"""Every photograph of `examples/data` but chessboards, drawings, renderings and deliberately blurred ones."""


def packaged() -> dict[str, RGB]:
    found = scikit_image_photographs()
    folder = Path(sklearn.datasets.__file__).parent / "images"
    found |= {name: read(folder / f"{name}.jpg") for name in ("china", "flower")}
    found["grace_hopper"] = read(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    return found


def held_out(examples: Path) -> dict[str, RGB]:
    return {Path(name).stem: read(examples / "data" / name) for name in HELD_OUT}


def measure(photos: dict[str, RGB]) -> dict[str, dict[str, list[TechnicalMetrics]]]:
    table: dict[str, dict[str, list[TechnicalMetrics]]] = {}
    for name, rgb in photos.items():
        original = technical_metrics(rgb)
        table[name] = {
            d.name: [original, *(technical_metrics(d.apply(rgb, s)) for s in d.strengths)] for d in DISTORTIONS
        }
    return table


def summarise(photos: dict[str, RGB]) -> dict:
    table = measure(photos)
    per: dict[str, dict] = {}
    failures: dict[str, list[str]] = defaultdict(list)
    ranked = total = kept_ranked = kept_total = 0
    for d in DISTORTIONS:
        monotone = monotone_total = right = cases = 0
        for name, by_distortion in table.items():
            steps = by_distortion[d.name]
            scores = [quality_score(m) for m in steps]
            lower = [score < scores[0] for score in scores[1:]]
            right, cases = right + sum(lower), cases + len(lower)
            if not corrects(d, steps[0].brightness):
                values = [d.sign * getattr(m, d.metric) for m in steps]
                monotone += all(a < b for a, b in itertools.pairwise(values))
                monotone_total += 1
                kept_ranked, kept_total = kept_ranked + sum(lower), kept_total + len(lower)
            failures[name] += [f"{d.name} {s:g}" for s, ok in zip(d.strengths, lower, strict=True) if not ok]
        ranked, total = ranked + right, total + cases
        per[d.name] = {
            "metric": d.metric,
            "strengths": list(d.strengths),
            "monotone": monotone,
            "monotone_of": monotone_total,
            "ranked_below_original": right,
            "ranked_of": cases,
        }
    originals = {name: quality_score(next(iter(t.values()))[0]) for name, t in table.items()}
    ordered = sorted(originals.values())
    return {
        "photographs": len(photos),
        "ranked_below_original": round(ranked / total, 4),
        "cases": total,
        "ranked_without_corrections": round(kept_ranked / kept_total, 4),
        "cases_without_corrections": kept_total,
        "distortions": per,
        "original_scores": originals,
        "original_score_quartiles": [round(q, 1) for q in statistics.quantiles(ordered, n=4)],
        "original_share_at_least_70": round(sum(s >= 70 for s in ordered) / len(ordered), 3),
        "failures": {name: cases for name, cases in failures.items() if cases},
    }


def milliseconds(rgb: RGB, repeats: int = 15) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        technical_metrics(rgb)
        times.append(time.perf_counter() - start)
    return round(1000 * statistics.median(times), 2)


def as_markdown(report: dict) -> str:
    lines = [
        "# Quality metrics on distorted photographs",
        "",
        "Written by `python -m benchmarks.quality_validation`. *Ranked*: the score of the distorted copy is",
        "below its original's. *Monotone*: the distortion's own metric degrades at every step of its strength.",
        "*Corrections* are exposure shifts that move a dark picture (mean luma < 0.35) up or a bright one (> 0.55)",
        "down: they may improve it, so monotony is not asked of them; they do count in *ranked, all*.",
        "",
        "Constants were tuned on the packaged set. The held-out set was first measured after that: 88.6 % ranked,",
        "92.1 % without corrections. It showed two faults, since mended: white backdrops counted as overexposed, and",
        "straight edges of the scene as JPEG blocks. The weights were then chosen once more, on the packaged set",
        "alone. So the figure below is no longer quite blind. Several held-out originals are JPEGs of low quality,",
        "where compressing again changes nothing, and noise or blur hides their blocks.",
        "",
        "| set | photographs | ranked, all | ranked without corrections | originals ≥ 70 | quartiles |",
        "|---|---|---|---|---|---|",
    ]
    for name, s in report["sets"].items():
        quartiles = " / ".join(f"{q:.0f}" for q in s["original_score_quartiles"])
        lines.append(
            f"| {name} | {s['photographs']} | {s['ranked_below_original']:.1%} of {s['cases']} | "
            f"{s['ranked_without_corrections']:.1%} of {s['cases_without_corrections']} | "
            f"{s['original_share_at_least_70']:.0%} | {quartiles} |"
        )
    for name, s in report["sets"].items():
        lines += [
            "",
            f"## {name}",
            "",
            "| distortion | strengths | metric | monotone | ranked |",
            "|---|---|---|---|---|",
        ]
        for distortion, row in s["distortions"].items():
            lines.append(
                f"| {distortion} | {', '.join(f'{v:g}' for v in row['strengths'])} | {row['metric']} | "
                f"{row['monotone']} of {row['monotone_of']} | {row['ranked_below_original']} of {row['ranked_of']} |"
            )
        misses = "; ".join(f"{photo}: {', '.join(cases)}" for photo, cases in s["failures"].items())
        lines += ["", f"Not ranked below the original: {misses or 'none'}."]
    lines += [
        "",
        f"One assessment of a 1000×872 picture takes {report['milliseconds_per_picture']} ms (median).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held-out", type=Path, help="folder `examples` of Debian's opencv-doc")
    arguments = parser.parse_args()
    photos = packaged()
    report = {"sets": {"tuning (packaged)": summarise(photos)}}
    if arguments.held_out:
        report["sets"]["held out (opencv-doc)"] = summarise(held_out(arguments.held_out))
    report["milliseconds_per_picture"] = milliseconds(photos["hubble_deep_field"])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "quality_validation.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    text = as_markdown(report)
    (RESULTS / "quality_validation.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
