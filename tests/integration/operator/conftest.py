"""The API of DinoDeployments, on a server that honours their rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client
from tests.kube.control_plane import ControlPlane

from dino_operator.spec import GROUP, PLURAL, VERSION

WHERE = (GROUP, VERSION, "default", PLURAL)


@pytest.fixture(scope="module")
def resources(control_plane: ControlPlane, definition: None) -> Iterator[client.CustomObjectsApi]:
    """Resources that a module adds to the namespace ``default`` are gone after it."""
    api = control_plane.cel_client()
    if api is None:
        pytest.skip("no endpoint that honours CEL rules: set DINO_TEST_CEL_KUBECONFIG")
    custom = client.CustomObjectsApi(api)
    before = _names(custom)
    yield custom
    for name in _names(custom) - before:
        custom.delete_namespaced_custom_object(*WHERE, name)


def _names(custom: client.CustomObjectsApi) -> set[str]:
    found: Any = custom.list_namespaced_custom_object(*WHERE)
    return {item["metadata"]["name"] for item in found["items"]}
