"""A cluster to test on, if one is named.

DINO_TEST_KUBECONFIG names a cluster that may be written to (kind, or the processes of a test control plane);
DINO_TEST_CEL_KUBECONFIG another one for the definition alone, where the first one is too old for CEL rules.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

from dino_operator.crd import definition
from dino_operator.spec import GROUP, PLURAL, VERSION


def connect(variable: str) -> client.ApiClient:
    """Return a client of the cluster that a variable names; skip the test where none does."""
    path = os.environ.get(variable) or os.environ.get("DINO_TEST_KUBECONFIG")
    if not path:
        pytest.skip("no cluster: set DINO_TEST_KUBECONFIG")
    return config.new_client_from_config(path)


@pytest.fixture(scope="module")
def cluster() -> client.ApiClient:
    return connect("DINO_TEST_KUBECONFIG")


@pytest.fixture(scope="module")
def resources() -> Iterator[client.CustomObjectsApi]:
    """The API of DinoDeployments on a cluster with CEL rules; the definition is there while the module runs."""
    api = connect("DINO_TEST_CEL_KUBECONFIG")
    definitions = client.ApiextensionsV1Api(api)
    name = f"{PLURAL}.{GROUP}"
    definitions.create_custom_resource_definition(definition())
    try:
        custom = client.CustomObjectsApi(api)
        deadline = time.monotonic() + 30
        while not (_established(definitions.read_custom_resource_definition(name)) and _served(custom)):
            assert time.monotonic() < deadline, "the definition is not served"
        yield custom
    finally:
        definitions.delete_custom_resource_definition(name)


def _established(found: Any) -> bool:
    return any(c.type == "Established" and c.status == "True" for c in found.status.conditions or [])


def _served(custom: client.CustomObjectsApi) -> bool:
    try:
        custom.list_namespaced_custom_object(GROUP, VERSION, "default", PLURAL)
    except client.ApiException as error:
        if error.status == 404:
            return False
        raise
    return True


@pytest.fixture
def namespace(cluster: client.ApiClient) -> Iterator[str]:
    """A namespace of its own."""
    name = f"dino-{uuid.uuid4().hex[:8]}"
    client.CoreV1Api(cluster).create_namespace({"metadata": {"name": name}})
    yield name
    client.CoreV1Api(cluster).delete_namespace(name)
