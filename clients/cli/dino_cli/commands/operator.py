"""``dino operator``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dino_cli.failures import Failure, UsageFailure
from dino_cli.session import Session, local_command

if TYPE_CHECKING:
    from dino_operator.render import Facts

app = typer.Typer(no_args_is_help=True, help="Kubernetes: see what a DinoDeployment becomes.")
_EXAMPLES = """
Examples:

  dino operator render -f dino.yaml

  dino operator render -f dino.yaml --has keda --has service-monitor --free-gpu nvidia.com/gpu=2

  cat dino.yaml | dino operator render -f - | kubectl diff -f -
"""
_CAPABILITIES = ("keda", "service-monitor", "http-route")


def render(
    session: Session,
    files: Annotated[
        list[str], typer.Option("--filename", "-f", help="Manifest with DinoDeployments; - is stdin. Repeatable.")
    ],
    has: Annotated[
        list[str] | None,
        typer.Option(help=f"What the cluster has: {', '.join(_CAPABILITIES)}. Repeatable.", show_default=False),
    ] = None,
    free_gpu: Annotated[
        list[str] | None,
        typer.Option(metavar="RESOURCE=COUNT", help="GPUs that are free. Repeatable.", show_default=False),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Where the manifest names none.", show_default=False)
    ] = None,
) -> None:
    """Print what would be applied, without a cluster.

    Objects go to stdout as YAML (a JSON list with --json); what is off for want of something goes to stderr.
    """
    if any(importlib.util.find_spec(name) is None for name in ("yaml", "dino_operator")):
        raise Failure(
            "Rendering needs the operator extra",
            details="pip install 'dinov3-platform[operator]'",
            code="EXTRA_MISSING",
        )
    from dino_operator.manifest_yaml import manifest_yaml
    from dino_operator.render import notices
    from dino_operator.render import render as rendered
    from dino_operator.spec import InvalidResource, read_resource

    facts, objects = _facts(has or [], free_gpu or []), list[dict[str, Any]]()
    for name, manifest in _manifests(files):
        metadata = manifest.get("metadata")
        if namespace and isinstance(metadata, dict):
            manifest["metadata"] = {"namespace": namespace} | metadata
        try:
            resource = read_resource(manifest, strict=True)
        except InvalidResource as error:
            raise Failure(
                f"{name} is not a valid DinoDeployment",
                details="; ".join(map(str, error.faults)),
                code="INVALID_RESOURCE",
            ) from error
        objects += rendered(resource, facts)
        for notice in notices(resource, facts):
            session.note(notice.message)
    if not objects:
        raise Failure(f"no DinoDeployment in {', '.join(files)}", code="INVALID_RESOURCE")
    if session.as_json:
        session.emit(objects, lambda out: None)
    else:
        sys.stdout.write(manifest_yaml(objects))


def _manifests(files: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    import yaml

    for file in files:
        name = "stdin" if file == "-" else file
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
            documents = [document for document in yaml.safe_load_all(text) if document is not None]
        except (OSError, UnicodeDecodeError) as error:
            raise UsageFailure(f"{name} cannot be read: {error}") from error
        except yaml.YAMLError as error:
            raise Failure(f"{name} is not YAML: {error}", code="INVALID_RESOURCE") from error
        for document in documents:
            if not isinstance(document, dict):
                raise Failure(f"{name} holds {type(document).__name__}, not an object", code="INVALID_RESOURCE")
            yield name, document


def _facts(has: list[str], free_gpus: list[str]) -> Facts:
    from dino_operator.render import Facts
    from dino_operator.render.facts import HTTP_ROUTE, KEDA, SERVICE_MONITOR

    names = dict(zip(_CAPABILITIES, (KEDA, SERVICE_MONITOR, HTTP_ROUTE), strict=True))
    if unknown := [item for item in has if item not in names]:
        raise UsageFailure(f"--has does not know {', '.join(unknown)}", f"Known are {', '.join(names)}")
    gpus: dict[str, int] = {}
    for item in free_gpus:
        resource, _, count = item.partition("=")
        if not count.isdecimal():
            raise UsageFailure(f"--free-gpu {item} is not RESOURCE=COUNT", "Write nvidia.com/gpu=2")
        gpus[resource] = int(count)
    return Facts(free_gpus=gpus, crds=frozenset(names[item] for item in has))


app.command("render", epilog=_EXAMPLES)(local_command(render))
# One command would else take the place of its group.
app.callback()(lambda: None)
