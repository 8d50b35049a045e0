"""The chart's roles: the operator can do all its work with them, and needs every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from tests.integration.chart.conftest import CRD, Watched, settled
from tests.integration.chart.helm import Helm
from tests.integration.chart.life import SPECS, STUBS, Life
from tests.integration.chart.rights import forbidden, granted
from tests.integration.chart.test_objects import stub
from tests.integration.operator.running import until
from tests.kube.definitions import installed, remove, wait_served
from tests.kube.namespaces import fresh_namespace

from dino_operator.crd import definition

pytestmark = pytest.mark.slow


@contextmanager
def installed_chart(watched: Watched, api: client.ApiClient, directory: Path, **values: Any) -> Iterator[Life]:
    """The chart on a cluster with everything optional; ``HERE`` among the values is the resources' namespace."""
    with ExitStack() as stack:
        for group, version, kind in STUBS:
            stack.enter_context(installed(api, stub(group, version, kind)))
        system, namespace = (stack.enter_context(fresh_namespace(api, prefix=p)) for p in ("system", "life"))
        settled(api, system)
        helm = Helm(watched.plane.environment, system)
        helm.install("dino", **{name: [namespace] if value == "HERE" else value for name, value in values.items()})
        stack.callback(remove, api, CRD)
        stack.callback(helm.uninstall, "dino")
        wait_served(api, definition())
        yield Life(watched, api, helm, namespace, directory)


# Before the others, whose release stays until the module ends.
def test_an_operator_that_must_not_see_the_nodes_works_on(
    watched: Watched, api: client.ApiClient, tmp_path: Path
) -> None:
    values = {"operator.watchNamespaces": "HERE", "operator.countGpus": False}
    with installed_chart(watched, api, tmp_path, **values) as life:
        life.operator.start()
        try:
            until(life.operator.leads, "the operator leads", 60)
            life.kube.secret()
            life.kube.resource("ingress", **SPECS["ingress"])
            until(lambda: life.missing("ingress") == set(), "every child is made", 60)
        finally:
            life.operator.stop()
        refused = forbidden(life.requests())
        assert refused
        assert all(entry.startswith("list /api/v1/nodes") for entry in refused), refused


@pytest.fixture(scope="module", params=[{}, {"operator.watchNamespaces": "HERE"}], ids=["everywhere", "one namespace"])
def life(
    request: pytest.FixtureRequest,
    watched: Watched,
    api: client.ApiClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Life]:
    """A life that was lived; the chart is still there."""
    with installed_chart(watched, api, tmp_path_factory.mktemp("life"), **request.param) as lived:
        lived.live()
        yield lived


def test_nothing_that_the_operator_does_is_forbidden(life: Life) -> None:
    assert len(life.requests()) > 100
    assert forbidden(life.requests()) == []


def test_every_right_is_used(api: client.ApiClient, life: Life) -> None:
    _, _, namespace, account = life.user.split(":")
    rights, exercised = granted(api, account, namespace), life.used() | life.given
    anywhere = {(right.group, right.resource, right.verb) for right in exercised}
    unused = [
        str(right)
        for right in sorted(rights)
        if (right.group, right.resource, right.verb) not in anywhere or (right.namespace and right not in exercised)
    ]
    assert len(rights) > 80
    assert unused == []
