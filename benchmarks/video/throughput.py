"""Memory and speed of whole analyses: ``python -m benchmarks.video.throughput``; writes benchmarks/results.

Every film goes through the platform as ``make run`` starts it: uploaded over REST, analysed by the video service's own
process, whose memory is read from the system.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from benchmarks.serving.machine import machine
from benchmarks.serving.processes import cpu_seconds
from benchmarks.video.long_film import SHOT_SECONDS, long_film
from tests.integration.platform import MODELS, Platform, Servers, plan_test_platform

FOLDER = Path("var/bench/video/long-v1")
RESULTS = Path("benchmarks/results")
_FILE = "video_throughput.json"
SETTINGS = {"MAX_FILE_SIZE_MB": "4000", "DINO_CACHE_DIR": str(MODELS)}
_LOOK_SECONDS = 0.2
MB = 1 << 20


@dataclass(frozen=True)
class Case:
    """A film and how it is analysed."""

    size: tuple[int, int]
    minutes: int
    keyframes: bool

    @property
    def name(self) -> str:
        return f"{self.minutes} min of {self.size[1]}p, {'with' if self.keyframes else 'without'} keyframes"


CASES = (
    Case((854, 480), 5, True),
    Case((1920, 1080), 5, True),
    Case((854, 480), 60, False),
)


async def measured(platform: Platform, case: Case) -> dict[str, Any]:
    """Analyse one film in a service that has just started, and return what it took."""
    await platform.restart("video")
    load = os.getloadavg()[0]
    path = long_film(FOLDER, case.size, case.minutes)
    process = psutil.Process(platform.children["video"].pid)
    async with platform.client(timeout=600) as client:
        with path.open("rb") as file:
            uploaded = await client.post("/upload-media", files={"file": (path.name, file, "video/mp4")})
        uploaded.raise_for_status()
        film = uploaded.json()["asset_id"]
        resting, cpu = process.memory_info().rss, cpu_seconds(process.pid)
        peak, stages, before = resting, {}, ""
        began = moment = time.perf_counter()
        body = {"video_asset_id": film, "extract_keyframes": case.keyframes}
        job = (await client.post("/analyze-video-shots?wait=0", json=body)).json()["job_id"]
        while True:
            told = (await client.get(f"/jobs/{job}")).json()
            peak = max(peak, process.memory_info().rss)
            stage, now = told["progress"]["stage"], time.perf_counter()
            if before:
                stages[before] = stages.get(before, 0.0) + now - moment
            before, moment = stage, now
            if told["status"] not in ("queued", "running"):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        wall = time.perf_counter() - began
        if told["status"] != "succeeded":
            raise RuntimeError(f"{case.name}: {told['error']}")
        found = told["result"]
        await client.delete(f"/assets/{film}")
    return {
        "film": case.name,
        "size": list(case.size),
        "minutes": case.minutes,
        "keyframes": case.keyframes,
        "file_mb": round(path.stat().st_size / MB, 1),
        "frames": found["analysed_frames"],
        "shots": found["total_shots"],
        "true_shots": case.minutes * 60 // SHOT_SECONDS,
        "shots_in_answer": len(found["shot_analyses"]),
        "wall_s": round(wall, 1),
        "times_real_time": round(case.minutes * 60 / wall, 2),
        "decode_frames_per_s": round(found["analysed_frames"] / stages["decoding"], 1),
        "core_s": round(cpu_seconds(process.pid) - cpu, 1),
        "stage_s": {name: round(seconds, 1) for name, seconds in stages.items() if seconds >= 0.05},
        "load_at_start": round(load, 1),
        "measured_on": datetime.now(UTC).date().isoformat(),
        "resting_mb": round(resting / MB),
        "peak_mb": round(peak / MB),
    }


def table(found: dict[str, Any]) -> str:
    """Write the report."""
    host = found["machine"]
    lines = [
        "# Memory and speed of film analysis",
        "",
        f"Written by `{found['command']}` on {found['measured_on']}: {host['processor']},",
        f"{host['cores']} cores that other programs used too (load: how many were busy or waited at the start), no",
        f"accelerator. A minute of footage and moving photographs, cut every {SHOT_SECONDS} seconds, is repeated;",
        "each film is uploaded over REST and analysed by a video service that has just started. Resident memory of its",
        "process is read five times a second. Keyframes are stored at full size, and their features are computed by",
        "the inference service beside it; core s are the video service's alone. Where other programs wait for the",
        "processor, clock seconds tell of them; the processor time that a film takes is steadier.",
        "",
        "| film | shots | clock s | × real time | core s | × real time a core | load | memory at rest | peak memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["films"]:
        lines.append(
            f"| {row['film']} | {row['shots']} | {row['wall_s']:.0f} | **{row['times_real_time']:.1f}** "
            f"| {row['core_s']:.0f} | {row['minutes'] * 60 / row['core_s']:.1f} | {row['load_at_start']:.1f} "
            f"| {row['resting_mb']} MB | {row['peak_mb']} MB |"
        )
    lines += ["", "Clock seconds by stage:", "", "| film | stages |", "|---|---|"]
    for row in found["films"]:
        told = ", ".join(f"{name} {seconds:.0f}" for name, seconds in row["stage_s"].items() if seconds >= 0.5)
        lines.append(f"| {row['film']} | {told} |")
    return "\n".join(lines) + "\n"


def write(found: dict[str, Any]) -> None:
    """Write what is known so far."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / _FILE).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    (RESULTS / "video_throughput.md").write_text(table(found))
    print(table(found), flush=True)


async def run(cases: list[Case], command: str) -> None:
    known = json.loads((RESULTS / _FILE).read_text())["films"] if (RESULTS / _FILE).exists() else []
    rows = {row["film"]: row for row in known}
    found: dict[str, Any] = {
        "command": command,
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "films": [],
    }
    for case in cases:
        long_film(FOLDER, case.size, case.minutes)
    with tempfile.TemporaryDirectory() as directory:
        servers = await Servers.start(Path(directory) / "servers")
        platform = plan_test_platform(servers, Path(directory) / "platform", SETTINGS)
        try:
            await platform.start()
            for case in cases:
                rows[case.name] = await measured(platform, case)
                # Films that this run leaves out keep the figures of an earlier one.
                found["films"] = [rows[one.name] for one in CASES if one.name in rows]
                write(found)
        finally:
            await platform.stop()
            await servers.stop()


def main() -> None:
    """Measure every case, or those of some length and size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video.throughput", description=__doc__)
    parser.add_argument("--least-minutes", type=int, default=0, help="leave out shorter films")
    parser.add_argument("--most-minutes", type=int, default=60, help="leave out longer films")
    parser.add_argument("--only-make", action="store_true", help="make the films and measure nothing")
    options = parser.parse_args()
    cases = [case for case in CASES if options.least_minutes <= case.minutes <= options.most_minutes]
    if options.only_make:
        for case in cases:
            print(long_film(FOLDER, case.size, case.minutes))
        return
    asyncio.run(run(cases, parser.prog))


if __name__ == "__main__":
    main()
