"""Custom resource definitions on a test cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes import client

SERVED_SECONDS = 30


@contextmanager
def installed(api: client.ApiClient, body: dict[str, Any]) -> Iterator[None]:
    """Have a definition served while the block runs. One that was there before is left as it is."""
    from kubernetes import client

    definitions = client.ApiextensionsV1Api(api)
    name = body["metadata"]["name"]
    try:
        definitions.create_custom_resource_definition(body)
        added = True
    except client.ApiException as error:
        if error.status != 409:
            raise
        added = False
    try:
        wait_served(api, body)
        yield
    finally:
        if added:
            remove(api, name)


def remove(api: client.ApiClient, name: str) -> None:
    """Delete a definition, and with it its resources; return once it is gone. One that is not there is."""
    from kubernetes import client

    definitions = client.ApiextensionsV1Api(api)
    deadline = time.monotonic() + SERVED_SECONDS
    try:
        definitions.delete_custom_resource_definition(name)
        while True:
            definitions.read_custom_resource_definition(name)
            assert time.monotonic() < deadline, f"{name} does not go away"
            time.sleep(0.05)
    except client.ApiException as error:
        if error.status != 404:
            raise


def wait_served(api: client.ApiClient, body: dict[str, Any]) -> None:
    """Wait until the server answers requests for a definition's resources."""
    from kubernetes import client

    custom = client.CustomObjectsApi(api)
    spec = body["spec"]
    version = next(item["name"] for item in spec["versions"] if item["served"])
    deadline = time.monotonic() + SERVED_SECONDS
    while True:
        try:
            custom.list_cluster_custom_object(spec["group"], version, spec["names"]["plural"])
            return
        except client.ApiException as error:
            if error.status not in (404, 503):
                raise
        assert time.monotonic() < deadline, f"{body['metadata']['name']} is not served"
        time.sleep(0.05)
