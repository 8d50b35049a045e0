"""Counts what a handler does, and has the requests mirrored that are in the canary's share."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from dino_common.bus.context import Context
from dino_common.bus.service import Handler
from dino_common.contracts import HTTP_STATUS, ErrorCode
from dino_common.contracts.internal import EmbedResponse
from dino_common.errors import DinoError
from dino_inference.mirror import MirrorSender
from dino_inference.work_log import Work

_OWN_FAULT = 500


def counted(operation: str, handler: Handler, work: Work, mirror: MirrorSender) -> Handler:
    """Return the handler with its counting and mirroring."""

    async def handle(context: Context, request: Any) -> BaseModel | dict[str, Any]:
        await mirror.copy(operation, context, request)
        log = work.of(context)
        try:
            answer = await handler(context, request)
        except DinoError as error:
            log.ended(failed=error.status >= _OWN_FAULT)
            raise
        except asyncio.CancelledError:
            if context.remaining() <= 0:
                log.ended(failed=True)
            raise
        except Exception:
            log.ended(failed=True)
            raise
        log.ended(failed=_failed_inside(answer))
        return answer

    return handle


def _failed_inside(answer: Any) -> bool:
    """Whether an answer about several assets holds a fault of this service."""
    if not isinstance(answer, EmbedResponse):
        return False
    codes = {item.error.code for item in answer.items if item.error is not None}
    return any(HTTP_STATUS[ErrorCode(code)] >= _OWN_FAULT for code in codes)
