"""What a service account may do, and what an API server saw it do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kubernetes import client

CREATED = 201


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource.

    Attributes:
        group: API group; empty for the core.
        resource: with its subresource, such as ``dinodeployments/status``.
        verb: as in a rule.
        namespace: where; empty: in the whole cluster.
    """

    group: str
    resource: str
    verb: str
    namespace: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.verb} {self.resource}.{self.group} in {self.namespace or 'the cluster'}"


def granted(api: client.ApiClient, account: str, namespace: str) -> set[Right]:
    """Return every right that roles and cluster roles of a release give to its service account."""
    access = client.RbacAuthorizationV1Api(api)
    found: set[Right] = set()
    for binding in access.list_role_binding_for_all_namespaces().items:
        if _is_for(binding, account, namespace):
            where = binding.metadata.namespace
            found |= set(_rights(access.read_namespaced_role(binding.role_ref.name, where).rules, where))
    for binding in access.list_cluster_role_binding().items:
        if _is_for(binding, account, namespace):
            found |= set(_rights(access.read_cluster_role(binding.role_ref.name).rules, ""))
    return found


def passed_on(api: client.ApiClient, manager: str) -> set[Right]:
    """Return the rights in the roles that a manager made: it must hold them to give them."""
    roles = client.RbacAuthorizationV1Api(api).list_role_for_all_namespaces(
        label_selector=f"app.kubernetes.io/managed-by={manager}"
    )
    return {right for role in roles.items for right in _rights(role.rules, role.metadata.namespace)}


def used(requests: Iterable[dict[str, Any]]) -> set[Right]:
    """Return the rights that requests needed; each also as a right in the whole cluster."""
    found: set[Right] = set()
    for request in requests:
        about = request.get("objectRef")
        if about is None:
            continue
        resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
        verbs = {request["verb"]}
        if request["verb"] == "patch" and request["responseStatus"]["code"] == CREATED:
            verbs.add("create")  # what is applied and is not there is created
        found |= {Right(about.get("apiGroup", ""), resource, verb, about.get("namespace", "")) for verb in verbs}
    return found


def forbidden(requests: Iterable[dict[str, Any]]) -> list[str]:
    """Return the requests that were refused for want of a right."""
    return [
        f"{request['verb']} {request['requestURI']}: {request['responseStatus'].get('message', '')}"
        for request in requests
        if request["responseStatus"]["code"] in (401, 403)
        or request["annotations"].get("authorization.k8s.io/decision") == "forbid"
    ]


def _is_for(binding: Any, account: str, namespace: str) -> bool:
    return any(
        (subject.kind, subject.name, subject.namespace) == ("ServiceAccount", account, namespace)
        for subject in binding.subjects or []
    )


def _rights(rules: Iterable[Any], namespace: str) -> Iterator[Right]:
    for rule in rules:
        for group in rule.api_groups:
            for resource in rule.resources:
                for verb in rule.verbs:
                    yield Right(group, resource, verb, namespace)
