"""What every command shares: --url, --api-key, --json, and the objects made from them."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dino_cli.failures import Exit, Failure, report

if TYPE_CHECKING:
    from rich.console import Console

    from dino_cli.client import Client

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="DINO_SERVICE_URL",
        help="Address of the platform; else var/endpoints.json, else http://localhost:3012.",
        rich_help_panel="Connection and output",
        show_default=False,
    ),
]
ApiKeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="DINO_API_KEY",
        help="Key to call with.",
        rich_help_panel="Connection and output",
        show_default=False,
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Write JSON, and only JSON, to stdout.", rich_help_panel="Connection and output"),
]


@dataclass
class Session:
    """One run of one command; ``as_json`` decides what stdout holds."""

    url: str | None = None
    api_key: str | None = None
    as_json: bool = False
    _open: list[Client] = field(default_factory=list)

    @cached_property
    def client(self) -> Client:
        """Return the client, made on first use so that commands without one start fast."""
        from dino_cli.address import base_url
        from dino_cli.client import Client

        client = Client(base_url(self.url), self.api_key, on_wait=self._waiting)
        self._open.append(client)
        return client

    @cached_property
    def out(self) -> Console:
        """Return the console of tables: stdout."""
        from rich.console import Console

        return Console(highlight=False)

    @cached_property
    def err(self) -> Console:
        """Return the console of progress and notes: stderr."""
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    def emit(self, data: Any, show: Callable[[Console], None]) -> None:
        """Write ``data`` as JSON, or let ``show`` draw it."""
        if self.as_json:
            print(json.dumps(data, indent=2, default=str))
        else:
            show(self.out)

    def note(self, text: str) -> None:
        """Say something on stderr."""
        self.err.print(text, style="dim", markup=False, soft_wrap=True)

    def close(self) -> None:
        """Close what was opened."""
        for client in self._open:
            client.__exit__()

    def _waiting(self, seconds: float, reason: str) -> None:
        if seconds >= 1:
            self.note(f"waiting {seconds:.0f} s: {reason}")


def command(function: Callable[..., None], *, connects: bool = True) -> Callable[..., None]:
    """Give a command the shared options and a Session as its first argument, and turn faults into exit codes."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shared = {"as_json": AsJson}
    if connects:
        shared = {"url": Url, "api_key": ApiKeyOption, "as_json": AsJson}

    @wraps(function)
    def run(**values: Any) -> None:
        session = Session(**{name: values.pop(name) for name in shared})
        try:
            function(session, **values)
        except Failure as failure:
            report(failure, as_json=session.as_json)
            raise typer.Exit(failure.exit_code) from None
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader, such as head, has enough: silence the flush at exit.
            sys.stdout = None  # type: ignore[assignment]
            raise typer.Exit(Exit.OK) from None
        finally:
            session.close()

    more = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=False if name == "as_json" else None
        )
        for name, kind in shared.items()
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + more
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def local_command(function: Callable[..., None]) -> Callable[..., None]:
    """As ``command``, for commands that do not talk to the gateway."""
    return command(function, connects=False)
