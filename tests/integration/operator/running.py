"""The operator as a process, and questions to it and to the cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client, dynamic
from prometheus_client.parser import text_string_to_metric_families

from dino_local.ports import PortPicker
from dino_operator.spec import API_VERSION, KIND

T = TypeVar("T")
Object = dict[str, Any]
WRITES = frozenset({"apply", "patch", "create", "update", "delete"})


def until(check: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    why = ""
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except (AssertionError, client.ApiException, OSError) as error:
            why = f": {error}"
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {what}{why}")


class Operator:
    """``python -m dino_operator``, with its lease in a namespace of the test's."""

    def __init__(self, kubeconfig: Path, directory: Path, lease_namespace: str, **environment: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.log_file = directory / "operator.log"
        self.port = PortPicker(prefer_usual=False).pick("the operator's admin port", 0)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DINO_")} | {
            "KUBECONFIG": str(kubeconfig),
            "DINO_OPERATOR_ADMIN_HOST": "127.0.0.1",
            "DINO_OPERATOR_ADMIN_PORT": str(self.port),
            "DINO_OPERATOR_LEASE_NAMESPACE": lease_namespace,
            "DINO_OPERATOR_LEASE_SECONDS": "5",
            "DINO_OPERATOR_OBSERVE_SECONDS": "0.5",
            "DINO_OPERATOR_STEADY_SECONDS": "2",
            "DINO_OPERATOR_LOG_FORMAT": "console",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Operator:
        """Start it; `leads` tells when it acts."""
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dino_operator"], env=self.environment, stdout=log, stderr=log
            )
        return self

    def metrics(self) -> dict[str, list[tuple[Mapping[str, str], float]]]:
        """Every sample by name."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, []).append((sample.labels, sample.value))
        return found

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples that bear these labels."""
        samples = self.metrics().get(name, [])
        return sum(value for own, value in samples if labels.items() <= own.items())

    def leads(self) -> bool:
        """Whether it acts."""
        assert self.process is not None
        assert self.process.poll() is None, self.log_file.read_text()[-3000:]
        return self.total("dino_operator_leader") == 1

    def ready(self) -> bool:
        """What its readiness probe sees."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5) as answer:
            return answer.status == 200

    def writes(self) -> float:
        """Requests so far that changed something, but for its lease."""
        samples = self.metrics()["dino_operator_api_requests_total"]
        return sum(value for own, value in samples if own["verb"] in WRITES - {"update"})

    def requests(self) -> float:
        """Requests so far, but for its lease and watches."""
        samples = self.metrics()["dino_operator_api_requests_total"]
        # A lease is read once before it is written.
        lease = 2 * sum(value for own, value in samples if own["verb"] == "update")
        return sum(value for own, value in samples if own["verb"] != "watch") - lease

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Stop it as Kubernetes does; return the seconds it took."""
        assert self.process is not None
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("it does not stop") from None
        return time.monotonic() - begun


@contextmanager
def running(kubeconfig: Path, directory: Path, lease_namespace: str, **environment: str) -> Iterator[Operator]:
    """An operator that leads while the block runs."""
    operator = Operator(kubeconfig, directory, lease_namespace, **environment).start()
    try:
        until(operator.leads, "the operator leads", 90)
        yield operator
    finally:
        operator.stop()


class Kube:
    """One namespace of a cluster, by kind and name."""

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self.api, self.namespace = dynamic.DynamicClient(api), namespace

    def _kind(self, kind: str) -> Any:
        version = {
            "Deployment": "apps/v1",
            "Ingress": "networking.k8s.io/v1",
            "NetworkPolicy": "networking.k8s.io/v1",
            KIND: API_VERSION,
        }.get(kind, "v1")
        return self.api.resources.get(api_version=version, kind=kind)

    def get(self, kind: str, name: str) -> Object | None:
        """An object, None when there is none."""
        try:
            return self._kind(kind).get(name=name, namespace=self.namespace).to_dict()
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise

    def names(self, kind: str) -> set[str]:
        """Names of the objects that the operator made."""
        found = self._kind(kind).get(
            namespace=self.namespace, label_selector="app.kubernetes.io/managed-by=dino-operator"
        )
        return {item.metadata.name for item in found.items}

    def create(self, kind: str, name: str, **content: Any) -> None:
        """Make an object."""
        resource = self._kind(kind)
        body = {"apiVersion": resource.group_version, "kind": kind, "metadata": {"name": name}} | content
        resource.create(body=body, namespace=self.namespace)

    def patch(self, kind: str, name: str, manager: str = "kubectl-edit", **content: Any) -> None:
        """Merge into an object, as a person does."""
        self._kind(kind).patch(
            name=name,
            namespace=self.namespace,
            body=content,
            content_type="application/merge-patch+json",
            field_manager=manager,
        )

    def apply(self, kind: str, name: str, manager: str, **content: Any) -> None:
        """Apply fields by the server, as a controller does."""
        resource = self._kind(kind)
        body = {"apiVersion": resource.group_version, "kind": kind, "metadata": {"name": name}} | content
        resource.server_side_apply(
            body, name=name, namespace=self.namespace, field_manager=manager, force_conflicts=True
        )

    def delete(self, kind: str, name: str) -> None:
        """Delete an object."""
        self._kind(kind).delete(name=name, namespace=self.namespace)

    def secret(self, name: str = "stores", **urls: str) -> None:
        """Make a Secret with connections; nobody answers there unless it is said otherwise."""
        data = {
            "MONGODB_URL": "mongodb://127.0.0.1:1/dino",
            "REDIS_URL": "redis://127.0.0.1:1",
            "NATS_URL": "nats://127.0.0.1:1",
        } | urls
        self.create("Secret", name, stringData=data)

    def resource(self, name: str = "demo", **spec: Any) -> None:
        """Make a DinoDeployment."""
        self.create(KIND, name, spec={"connections": {"secretName": "stores"}} | spec)

    def spec(self, name: str = "demo", **spec: Any) -> None:
        """Change a DinoDeployment's spec."""
        self.patch(KIND, name, spec=spec)

    def condition(self, kind: str, name: str = "demo") -> Object | None:
        """A condition of a DinoDeployment."""
        found = self.get(KIND, name) or {}
        conditions = (found.get("status") or {}).get("conditions") or []
        return next((item for item in conditions if item["type"] == kind), None)

    def quiet(self, operator: Operator, seconds: float = 60, name: str = "demo") -> None:
        """Wait until the stores have been asked for and the operator has had nothing to write for a second."""
        until(lambda: (self.condition("StoresReachable", name) or {})["reason"] != "NotAsked", "NATS is tried", seconds)
        last, since = -1.0, time.monotonic()

        def check() -> bool:
            nonlocal last, since
            now = operator.writes()
            if now != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since > 1.0

        until(check, "the operator comes to rest", seconds)
