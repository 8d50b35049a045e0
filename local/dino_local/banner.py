"""What the terminal shows once everything answers."""

from __future__ import annotations

from collections.abc import Mapping

from dino_local.endpoints import Endpoints


def banner(endpoints: Endpoints, environment: Mapping[str, str], data: str) -> str:
    """Return the lines that tell where the platform listens and what to do next."""
    api = endpoints.api_url
    model = environment.get("DINOV3_MODEL_NAME") or "built in (DINOv2 ViT-S/14, 384 numbers)"
    rows = [
        ("API", f"{api}/api/v1"),
        ("documentation", f"{api}/docs"),
        ("metrics", f"{api}/api/v1/metrics"),
        ("health", f"{api}/api/v1/health"),
        ("model", model),
        ("data", f"{data} (kept between runs; logs in {data}/log)"),
        ("access", _access(environment)),
        ("stop", "Ctrl-C"),
    ]
    if not environment.get("DINOV3_MODEL_NAME"):
        rows.append(("DINOv3", "DINOV3_MODEL_NAME=<directory or repository in transformers form> make run"))
    wide = max(len(name) for name, _ in rows)
    body = [f"  {name:<{wide}}  {text}" for name, text in rows]
    line = "-" * min(100, max(len(row) for row in body) + 2)
    return "\n".join(["", line, "  The platform answers.", *body, line])


def servers_banner(endpoints: Endpoints, data: str) -> str:
    """Return the lines for a start of the servers alone."""
    rows = [
        ("nats", endpoints.nats_url),
        ("redis", endpoints.redis_url),
        ("mongo", endpoints.mongodb_url),
        ("objects", f"{endpoints.objects.endpoint} bucket {endpoints.objects.bucket}"),
        ("keys", f"{data}/endpoints.json"),
        ("stop", "Ctrl-C"),
    ]
    return "\n".join(["", "  The servers answer.", *(f"  {name:<8}{text}" for name, text in rows), ""])


def _access(environment: Mapping[str, str]) -> str:
    host = environment.get("API_HOST", "")
    local = host in ("127.0.0.1", "localhost", "::1")
    where = "from this machine only" if local else f"from every machine that reaches {host}"
    if environment.get("DINO_AUTH") != "off":
        return f"{where}, with an API key (dino keys create)"
    warning = "" if local else ": ANYONE there may use it; DINO_AUTH=on asks for keys"
    return f"{where}, no keys asked (DINO_AUTH=off){warning}"
