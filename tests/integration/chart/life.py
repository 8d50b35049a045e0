"""A whole life of resources on a cluster, in which the operator has to do everything that it ever does."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, dynamic
from tests.integration.chart.conftest import Watched
from tests.integration.chart.helm import Helm
from tests.integration.chart.rights import Right, passed_on, used
from tests.integration.operator.running import Kube, Operator, until

from dino_operator.kube.kinds import MANAGER
from dino_operator.render import Facts, render
from dino_operator.render.facts import AUTOSCALING, GATEWAY_API, HTTP_ROUTE, KEDA, POLICY, SERVICE_MONITOR
from dino_operator.spec import API_VERSION, KIND, read_resource

Manifest = dict[str, Any]

# Together they want every kind of child that there is.
SPECS: dict[str, Manifest] = {
    "ingress": {
        "gateway": {
            "autoscaling": {"min": 1, "max": 3},
            "ingress": {"host": "demo.example.com"},
        },
        "video": {"autoscaling": {"engine": "keda", "min": 1, "max": 2, "target": {"type": "cpu", "value": 80}}},
        "inference": {"gpu": {"resource": "nvidia.com/gpu"}},
        "networkPolicy": {"enabled": True},
    },
    "route": {"gateway": {"route": {"parentRefs": [{"name": "public"}]}}},
}
CRDS = frozenset({KEDA, SERVICE_MONITOR, HTTP_ROUTE})
STUBS = (
    ("keda.sh", "v1alpha1", "ScaledObject"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor"),
)


class Life:
    """The resources of one namespace, and the operator that runs under the chart's service account.

    Args:
        watched: the control plane.
        api: of its administrator.
        helm: with the chart installed as release ``dino``.
        namespace: where the resources are.
        directory: of logs.
    """

    def __init__(self, watched: Watched, api: client.ApiClient, helm: Helm, namespace: str, directory: Path) -> None:
        self.watched, self.api, self.namespace = watched, api, namespace
        self.given: set[Right] = set()
        self.kube, self.dynamic = Kube(api, namespace), dynamic.DynamicClient(api)
        deployment = client.AppsV1Api(api).read_namespaced_deployment("dino-dinov3-platform-operator", helm.namespace)
        pod = deployment.spec.template.spec
        self.user = f"system:serviceaccount:{helm.namespace}:{pod.service_account_name}"
        fields = {"metadata.name": "operator-0", "metadata.namespace": helm.namespace}
        environment = {
            item.name: item.value or fields[item.value_from.field_ref.field_path]
            for item in pod.containers[0].env
            if item.name not in ("HOME", "DINO_OPERATOR_ADMIN_PORT") and (item.value or item.value_from)
        }
        directory.mkdir(parents=True, exist_ok=True)
        kubeconfig = self._kubeconfig(helm, pod.service_account_name, directory)
        self.operator = Operator(kubeconfig, directory, helm.namespace, **environment)

    def _kubeconfig(self, helm: Helm, account: str, directory: Path) -> Path:
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
        token = client.CoreV1Api(self.api).create_namespaced_service_account_token(account, helm.namespace, body)
        content = yaml.safe_load(self.watched.plane.kubeconfig.read_text())
        content["users"][0]["user"] = {"token": token.status.token}
        path = directory / "operator.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        return path

    def requests(self) -> list[dict[str, Any]]:
        """Return what the operator asked so far, as the API server logged it."""
        return self.watched.requests(self.user)

    def used(self) -> set[Right]:
        """Return the rights that it used."""
        return used(self.requests())

    def live(self) -> None:
        """Go through it all."""
        self.strangers()
        self.operator.start()
        try:
            until(self.operator.leads, "the operator leads", 60)
            for name, spec in SPECS.items():
                self.kube.resource(name, **spec)
            self.secrets()
            until(lambda: self.missing() == set(), "every child is made", 60)
            self.leftovers()
            self.changes()
            self.taken()
            self.restart()
            self.given = passed_on(self.api, MANAGER)
            self.deletion()
        finally:
            self.operator.stop()

    def children(self, name: str) -> list[Manifest]:
        """Return what the operator makes of a resource."""
        versions = {
            v.group_version for group in client.ApisApi(self.api).get_api_versions().groups for v in group.versions
        }
        manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name, "namespace": self.namespace}}
        manifest["spec"] = {"connections": {"secretName": "stores"}} | SPECS[name.removeprefix("taken-")]
        apis = frozenset(versions & {*AUTOSCALING, *POLICY, *GATEWAY_API})
        return render(read_resource(manifest), Facts(apis=apis, crds=CRDS))

    def kind(self, item: Manifest) -> Any:
        """Return the API of an object's kind."""
        return self.dynamic.resources.get(api_version=item["apiVersion"], kind=item["kind"])

    def missing(self, *names: str) -> set[str]:
        """Return the children that are not there, of some resources or of all."""
        return {
            f"{item['kind']} {item['metadata']['name']}"
            for name in names or SPECS
            for item in self.children(name)
            if not self.exists(item)
        }

    def exists(self, item: Manifest) -> bool:
        """Tell whether an object is there."""
        try:
            self.kind(item).get(name=item["metadata"]["name"], namespace=self.namespace)
        except client.ApiException as error:
            if error.status == 404:
                return False
            raise
        return True

    def create(self, item: Manifest) -> None:
        """Make an object as the administrator."""
        self.kind(item).create(body=item, namespace=self.namespace)

    def strangers(self) -> None:
        """Give the names of children to objects of somebody else."""
        for name in SPECS:
            for item in self.children(f"taken-{name}"):
                item["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "somebody"
                self.create(item)

    def taken(self) -> None:
        """Make resources whose children's names are taken: the operator looks whose they are."""
        for name, spec in SPECS.items():
            self.kube.resource(f"taken-{name}", **spec)
        kinds = {(item["apiVersion"].rpartition("/")[0], self.kind(item).name) for item in self.all_children()}

        def seen() -> bool:
            looked = {(right.group, right.resource) for right in self.used() if right.verb == "get"}
            return kinds <= looked

        until(seen, "the operator looks whose each name is", 40)

    def all_children(self) -> Iterable[Manifest]:
        """Every child of every resource that owns its own."""
        return [item for name in SPECS for item in self.children(name)]

    def leftovers(self) -> None:
        """Put one child of each kind beside those that are wanted, as an older operator may have left it."""
        for name in SPECS:
            owner = self.kube.get(KIND, name)
            assert owner is not None
            reference = {"apiVersion": API_VERSION, "kind": KIND, "name": name, "uid": owner["metadata"]["uid"]}
            left: dict[str, Manifest] = {}
            for item in self.children(name):
                left.setdefault(item["kind"], copy.deepcopy(item))
            # Data is never removed.
            del left["PersistentVolumeClaim"]
            for item in left.values():
                item["metadata"]["name"] += "-old"
                item["metadata"]["ownerReferences"] = [reference]
                self.create(item)
            until(lambda left=left: not any(map(self.exists, left.values())), "what is not wanted goes", 40)

    def secrets(self) -> None:
        """Give and take the connections, so that the same is said twice."""
        for again in (True, False):
            until(self.says("StoresReachable", "MissingSecret"), "the Secret is missed", 60)
            self.kube.secret()
            until(self.says("StoresReachable", "MissingSecret", not_=True), "the Secret is seen", 60)
            if again:
                self.kube.delete("Secret", "stores")

    def says(self, condition: str, reason: str, *, not_: bool = False) -> Any:
        """Return a question: whether a condition has a reason, or any other one."""

        def ask() -> bool:
            found = self.kube.condition(condition, "ingress")
            return found is not None and (found["reason"] == reason) is not not_

        return ask

    def changes(self) -> None:
        """Change a resource faster than the operator can say that it saw it, until it had to look again."""
        looked = Right("dinov3.io", "dinodeployments", "get", self.namespace)
        deadline = time.monotonic() + 60
        number = 0
        while looked not in self.used():
            assert time.monotonic() < deadline, "no write of a status met a newer resource"
            for _ in range(20):
                number += 1
                self.kube.spec("route", inference={"replicas": number % 2 + 1})

    def restart(self) -> None:
        """Start the operator anew, and have it say again what it said before."""
        self.operator.stop()
        self.operator.start()
        until(self.operator.leads, "the operator leads again", 60)
        self.kube.delete("Secret", "stores")
        until(self.says("StoresReachable", "MissingSecret"), "the Secret is missed", 60)
        events = {Right("", "events", verb, self.namespace) for verb in ("create", "get", "patch")}
        until(lambda: events <= self.used(), "events are counted up", 30)

    def deletion(self) -> None:
        """Delete the resources; their children go with them."""
        children = [item for item in self.all_children() if item["kind"] != "PersistentVolumeClaim"]
        for name in SPECS:
            self.kube.delete(KIND, name)
        until(lambda: not any(map(self.exists, children)), "the children go", 60)
