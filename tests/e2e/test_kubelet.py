"""The test kubelet itself, with pods written by hand: what it says and does is what a kubelet says and does."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.e2e.cluster import Cluster, Refused, condition, is_ready
from tests.e2e.kubelet.api import Manifest
from tests.e2e.waiting import until

SERVE = (
    "import http.server as h, os; h.HTTPServer((os.environ['HOST'], 8080), h.SimpleHTTPRequestHandler).serve_forever()"
)


def pod(name: str, container: Manifest, **spec: Any) -> Manifest:
    main = {"name": "main", "image": "example/any:1"} | container
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"test": name}},
        "spec": {"containers": [main], "terminationGracePeriodSeconds": 3} | spec,
    }


def shell(text: str, **more: Any) -> Manifest:
    return {"command": ["sh", "-c", text]} | more


async def create(e2e: Cluster, space: str, *items: Manifest) -> None:
    await e2e.kubectl("create", "-n", space, "-f", "-", stdin=list(items))


async def status(e2e: Cluster, space: str, name: str) -> Manifest:
    return (await e2e.api.get(f"/api/v1/namespaces/{space}/pods/{name}"))["status"]


async def main_state(e2e: Cluster, space: str, name: str) -> Manifest:
    found = (await status(e2e, space, name)).get("containerStatuses")
    return found[0] if found else {"state": {}, "restartCount": 0}


async def wait_ready(e2e: Cluster, space: str, name: str) -> Manifest:
    async def check() -> Manifest | None:
        found = await e2e.api.get(f"/api/v1/namespaces/{space}/pods/{name}")
        assert is_ready(found), found["status"]
        return found

    return await until(check, f"{name} is ready", 20)


async def wait_waiting(e2e: Cluster, space: str, name: str, reason: str) -> Manifest:
    """The state of the one container once it waits for this reason."""

    async def check() -> Manifest | None:
        found = await main_state(e2e, space, name)
        assert found["state"].get("waiting", {}).get("reason") == reason, found
        return found

    return await until(check, f"{name} waits: {reason}", 20)


async def wait_phase(e2e: Cluster, space: str, name: str, phase: str) -> Manifest:
    async def check() -> Manifest | None:
        found = await status(e2e, space, name)
        assert found["phase"] == phase, found
        return found

    return await until(check, f"{name} is {phase}", 20)


async def test_a_pod_runs_from_its_init_containers_to_its_last_second(e2e: Cluster, space: str) -> None:
    settings = {"HOST": "0.0.0.0", "GREETING": "hello", "FROM_BOTH": "envFrom"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": settings}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"KEY": "s3cret"}}
    mount = [{"name": "cache", "mountPath": "/cache"}, {"name": "files", "mountPath": "/etc/files"}]
    container = {
        "command": ["sh", "-c", "trap 'echo asked to stop; exit 0' TERM; python -c \"$SERVE\" & wait"],
        "workingDir": "/cache",
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "absent", "optional": True}}],
        "env": [
            {"name": "SERVE", "value": SERVE},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "KEY"}}},
            {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "no", "optional": True}}},
            {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['test']"}}},
            {"name": "FROM_BOTH", "value": "env"},
            {"name": "BOTH", "value": "$(ME) $(KEY) /cache/x $(UNKNOWN) $$(ME)"},
        ],
        "ports": [{"name": "http", "containerPort": 8080}],
        "startupProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 1, "failureThreshold": 20},
        "readinessProbe": {"httpGet": {"path": "/told", "port": "http"}, "periodSeconds": 1},
        "livenessProbe": {"exec": {"command": ["test", "-e", "/cache/told"]}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "echo unlisted > /cache/stopping; sleep 1"]}}},
        "volumeMounts": mount,
    }
    tell = 'echo "$BOTH|$FROM_BOTH|${NONE-unset}|$LABEL|$(cat /etc/files/greeting)" > /cache/told'
    first = {"name": "own", "image": "i", "command": ["chown", "0:0", "/cache"], "volumeMounts": mount}
    second = {"name": "tell", "image": "i", **shell(tell), "env": container["env"], "volumeMounts": mount}
    second["envFrom"] = container["envFrom"]
    volumes = [
        {"name": "cache", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "files", "configMap": {"name": "settings", "items": [{"key": "GREETING", "path": "greeting"}]}},
    ]
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    await create(e2e, space, config, secret, claim)
    await create(e2e, space, pod("whole", container, initContainers=[first, second], volumes=volumes))
    found = await wait_ready(e2e, space, "whole")
    assert [item["state"]["terminated"]["reason"] for item in found["status"]["initContainerStatuses"]] == [
        "Completed",
        "Completed",
    ]
    place = e2e.kubelet.claims / f"{space}_data"
    told = (place / "told").read_text().strip()
    assert told == f"whole s3cret {place}/x $(UNKNOWN) $(ME)|env|unset|whole|hello"
    began = time.monotonic()
    await e2e.kubectl("delete", "pod", "whole", "-n", space)
    assert time.monotonic() - began > 1, "the hook was not waited for"
    assert "asked to stop" in e2e.kubelet.log("whole_main")
    assert (place / "stopping").exists()
    await e2e.kubectl("delete", "pvc", "data", "-n", space)

    async def reclaimed() -> bool:
        return not place.exists()

    await until(reclaimed, "the data go with their claim")


async def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(e2e: Cluster, space: str) -> None:
    await create(e2e, space, pod("stubborn", shell("trap '' TERM; while true; do sleep 1; done")))
    await wait_ready(e2e, space, "stubborn")
    began = time.monotonic()
    await e2e.kubectl("delete", "pod", "stubborn", "-n", space)
    assert 2.5 < time.monotonic() - began < 10


async def test_a_missing_secret_is_named_and_cured(e2e: Cluster, space: str) -> None:
    needed = {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "later", "key": "URL"}}}
    await create(e2e, space, pod("wanting", shell("sleep 60", env=[needed])))
    found = await wait_waiting(e2e, space, "wanting", "CreateContainerConfigError")
    assert found["state"]["waiting"]["message"] == 'secret "later" not found'
    await e2e.kubectl("create", "secret", "generic", "later", "-n", space, "--from-literal=OTHER=1")

    async def other_message() -> bool:
        waiting = (await main_state(e2e, space, "wanting"))["state"]["waiting"]
        return waiting["message"] == f"couldn't find key URL in Secret {space}/later"

    await until(other_message, "the missing key is named")
    await e2e.kubectl("patch", "secret", "later", "-n", space, "-p", '{"stringData": {"URL": "x"}}')
    await wait_ready(e2e, space, "wanting")


async def test_a_crash_loop_tells_the_last_words(e2e: Cluster, space: str) -> None:
    container = shell("echo no such model; exit 3", terminationMessagePolicy="FallbackToLogsOnError")
    await create(e2e, space, pod("crashing", container))
    found = await wait_waiting(e2e, space, "crashing", "CrashLoopBackOff")
    last = found["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"], last["message"]) == (3, "Error", "no such model")
    assert found["state"]["waiting"]["message"].startswith("back-off 1s restarting failed container=main pod=crashing")
    assert found["restartCount"] >= 1


async def test_an_init_container_that_fails_holds_the_pod(e2e: Cluster, space: str) -> None:
    first = {"name": "weights", "image": "i", **shell("echo wrong hash; exit 1")}
    first["terminationMessagePolicy"] = "FallbackToLogsOnError"
    await create(e2e, space, pod("held", shell("sleep 60"), initContainers=[first]))

    async def looping() -> bool:
        found = (await status(e2e, space, "held")).get("initContainerStatuses")
        return bool(found) and found[0]["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"

    await until(looping, "the init container is in a crash loop")
    found = await status(e2e, space, "held")
    assert found["initContainerStatuses"][0]["lastState"]["terminated"]["message"] == "wrong hash"
    assert found["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
    initialized = condition({"status": found}, "Initialized")
    assert initialized is not None
    assert initialized["reason"] == "ContainersNotInitialized"
    assert found["phase"] == "Pending"


async def test_a_sick_container_is_started_again(e2e: Cluster, space: str) -> None:
    liveness = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}
    await create(e2e, space, pod("sick", shell("exec sleep 60", livenessProbe=liveness)))

    async def again() -> Manifest | None:
        found = await main_state(e2e, space, "sick")
        return found if found["restartCount"] else None

    found = await until(again, "the container was started again")
    assert found["lastState"]["terminated"]["exitCode"] == 128 + 15


async def test_what_a_kubelet_refuses_is_refused(e2e: Cluster, space: str) -> None:
    as_root = shell("sleep 60", securityContext={"runAsUser": 0, "runAsNonRoot": True})
    await create(e2e, space, pod("root", as_root), pod("unpulled", shell("true") | {"image": "example/any:missing"}))
    found = await wait_waiting(e2e, space, "root", "CreateContainerConfigError")
    assert found["state"]["waiting"]["message"] == "container's runAsUser breaks non-root policy"
    found = await wait_waiting(e2e, space, "unpulled", "ImagePullBackOff")
    assert found["state"]["waiting"]["message"] == 'Back-off pulling image "example/any:missing"'


async def test_pods_that_run_to_their_end_succeed_or_fail(e2e: Cluster, space: str) -> None:
    await create(
        e2e,
        space,
        pod("good", shell("true"), restartPolicy="Never"),
        pod("bad", shell("exit 4"), restartPolicy="Never"),
        pod("nothing", {"command": ["no-such-program"]}, restartPolicy="Never"),
    )
    assert (await wait_phase(e2e, space, "good", "Succeeded"))["containerStatuses"][0]["restartCount"] == 0
    bad = await wait_phase(e2e, space, "bad", "Failed")
    assert bad["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 4
    nothing = await wait_phase(e2e, space, "nothing", "Failed")
    assert nothing["containerStatuses"][0]["state"]["terminated"]["reason"] == "StartError"


async def test_a_pod_speaks_to_the_api_server_as_its_service_account(e2e: Cluster, space: str) -> None:
    ask = (
        "from kubernetes import client, config; config.load_kube_config(); "
        "print(client.CoreV1Api().list_namespaced_config_map(open('/token/ns').read()))"
    )
    await e2e.kubectl("create", "serviceaccount", "reader", "-n", space)
    volume = {"name": "t", "downwardAPI": {"items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}
    container = {"command": ["python", "-c", ask], "volumeMounts": [{"name": "t", "mountPath": "/token"}]}
    item = pod("reader", container, restartPolicy="Never", serviceAccountName="reader", volumes=[volume])
    await create(e2e, space, item)
    await wait_phase(e2e, space, "reader", "Failed")
    assert f"system:serviceaccount:{space}:reader" in e2e.kubelet.log("reader_main")


async def test_devices_are_scheduled_and_run_out(e2e: Cluster, space: str) -> None:
    def asking(name: str) -> Manifest:
        return pod(name, shell("exec sleep 60", resources={"limits": {"nvidia.com/gpu": "2"}}))

    await create(e2e, space, asking("first"))
    assert (await wait_ready(e2e, space, "first"))["spec"]["nodeName"] == "gpu-0"
    await create(e2e, space, asking("second"))

    async def unschedulable() -> bool:
        found = condition({"status": await status(e2e, space, "second")}, "PodScheduled")
        return found is not None and "Insufficient nvidia.com/gpu" in found.get("message", "")

    await until(unschedulable, "the second pod finds no GPU")
    await e2e.kubectl("delete", "pod", "first", "-n", space)
    await wait_ready(e2e, space, "second")


async def test_tools_say_why_they_were_refused(e2e: Cluster, space: str) -> None:
    with pytest.raises(Refused, match="not found"):
        await e2e.kubectl("get", "pod", "nobody", "-n", space)
