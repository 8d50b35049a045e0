"""A kopf operator that does nothing: what following resources costs with the framework alone.

``python -m benchmarks.operator.noop``; writes the number of handled resources to the file NOOP_COUNT at each change.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import kopf

from dino_operator.spec import GROUP, PLURAL, VERSION

_FILE = Path(os.environ.get("NOOP_COUNT", "/dev/null"))
_handled: set[str] = set()


@kopf.on.create(GROUP, VERSION, PLURAL)
@kopf.on.resume(GROUP, VERSION, PLURAL)
def handled(uid: str, **_: Any) -> None:
    _handled.add(uid)
    _FILE.write_text(str(len(_handled)))


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.posting.enabled = False
    _FILE.write_text("0")


if __name__ == "__main__":
    kopf.run(clusterwide=True, standalone=True)
