"""One request to a webhook's address: signed, bounded in time, never redirected, its answer's body not read."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

import httpx

from dino_common import __version__
from dino_gateway.webhooks.targets import ForbiddenTarget, Target, Targets, Unresolved

_LONGEST_RETRY_AFTER = 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went.

    Attributes:
        response_status: None when no response came.
        error: why it counts as failed; None when it succeeded.
        seconds: it took.
        retry_after: seconds that the receiver asked to wait; None when it did not.
        gone: the receiver wants nothing more (410).
    """

    response_status: int | None
    error: str | None
    seconds: float
    retry_after: float | None = None
    gone: bool = False


class Sender:
    """Sends; several requests at once are fine."""

    def __init__(self, targets: Targets, timeout: float) -> None:
        """Args:
        targets: says where an address leads and whether it may.
        timeout: seconds for name, connection, request and response head together.
        """
        self._targets, self._timeout = targets, timeout
        # No connection is kept: one that was made for a name would serve another name at the same address.
        self._client = httpx.AsyncClient(
            verify=httpx.create_ssl_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=timeout,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
        )

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """POST a JSON body and return how it went; nothing that the receiver does is raised."""
        began = time.perf_counter()
        status: int | None = None
        retry_after: float | None = None
        error: str | None
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._post(await self._targets.find(url), headers, body)
            status, retry_after = response.status_code, _retry_after(response.headers.get("retry-after"))
            error = _judged(status)
        except TimeoutError:
            error = f"No response within {self._timeout:g} s"
        except ForbiddenTarget as refused:
            error = f"Not sent: {refused.message}"
        except Unresolved as unknown:
            error = f"Not sent: {unknown}"
        except httpx.TimeoutException:
            error = f"No response within {self._timeout:g} s"
        except httpx.ConnectError as failure:
            error = "The TLS certificate was not accepted" if "CERTIFICATE" in str(failure) else "No connection"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as failure:
            error = f"The exchange failed ({type(failure).__name__})"
        return Outcome(status, error, time.perf_counter() - began, retry_after, gone=status == 410)

    async def _post(self, target: Target, headers: dict[str, str], body: bytes) -> httpx.Response:
        failure: httpx.TransportError | None = None
        for address in target.addresses:
            shown = f"[{address}]" if ":" in address else address
            request = self._client.build_request(
                "POST",
                f"{target.scheme}://{shown}:{target.port}{target.path}",
                content=body,
                headers={
                    "Host": target.authority,
                    "Content-Type": "application/json",
                    "User-Agent": f"dinov3-platform/{__version__} (webhooks)",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                extensions={"sni_hostname": target.host},
            )
            try:
                response = await self._client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
                continue
            await response.aclose()
            return response
        assert failure is not None
        raise failure

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _judged(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The response was {status}: redirects are not followed"
    return f"The response was {status}"


def _retry_after(value: str | None) -> float | None:
    """Return the header's seconds, at most a day; a date is not heeded."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return min(seconds, _LONGEST_RETRY_AFTER) if math.isfinite(seconds) and seconds >= 0 else None
