"""Short ways to a resource, its objects and their parts."""

from __future__ import annotations

from typing import Any

from dino_operator.render import Facts, render
from dino_operator.spec import API_VERSION, KIND, DinoDeployment, read_resource


def manifest(name: str = "demo", **spec: Any) -> dict[str, Any]:
    spec = {"connections": {"secretName": "stores"}} | spec
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}


def resource(**spec: Any) -> DinoDeployment:
    return read_resource(manifest(**spec), strict=True)


def objects(facts: Facts | None = None, /, **spec: Any) -> list[dict[str, Any]]:
    return render(resource(**spec), facts or Facts())


def of_kind(found: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Objects of a kind by name."""
    return {item["metadata"]["name"]: item for item in found if item["kind"] == kind}


def deployment(found: list[dict[str, Any]], service: str) -> dict[str, Any]:
    """The Deployment of a service (of inference, the one that serves)."""
    (only,) = [
        item
        for item in of_kind(found, "Deployment").values()
        if item["metadata"]["labels"]["app.kubernetes.io/component"] == service
        and item["metadata"]["labels"].get("dinov3.io/role", "serving") == "serving"
    ]
    return only


def pod(item: dict[str, Any]) -> dict[str, Any]:
    return item["spec"]["template"]["spec"]


def environment(found: list[dict[str, Any]], container: dict[str, Any]) -> dict[str, str | None]:
    """Variables of a container; None for one that is read from a Secret or a field."""
    maps = of_kind(found, "ConfigMap")
    values: dict[str, str | None] = {}
    for source in container.get("envFrom", []):
        values |= maps[source["configMapRef"]["name"]]["data"]
    return values | {item["name"]: item.get("value") for item in container.get("env", [])}
