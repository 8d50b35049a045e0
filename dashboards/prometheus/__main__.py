"""Run Prometheus in the foreground beside the platform that ``make run`` started; Ctrl-C stops it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from dashboards.prometheus.binaries import MISSING, find_binaries
from dashboards.prometheus.configuration import configuration, gateway_scrape

from dino_local.endpoints import Endpoints

_SECONDS = 5


def main() -> int:
    """Write the configuration below ``DINO_VAR`` and become Prometheus."""
    arguments = argparse.ArgumentParser(prog="python -m dashboards.prometheus", description=__doc__)
    arguments.add_argument("--listen", default="127.0.0.1:9090", help="host:port (default: %(default)s)")
    listen = arguments.parse_args().listen
    data = Path(os.environ.get("DINO_VAR") or "var").resolve()
    try:
        api_url = Endpoints.read(data).api_url
    except FileNotFoundError:
        api_url = None
    if api_url is None:
        print(f"no platform runs on {data}: start it with `make run`", file=sys.stderr)
        return 1
    binaries = find_binaries()
    if binaries is None:
        print(MISSING, file=sys.stderr)
        return 1
    directory = data / "prometheus"
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration([gateway_scrape(urlsplit(api_url).netloc, "local")], _SECONDS)))
    print(f"Prometheus reads {api_url} every {_SECONDS} s and answers at http://{listen} (rules: /alerts)", flush=True)
    os.execv(
        binaries.prometheus,
        [
            str(binaries.prometheus),
            f"--config.file={file}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={listen}",
            "--log.level=warn",
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
