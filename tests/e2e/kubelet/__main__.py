"""``python -m tests.e2e.kubelet --kubeconfig FILE --state DIR --node cpu-0 --node gpu-0:nvidia.com/gpu=2``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from tests.e2e.kubelet.container import Options
from tests.e2e.kubelet.node import Kubelet

from dino_common.bus.tasks import end


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _node(text: str) -> tuple[str, dict[str, str]]:
    name, _, resources = text.partition(":")
    return name, dict(_pair(item) for item in resources.split(",") if item)


def _kubelet(options: argparse.Namespace) -> Kubelet:
    paths = {path: Path(local).resolve() for path, local in options.image_path}
    differences = Options(back_off=options.back_off, image_paths=paths, variables=dict(options.image_env))
    return Kubelet(options.kubeconfig, options.state.resolve(), dict(options.node), differences)


async def _run(kubelet: Kubelet) -> None:
    registered = asyncio.Event()
    running = asyncio.create_task(kubelet.run(registered))
    told = asyncio.create_task(registered.wait())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)
    if registered.is_set():
        print("kubelet ready", flush=True)
    try:
        await running
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("asked to stop")
    finally:
        await end([told])


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kubelet", description=main.__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True, help="directory of volumes, claims and logs")
    parser.add_argument("--node", type=_node, action="append", required=True, metavar="NAME[:RESOURCE=N,...]")
    parser.add_argument("--back-off", type=float, default=10.0, help="seconds before the second restart")
    parser.add_argument("--image-path", type=_pair, action="append", default=[], metavar="PATH=DIR")
    parser.add_argument("--image-env", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(_run(_kubelet(parser.parse_args())))


if __name__ == "__main__":
    main()
