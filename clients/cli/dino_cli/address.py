"""Where the platform listens, from the option, the environment, or what ``make run`` wrote down."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from dino_cli.failures import UsageFailure

DEFAULT_URL = "http://localhost:3012"
BASE_PATH = "/api/v1"


def base_url(given: str | None) -> str:
    """Return the address up to and with ``/api/v1``.

    In this order: the option or DINO_SERVICE_URL, ``api_url`` of ``var/endpoints.json``, http://localhost:3012.

    Raises:
        UsageFailure: the address is not one of http or https.
    """
    url = (given or _written("api_url") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageFailure(f"{url!r} is not an http address", "Write it as http://localhost:3012")
    return url if url.endswith(BASE_PATH) else url + BASE_PATH


def mongodb_url() -> str | None:
    """Return the document store that ``make run`` started, or None; MONGODB_URL comes before it."""
    return os.environ.get("MONGODB_URL") or _written("mongodb_url")


def endpoints_file() -> Path:
    """Return the file in which a running local platform keeps its addresses."""
    return Path(os.environ.get("DINO_VAR") or "var") / "endpoints.json"


def _written(field: str) -> str | None:
    try:
        value = json.loads(endpoints_file().read_text()).get(field)
    except (OSError, ValueError, AttributeError):
        return None
    return value if isinstance(value, str) and value else None
