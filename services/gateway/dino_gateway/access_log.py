"""The access log: one line a request, without query, credentials or bodies."""

from __future__ import annotations

import logging

from dino_gateway.call import Call

log = logging.getLogger("dino.access")


def log_access(call: Call, method: str, status: int, size: int, seconds: float) -> None:
    """Write the line; trace and span ids are added by the formatter."""
    if not log.isEnabledFor(logging.INFO):
        return
    route = call.route or "unmatched"
    milliseconds = round(seconds * 1000, 2)
    log.info(
        "%s %s %d %.1f ms",
        method,
        route,
        status,
        milliseconds,
        extra={
            "method": method,
            "route": route,
            "operation": call.operation.name if call.operation else None,
            "status": status,
            "error": call.error or None,
            "ms": milliseconds,
            "bytes": size,
            "request_id": call.request_id,
            "principal": call.principal.name or None,
            "client_ip": call.client_ip,
        },
    )
