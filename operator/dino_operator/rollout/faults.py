"""What keeps the pods of a model version from answering: a fault that stays, or trouble that may pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from dino_operator.observe import ContainerSeen, PodSeen

# The kubelet's back-off has then grown to minutes: it does not mend itself.
_CRASHES = 3
_PULL = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a pod does not answer.

    Attributes:
        reason: one of `status.reasons.Reason`.
        message: what, with the pod's name and what to do.
        lasting: it does not go away by waiting.
    """

    reason: str
    message: str
    lasting: bool = False


def fault_of(pods: Iterable[PodSeen]) -> Fault | None:
    """Return the worst fault of some pods; None when nothing is known to be wrong.

    A crash loop lasts only where no pod is ready: with others ready it is that pod's node, not the version.
    """
    pods = tuple(pods)
    found = [fault for pod in pods if (fault := _of_pod(pod)) is not None]
    if not found:
        return None
    worst = min(found, key=lambda fault: not fault.lasting)
    if worst.lasting and worst.reason == "CrashLooping" and any(pod.ready for pod in pods):
        return Fault(worst.reason, worst.message)
    return worst


def lacks(pods: Iterable[PodSeen], resource: str) -> bool:
    """Tell whether every pod waits for a node with more of a resource, and there is one."""
    pods = tuple(pods)
    return bool(pods) and all(resource in (pod.unschedulable or "") for pod in pods)


def _of_pod(pod: PodSeen) -> Fault | None:
    if pod.ready:
        return None
    for container in pod.containers:
        if container.name == "weights" and (fault := _of_weights(pod, container)) is not None:
            return fault
    for container in pod.containers:
        if (fault := _of_container(pod, container)) is not None:
            return fault
    if pod.unschedulable is not None:
        return _unschedulable(pod, pod.unschedulable)
    if pod.phase == "Failed" or pod.reason is not None:
        words = ": ".join(part for part in (pod.reason, pod.message) if part)
        return Fault("PodFailed", f"Pod {pod.name} failed: {words or 'no reason is given'}. It is replaced.")
    return None


def _unschedulable(pod: PodSeen, words: str) -> Fault:
    reason = "NoGpuNode" if "gpu" in words.lower() or "/mig-" in words else "Unschedulable"
    hint = (
        "Add a node with a free GPU, or lower spec.inference.replicas"
        if reason == "NoGpuNode"
        else "Add room, or change resources, nodeSelector, tolerations or affinity"
    )
    return Fault(reason, f"Pod {pod.name} finds no node: {_short(words)} {hint}.")


def _of_weights(pod: PodSeen, container: ContainerSeen) -> Fault | None:
    """Judge by what `dino_inference.fetch` says when it gives up."""
    if container.exit_code in (None, 0):
        return None
    words = _short(container.ended_message or f"exit code {container.exit_code}")
    if "SHA-256" in words:
        return Fault("WeightsMismatch", f"Pod {pod.name} refuses the weights: {words}", lasting=True)
    if "takes pictures of" in words:
        return Fault("ImageSizeMismatch", f"Pod {pod.name} refuses the model: {words}", lasting=True)
    if "holds no model" in words or "there is no directory" in words:
        lasting = container.restarts >= _CRASHES
        return Fault("WeightsMissing", f"Pod {pod.name} finds no weights: {words}", lasting=lasting)
    message = f"Pod {pod.name} cannot fetch the weights and tries again: {words} Check spec.model.source and its keys."
    return Fault("WeightsNotFetched", message)


def _of_container(pod: PodSeen, container: ContainerSeen) -> Fault | None:
    waiting, words = container.waiting_reason, _short(container.waiting_message or "")
    if waiting in _PULL:
        return Fault(
            "ImagePullFailed",
            f"Pod {pod.name} cannot pull the image of container {container.name}: {words} "
            "Check spec.images, and spec.images.pullSecrets for a private registry.",
        )
    if waiting in ("CreateContainerConfigError", "CreateContainerError"):
        return Fault("ContainerNotStarted", f"Pod {pod.name} cannot start container {container.name}: {words}")
    if container.ready or container.exit_code in (None, 0) or container.restarts == 0:
        return None
    if waiting != "CrashLoopBackOff" and container.restarts < _CRASHES - 1:
        return None  # once may be chance
    why = container.ended_reason if container.ended_reason not in (None, "Error", "Completed") else None
    ended = ", ".join(part for part in (f"exit code {container.exit_code}", why) if part)
    last = _last_line(container.ended_message)
    message = f"Container {container.name} of pod {pod.name} ended {container.restarts} times ({ended})"
    message += f": {last}" if last else "."
    if why == "OOMKilled":
        message += f" It needs more memory: raise spec.{pod.service}.resources.limits.memory."
    else:
        message += f" See: kubectl logs {pod.name} -c {container.name} --previous"
    return Fault("CrashLooping", message, lasting=container.restarts >= _CRASHES)


def last_words(text: str | None) -> list[str]:
    """Return the lines of a container's log in plain words: of structured lines the message alone.

    Where the services themselves tell of errors, these lines come last: servers that they run in have the last word,
    and it says less.
    """
    plain: list[str] = []
    own: list[str] = []
    for line in (text or "").splitlines():
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            message = str(record["message"])
        except (ValueError, KeyError, TypeError):
            plain.append(line.strip())
            continue
        told = record.get("level") in ("ERROR", "CRITICAL") and not str(record.get("logger")).startswith("uvicorn")
        (own if told else plain).append(message)
    return plain + own


def _last_line(text: str | None) -> str:
    lines = last_words(text)
    return _short(lines[-1]) if lines else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return text if not text or text[-1] in ".!?…" else text + "."
