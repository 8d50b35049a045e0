"""Nodes without machines: scheduled pods become Running and Ready at once, and deletions come to an end.

For tests of what the operator asks of the cluster; nothing of a pod runs. A pod annotated ``fake-node/phase: Failed``
ends as failed, and ``fake-node/phase: Pending`` never starts.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes import client

PHASE = "fake-node/phase"
GPU = "nvidia.com/gpu"
_GONE_OR_NEWER = (404, 409)


@contextmanager
def fake_nodes(api: client.ApiClient, nodes: Mapping[str, int], *, gpu: str = GPU) -> Iterator[None]:
    """Add nodes with so many GPUs each while the block runs, and play their kubelets with a client of their own."""
    from kubernetes import client

    core = client.CoreV1Api(api)
    for name, gpus in nodes.items():
        _add(core, name, gpus, gpu)
    keeper = _Keeper(core, frozenset(nodes))
    keeper.start()
    try:
        yield
    finally:
        # Pods that are still bound here would wait for a kubelet for ever.
        for pod in core.list_pod_for_all_namespaces().items:
            if pod.spec.node_name in nodes:
                _end(core, pod)
        keeper.stop()
        for name in nodes:
            _unless_gone(core.delete_node, name)


def _add(core: client.CoreV1Api, name: str, gpus: int, gpu: str) -> None:
    resources = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
    resources |= {gpu: str(gpus)} if gpus else {}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    core.create_node({"metadata": {"name": name, "labels": labels}})
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "test node"}
    ready |= {"lastHeartbeatTime": _now(), "lastTransitionTime": _now()}
    status = {"capacity": resources, "allocatable": resources, "conditions": [ready]}
    core.patch_node_status(name, {"status": status})


class _Keeper(threading.Thread):
    def __init__(self, core: client.CoreV1Api, nodes: frozenset[str]) -> None:
        super().__init__(name="fake-nodes", daemon=True)
        self.core, self.nodes = core, nodes
        self.ending = threading.Event()
        self.seen: set[str] = set()
        self.watch: Any = None

    def stop(self) -> None:
        self.ending.set()
        self.watch.stop()
        self.join(10)

    def run(self) -> None:
        from kubernetes import client, watch
        from urllib3.exceptions import HTTPError

        self.watch = watch.Watch()
        while not self.ending.is_set():
            # A short watch, so that the thread sees its end soon. Every list gives all pods again, so none is lost.
            with suppress(client.ApiException, HTTPError, OSError):
                for event in self.watch.stream(self.core.list_pod_for_all_namespaces, timeout_seconds=2):
                    self._seen(event["type"], event["object"])
                    if self.ending.is_set():
                        break
                continue
            # The API server was away.
            time.sleep(0.1)

    def _seen(self, kind: str, pod: Any) -> None:
        if kind == "DELETED":
            self.seen.discard(pod.metadata.uid)
        elif pod.spec.node_name in self.nodes:
            if pod.metadata.deletion_timestamp:
                _end(self.core, pod)
            elif pod.status.phase == "Pending" and pod.metadata.uid not in self.seen:
                phase = (pod.metadata.annotations or {}).get(PHASE, "Running")
                if phase != "Pending":
                    _unless_gone(
                        self.core.patch_namespaced_pod_status,
                        pod.metadata.name,
                        pod.metadata.namespace,
                        {"status": _status(pod, phase)},
                    )
                self.seen.add(pod.metadata.uid)


def _status(pod: Any, phase: str) -> dict[str, Any]:
    runs = phase == "Running"
    state: dict[str, Any] = {"running": {"startedAt": _now()}}
    if not runs:
        state = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": _now()}}
    condition = {"status": "True" if runs else "False", "lastTransitionTime": _now()}
    containers = [
        {"name": c.name, "image": c.image, "imageID": "", "ready": runs, "started": runs, "restartCount": 0}
        | {"state": state}
        for c in pod.spec.containers
    ]
    return {
        "phase": phase,
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "startTime": _now(),
        "conditions": [{"type": kind} | condition for kind in ("Initialized", "Ready", "ContainersReady")],
        "containerStatuses": containers,
    }


def _end(core: client.CoreV1Api, pod: Any) -> None:
    _unless_gone(core.delete_namespaced_pod, pod.metadata.name, pod.metadata.namespace, grace_period_seconds=0)


def _unless_gone(call: Any, *arguments: Any, **options: Any) -> None:
    from kubernetes import client

    try:
        call(*arguments, **options)
    except client.ApiException as error:
        if error.status not in _GONE_OR_NEWER:
            raise


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
