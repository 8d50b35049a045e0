"""Measure serving in one run: the bare model, ours over REST, LitServe and mosec; then reads from the cache.

python -m benchmarks.serving [--quick] [--rounds N] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.serving.bare_client import Bare
from benchmarks.serving.ceiling import ceiling
from benchmarks.serving.http_load import load
from benchmarks.serving.machine import machine
from benchmarks.serving.ours import Ours
from benchmarks.serving.peers import USUAL, RunningPeer, fastest
from benchmarks.serving.pictures import FreshPictures
from benchmarks.serving.report import as_json, as_markdown
from benchmarks.serving.rounds import FULL, QUICK, Cells, Effort, measure_cached, measure_round
from benchmarks.serving.sampling import profile

RESULTS = Path(__file__).parents[1] / "results"
PROFILE_SECONDS = 8
# The features of one photograph by any two contestants; the same weights and engine differ by rounding alone.
SAME = 0.999


async def run(effort: Effort, quick: bool, sample: bool, command: str) -> None:
    facts = {"command": command, "machine": machine(), "rounds": effort.rounds}
    pictures = FreshPictures(os.urandom(4).hex())
    sizes = [len(picture.data) for picture in pictures.base]
    facts["pictures"] = (
        f"{len(sizes)} JPEGs of 640 to 1600 pixels on the long side, "
        f"{round(sum(sizes) / len(sizes) / 1000)} kB on average"
    )
    facts["load_ceiling"] = await ceiling(pictures.base[0].data)
    setups, tried = dict(USUAL), []
    if not quick:
        print("Which setup of each peer is fastest here", flush=True)
        for peer in USUAL:
            setups[peer], rows = await fastest(peer, pictures)
            tried += rows
    facts["peer_setups"] = {peer: setup.text for peer, setup in setups.items()}
    facts["tried_setups"] = tried
    cells = Cells()
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as folder:
        bare = await Bare.start()
        ours = await Ours.start(Path(folder))
        peers = [RunningPeer(setup) for setup in setups.values()]
        try:
            await check_same(bare, ours, peers, pictures, facts)
            for number in range(effort.rounds):
                print(f"round {number + 1} of {effort.rounds}", flush=True)
                await measure_round(cells, effort, bare, [ours, *peers], pictures)
            warm = await ours.upload(pictures.take(64))
            await ours.extract(warm, 8)
            # The bare process and the peers have nothing to do any more; they need not even idle.
            for peer in peers:
                peer.stop()
            for _ in range(effort.rounds):
                await measure_cached(cells, effort, ours, warm)
            facts["profiles"] = await profiles(ours, warm) if sample else {}
        finally:
            for peer in peers:
                peer.stop()
            await bare.stop()
            await ours.stop()
    result = as_json(cells, facts)
    RESULTS.mkdir(exist_ok=True)
    text = as_markdown(cells, result)
    (RESULTS / "serving.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "serving.md").write_text(text)
    print(text)


async def check_same(bare: Bare, ours: Ours, peers: list[RunningPeer], pictures: FreshPictures, facts: dict) -> None:
    """Wait until all answer, and see that they give the same features; ends the run when they do not."""
    _, answer = await ours.extract(await ours.upload(pictures.take(1)), 1)
    facts["model"] = answer["model_version"]
    found = {"ours": answer["features"]}
    for peer in peers:
        found[peer.name] = await peer.ready(pictures)
    for name, features in found.items():
        cosine = float(np.dot(features, bare.first_feature))
        if cosine < SAME:
            raise SystemExit(f"{name} computes something else than the bare model: cosine {cosine:.4f}")


async def profiles(ours: Ours, warm: list[str]) -> dict:
    """Sample gateway and inference under cached extraction by 32 clients."""
    found = {}
    for service in ("gateway", "inference"):
        traffic = asyncio.create_task(load(ours.extract_url, ours.extractions(warm), 32, 800 * PROFILE_SECONDS))
        found[service] = await profile(ours.pid(service), PROFILE_SECONDS)
        await traffic
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, and the peers' usual setups untried")
    parser.add_argument("--rounds", type=int, help="instead of the usual number")
    parser.add_argument("--profile", action="store_true", help="sample gateway and inference with py-spy at the end")
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    if options.rounds:
        effort = Effort(options.rounds, effort.pictures, effort.bare, effort.cached)
    flags = "".join(
        (" --quick" if options.quick else "", f" --rounds {options.rounds}" if options.rounds else "",
         " --profile" if options.profile else "")
    )  # fmt: skip
    # Ended by a timeout it stops its servers as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asyncio.run(run(effort, options.quick, options.profile, f"python -m benchmarks.serving{flags}"))


if __name__ == "__main__":
    main()
