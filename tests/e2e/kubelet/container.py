"""One container of a pod: created, started, probed, started again, stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.e2e.kubelet.api import Manifest
from tests.e2e.kubelet.environment import environment, expanded
from tests.e2e.kubelet.paths import Places
from tests.e2e.kubelet.probes import Target, succeeds, verdicts
from tests.e2e.kubelet.process import START_ERROR, Run
from tests.e2e.kubelet.references import ConfigError, References
from tests.e2e.kubelet.status import ContainerState, now, waiting
from tests.e2e.kubelet.volumes import TOKEN_DIR

from dino_common.bus.tasks import end
from dino_local.offspring import Guard

# A tag that no registry has.
MISSING_TAG = "missing"
RETRY_CONFIG_SECONDS = 1.0
LONGEST_BACK_OFF = 300.0
# One that ran this long begins with the shortest back-off again.
FORGIVEN_SECONDS = 600.0


class _Stopped(Exception):
    """The pod ends before the container was started."""


@dataclass(frozen=True)
class Options:
    """How this kubelet differs from a real one.

    Attributes:
        back_off: seconds before the second restart; it doubles with each (a kubelet: 10).
        image_paths: local directory by path in every image.
        variables: environment of every image.
    """

    back_off: float
    image_paths: Mapping[str, Path]
    variables: Mapping[str, str]


@dataclass
class Surroundings:
    """What the containers of one pod share; volumes and credentials are there before the first one runs."""

    pod: Manifest
    address: str
    directory: Path
    logs: Path
    references: References
    guard: Guard
    http: httpx.AsyncClient
    options: Options
    event: Callable[[str, str, str], None]
    volumes: dict[str, Path] = field(default_factory=dict)
    kubeconfig: Path | None = None


class Container:
    """Runs one container; ``state`` is what is told of it, ``changed`` is called with every change.

    Args:
        spec: of the container.
        around: what it shares with the others of its pod.
        changed: told of every change of the state.
    """

    def __init__(self, spec: Manifest, around: Surroundings, changed: Callable[[], None]) -> None:
        """Nothing runs yet."""
        self.spec = spec
        self.state = ContainerState(spec["name"], spec["image"])
        self._around = around
        self._changed = changed
        self._run: Run | None = None
        self._target: Target | None = None
        self._stopping = asyncio.Event()

    async def run(self, *, until_success: bool, policy: str) -> None:
        """Start it, and again when it ends as the restart policy says; return when it is not started again."""
        delay, clock = 0.0, asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = clock.time()
            code = await self._once()
            delay = 0.0 if clock.time() - began > FORGIVEN_SECONDS else delay
            if self._stopping.is_set() or policy == "Never" or (code == 0 and (until_success or policy != "Always")):
                return
            if delay:
                pod = self._around.pod["metadata"]
                name = f"container={self.spec['name']} pod={pod['name']}_{pod['namespace']}({pod['uid']})"
                said = f"back-off {delay:g}s restarting failed {name}"
                self.state.last, self.state.state = self.state.state, waiting("CrashLoopBackOff", said)
                self._changed()
                self._around.event("Warning", "BackOff", "Back-off restarting failed container")
                await self._pause(delay)
            delay = min(LONGEST_BACK_OFF, 2 * delay or self._around.options.back_off)
            self.state.restarts += 1
            if self.state.terminated:
                self.state.last = self.state.state

    async def stop(self, grace: float) -> None:
        """Stop it for good: its hook first, then SIGTERM, SIGKILL at the end of the grace period."""
        self._stopping.set()
        clock = asyncio.get_running_loop()
        deadline = clock.time() + grace
        hook = self.spec.get("lifecycle", {}).get("preStop")
        if hook and self._run and self._target and self.state.state.get("running"):
            wrong = await succeeds(hook, self._target, grace)
            if wrong:
                self._around.event("Warning", "FailedPreStopHook", wrong)
        if self._run:
            # A hook that used up everything leaves two seconds, as kubelets do.
            await self._run.stop(max(2.0 if hook and grace else 0.0, deadline - clock.time()))

    async def _once(self) -> int:
        """Run it once and return its exit code."""
        try:
            await self._pulled()
            command, variables, places = await self._created()
        except _Stopped:
            return 1
        given = self.spec.get("workingDir")
        where = Path(places.rewritten(given)) if given else self._around.directory
        started = now()
        try:
            self._run = await Run.start(command, variables, where, self._log(), self._around.guard)
        except OSError as error:
            return self._ended(START_ERROR, "StartError", f"exec: {command[0]!r}: {error.strerror}", started)
        self._pid_file.write_text(f"{self._run.pid}\n")
        self._target = self._made_target(variables, where, places)
        self.state.state = {"running": {"startedAt": started}}
        self.state.started = "startupProbe" not in self.spec
        self.state.ready = self.state.started and "readinessProbe" not in self.spec
        self._changed()
        watching = asyncio.create_task(self._watch(self._run, self._target))
        try:
            code = await self._run.wait()
        finally:
            self._pid_file.unlink(missing_ok=True)
            await end([watching])
        takes_logs = self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError" and code
        return self._ended(code, "Error" if code else "Completed", self._run.message() if takes_logs else "", started)

    def _ended(self, code: int, reason: str, message: str, started: str) -> int:
        ended: Manifest = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
        self.state.state = {"terminated": ended | ({"message": message} if message else {})}
        self.state.ready = self.state.started = False
        self._changed()
        return code

    async def _pulled(self) -> None:
        image = self.spec["image"]
        if image.rpartition(":")[2] != MISSING_TAG:
            return
        said = f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": not found'
        self._wait("ErrImagePull", said)
        self._around.event("Warning", "Failed", f'Failed to pull image "{image}": {said}')
        await self._pause(self._around.options.back_off)
        self._wait("ImagePullBackOff", f'Back-off pulling image "{image}"')
        await self._stopping.wait()
        raise _Stopped

    async def _created(self) -> tuple[list[str], dict[str, str], Places]:
        """Return command, environment and places; wait, and say why, for as long as they cannot be had."""
        while not self._stopping.is_set():
            try:
                _check_user(self._around.pod, self.spec)
                places = self._places()
                given = await environment(self._around.references, self._around.pod, self.spec, self._around.address)
                variables = self._variables(given, places)
                return self._command(given, places), variables, places
            except ConfigError as error:
                self._wait("CreateContainerConfigError", str(error))
                self._around.event("Warning", "Failed", f"Error: {error}")
                await self._pause(RETRY_CONFIG_SECONDS)
        raise _Stopped

    def _places(self) -> Places:
        mounts = dict(self._around.options.image_paths)
        for mount in self.spec.get("volumeMounts") or []:
            mounts[mount["mountPath"]] = self._around.volumes[mount["name"]] / mount.get("subPath", "")
        return Places(mounts, self._around.address)

    def _variables(self, given: dict[str, str], places: Places) -> dict[str, str]:
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._around.directory),
            "HOSTNAME": self._around.pod["metadata"]["name"],
            "PYTHONUNBUFFERED": "1",
            **self._around.options.variables,
            **{name: places.rewritten(value) for name, value in given.items()},
        }
        if "/tmp" in places.mounts:
            variables.setdefault("TMPDIR", str(places.mounts["/tmp"]))
        if TOKEN_DIR in places.mounts and self._around.kubeconfig is not None:
            variables.setdefault("KUBECONFIG", str(self._around.kubeconfig))
        return variables

    def _command(self, given: dict[str, str], places: Places) -> list[str]:
        parts = [*(self.spec.get("command") or []), *(self.spec.get("args") or [])]
        if not self.spec.get("command"):
            raise ConfigError(f"container {self.spec['name']} names no command, and images are not run here")
        if parts[0] == "chown" and os.geteuid() != 0:
            # Everything here belongs to the one user already.
            parts = ["true"]
        return [places.rewritten(expanded(part, given)) for part in parts]

    def _made_target(self, variables: dict[str, str], where: Path, places: Places) -> Target:
        ports = {item["name"]: item["containerPort"] for item in self.spec.get("ports") or [] if "name" in item}
        return Target(self._around.address, ports, variables, where, places.rewritten, self._around.http)

    async def _watch(self, run: Run, target: Target) -> None:
        """Follow the probes: the startup probe alone first, then readiness, and liveness, which stops a sick run."""
        if startup := self.spec.get("startupProbe"):
            async for good, wrong in verdicts(startup, target, None):
                if good:
                    break
                await self._sick(run, "Startup", wrong)
        self.state.started = True
        self.state.ready = "readinessProbe" not in self.spec
        self._changed()
        async with asyncio.TaskGroup() as tasks:
            if readiness := self.spec.get("readinessProbe"):
                tasks.create_task(self._follow_readiness(readiness, target))
            if liveness := self.spec.get("livenessProbe"):
                tasks.create_task(self._follow_liveness(liveness, run, target))

    async def _follow_readiness(self, probe: Manifest, target: Target) -> None:
        async for good, wrong in verdicts(probe, target, False):
            self.state.ready = good
            self._changed()
            if not good:
                self._around.event("Warning", "Unhealthy", f"Readiness probe failed: {wrong}")

    async def _follow_liveness(self, probe: Manifest, run: Run, target: Target) -> None:
        async for good, wrong in verdicts(probe, target, True):
            if not good:
                await self._sick(run, "Liveness", wrong)

    async def _sick(self, run: Run, probe: str, wrong: str) -> None:
        if self._stopping.is_set():
            return
        self._around.event("Warning", "Unhealthy", f"{probe} probe failed: {wrong}")
        self._around.event("Normal", "Killing", f"Container {self.spec['name']} failed {probe.lower()} probe")
        await run.stop(self._around.pod["spec"].get("terminationGracePeriodSeconds", 30))

    def _wait(self, reason: str, message: str) -> None:
        self.state.state = waiting(reason, message)
        self._changed()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    @property
    def _file_name(self) -> str:
        metadata = self._around.pod["metadata"]
        return f"{metadata['namespace']}_{metadata['name']}_{self.spec['name']}"

    def _log(self) -> Path:
        return self._around.logs / f"{self._file_name}_{self.state.restarts}.log"

    @property
    def _pid_file(self) -> Path:
        return self._around.logs / f"{self._file_name}.pid"


def _check_user(pod: Manifest, container: Manifest) -> None:
    """Refuse what a kubelet refuses: root in a pod that must not run as root."""
    security = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}
    if security.get("runAsNonRoot") and security.get("runAsUser") == 0:
        raise ConfigError("container's runAsUser breaks non-root policy")
