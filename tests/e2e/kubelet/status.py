"""A pod's status from the states of its containers: pure functions, in the words of a kubelet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.e2e.kubelet.api import Manifest

OWN_CONDITIONS = ("Initialized", "ContainersReady", "Ready")


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str, message: str = "") -> Manifest:
    """Return the state of a container that does not run yet or again."""
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


@dataclass
class ContainerState:
    """What is told of one container."""

    name: str
    image: str
    state: Manifest = field(default_factory=lambda: waiting("ContainerCreating"))
    last: Manifest = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    restarts: int = 0

    @property
    def terminated(self) -> Manifest | None:
        """How it ended, if it has."""
        return self.state.get("terminated")

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.terminated is not None and self.terminated["exitCode"] == 0

    def manifest(self, *, init: bool = False) -> Manifest:
        """Return the entry of ``containerStatuses``; an init container is ready when it has ended well."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": f"local://{self.image}",
            "ready": self.succeeded if init else self.ready,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last,
        } | ({} if init else {"started": self.started})


def phase(policy: str, init: list[ContainerState], containers: list[ContainerState]) -> str:
    """Return the pod's phase."""
    if not all(state.succeeded for state in init):
        failed = any(state.terminated and not state.succeeded for state in init)
        return "Failed" if failed and policy == "Never" else "Pending"
    if any("waiting" in state.state and not state.last for state in containers):
        return "Pending"
    if policy != "Always" and all(state.terminated for state in containers):
        if all(state.succeeded for state in containers):
            return "Succeeded"
        if policy == "Never":
            return "Failed"
    return "Running"


def pod_status(
    before: list[Manifest], policy: str, init: list[ContainerState], containers: list[ContainerState]
) -> Manifest:
    """Return phase, conditions and containers of the status.

    Args:
        before: conditions as last seen; those of others and the times of unchanged ones are kept.
        policy: the pod's restart policy.
        init: init containers, in their order.
        containers: the others.
    """
    reached = phase(policy, init, containers)
    pending = [state.name for state in init if not state.succeeded]
    unready = [state.name for state in containers if not state.ready]
    reason = ("ContainersNotReady", _unready("unready", unready))
    if reached == "Succeeded":
        reason = ("PodCompleted", "")
    wanted = {
        "Initialized": ("ContainersNotInitialized", _unready("incomplete", pending)) if pending else None,
        "ContainersReady": reason if unready else None,
        "Ready": reason if unready else None,
    }
    return {
        "phase": reached,
        "conditions": _conditions(before, wanted),
        "containerStatuses": [state.manifest() for state in containers],
        "initContainerStatuses": [state.manifest(init=True) for state in init],
    }


def _unready(kind: str, names: Iterable[str]) -> str:
    return f"containers with {kind} status: [{' '.join(names)}]"


def _conditions(before: list[Manifest], wanted: Mapping[str, tuple[str, str] | None]) -> list[Manifest]:
    known = {condition["type"]: condition for condition in before}
    for kind, trouble in wanted.items():
        value = "True" if trouble is None else "False"
        old = known.get(kind, {})
        since = old["lastTransitionTime"] if old.get("status") == value else now()
        known[kind] = {"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": since}
        if trouble is not None:
            known[kind] |= {"reason": trouble[0], "message": trouble[1]}
    return list(known.values())
