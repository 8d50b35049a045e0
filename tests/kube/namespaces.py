"""Namespaces of tests: nothing in them may keep them from going away."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubernetes import client

GONE_SECONDS = 60


@contextmanager
def fresh_namespace(api: client.ApiClient, *, prefix: str = "dino", wait: bool = False) -> Iterator[str]:
    """Make a namespace, and delete it with all that is in it, also when the block fails.

    Args:
        api: of an administrator.
        prefix: of its name.
        wait: whether to return only once it is gone; else that goes on beside the next tests.
    """
    from kubernetes import client

    core = client.CoreV1Api(api)
    name = f"{prefix}-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})
    try:
        yield name
    finally:
        remove_namespace(api, name)
        if wait:
            wait_gone(api, name)


def remove_namespace(api: client.ApiClient, name: str) -> None:
    """Delete a namespace, and free what would hold it: pods without a kubelet, DinoDeployments with finalizers."""
    from kubernetes import client

    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    _unless_absent(lambda: core.delete_namespace(name))
    _unless_absent(lambda: core.delete_collection_namespaced_pod(name, grace_period_seconds=0))
    try:
        found = custom.list_namespaced_custom_object("dinov3.io", "v1alpha1", name, "dinodeployments")["items"]
    except client.ApiException as error:
        if error.status != 404:  # the definition is not there
            raise
        found = []
    for item in found:
        if item["metadata"].get("finalizers"):
            where = ("dinov3.io", "v1alpha1", name, "dinodeployments", item["metadata"]["name"])
            body = {"metadata": {"finalizers": None}}
            _unless_absent(lambda where=where, body=body: custom.patch_namespaced_custom_object(*where, body))


def wait_gone(api: client.ApiClient, name: str, seconds: float = GONE_SECONDS) -> None:
    """Wait until a namespace is gone.

    Raises:
        AssertionError: it is still there; the message says what its controller says.
    """
    from kubernetes import client

    core = client.CoreV1Api(api)
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = core.read_namespace(name)
        except client.ApiException as error:
            if error.status == 404:
                return
            raise
        held = [f"{item.reason}: {item.message}" for item in found.status.conditions or [] if item.status == "True"]
        assert time.monotonic() < deadline, f"namespace {name} does not go away: {held}"
        time.sleep(0.2)


def _unless_absent(call: object) -> None:
    from kubernetes import client

    assert callable(call)
    try:
        call()
    except client.ApiException as error:
        if error.status not in (404, 409):
            raise
