"""Thresholds under an operator: what is sent to the API server, and what its answers mean for a client."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.configuration import Thresholds
from dino_common.errors import Conflict, InvalidRequest, ServiceUnavailable
from dino_gateway import resource_thresholds
from dino_gateway.kube_credentials import KubeAccess, find_access
from dino_gateway.resource_thresholds import ResourceThresholds, refusal

PATH = "/apis/dinov3.io/v1alpha1/namespaces/team/dinodeployments/demo"


@dataclass
class ApiServer:
    """Answers PATCH with a status and remembers what came."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    came: list[tuple[str, str, str | None, Any]] = field(default_factory=list)
    config: LiveConfig | None = None


@pytest.fixture
def server() -> Iterator[ApiServer]:
    api = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.came.append((self.path, self.headers["Content-Type"], self.headers["Authorization"], body))
            status = api.answers.pop(0) if api.answers else 200
            text = json.dumps({"message": f"status {status} of the test"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield api
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> LiveConfig:
    """A configuration that no bucket is behind: the test puts into force what an operator would."""
    monkeypatch.setattr(resource_thresholds, "_PASSED_ON_SECONDS", 0.2)
    return LiveConfig(None)  # type: ignore[arg-type]


def in_force(config: LiveConfig, revision: int, **values: float | None) -> None:
    config._thresholds.accept(Thresholds(**values).model_dump_json().encode(), revision)


@pytest.fixture
async def resource(server: ApiServer, config: LiveConfig):
    tokens = iter(["first", "second", "third"])
    made = ResourceThresholds("team", "demo", config, lambda: KubeAccess(server.url, True, lambda: next(tokens)))
    yield made
    await made.close()


async def test_one_threshold_is_patched_and_those_before_are_returned(server, config, resource):
    in_force(config, 1, similarity=0.9)
    in_force(config, 2, similarity=0.9, quality=55)
    before = await resource.change("quality", 55)
    assert (before.similarity, before.quality) == (0.9, 55)
    assert server.came == [
        (PATH, "application/merge-patch+json", "Bearer first", {"spec": {"thresholds": {"quality": 55}}})
    ]


async def test_threshold_that_is_taken_back_is_sent_as_null(server, config, resource):
    await resource.change("quality", None)
    assert server.came[0][3] == {"spec": {"thresholds": {"quality": None}}}


async def test_change_that_the_operator_does_not_pass_on_is_told(server, config, resource):
    with pytest.raises(ServiceUnavailable, match="operator has not passed the change on") as told:
        await resource.change("similarity", 0.5)
    assert told.value.retry_after


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, InvalidRequest, "cannot take this threshold: status 400"),
        (422, InvalidRequest, "cannot take this threshold: status 422"),
        (409, Conflict, "being changed by others"),
        (403, ServiceUnavailable, "may not change"),
        (404, ServiceUnavailable, "does not exist any more"),
        (429, ServiceUnavailable, "cannot change"),
        (500, ServiceUnavailable, "cannot change"),
    ],
)
async def test_refusal_of_the_api_server_is_said_in_its_words(server, resource, status, error, words):
    server.answers = [status]
    with pytest.raises(error, match=words) as told:
        await resource.change("similarity", 0.5)
    assert "DinoDeployment team/demo" in told.value.message


async def test_refused_token_is_read_again(server, config, resource, monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    in_force(config, 1, similarity=0.5)
    server.answers = [401, 200]
    await resource.change("similarity", 0.5)
    assert [token for _, _, token, _ in server.came] == ["Bearer first", "Bearer second"]


async def test_api_server_that_is_away_is_no_fault_of_the_request(config):
    away = ResourceThresholds("team", "demo", config, lambda: KubeAccess("http://127.0.0.1:9", True, lambda: None))
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        await away.change("similarity", 0.5)
    await away.close()


def test_rights_that_are_missing_are_named():
    assert "verbs get and patch" in refusal("DinoDeployment a/b", 403, "forbidden").details


def kubeconfig(path: Path, user: dict[str, Any], **cluster: Any) -> dict[str, str]:
    content = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://kube:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(content))
    return {"KUBECONFIG": str(path)}


def test_kubeconfig_wins_over_the_pods_account(tmp_path):
    environment = kubeconfig(tmp_path / "config", {"token": "abc"}, **{"insecure-skip-tls-verify": True})
    access = find_access({**environment, "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path)
    assert (access.server, access.token()) == ("https://kube:6443", "abc")


def test_token_file_is_read_anew(tmp_path):
    (tmp_path / "token").write_text("one\n")
    access = find_access(
        kubeconfig(tmp_path / "config", {"tokenFile": "token"}, **{"insecure-skip-tls-verify": True}), tmp_path
    )
    assert access.token() == "one"
    (tmp_path / "token").write_text("two\n")
    assert access.token() == "two"


@pytest.mark.parametrize("user", [{"exec": {"command": "aws"}}, {"client-certificate-data": "AAAA"}])
def test_user_that_cannot_be_used_is_said_with_the_fix(tmp_path, user):
    with pytest.raises(ServiceUnavailable, match="KUBECONFIG cannot be used") as told:
        find_access(kubeconfig(tmp_path / "config", user), tmp_path)
    assert "Set KUBECONFIG" in told.value.details


def test_wrong_authority_is_said(tmp_path):
    wrong = {"certificate-authority-data": base64.b64encode(b"no certificate").decode()}
    with pytest.raises(ServiceUnavailable, match="KUBECONFIG cannot be used"):
        find_access(kubeconfig(tmp_path / "config", {}, **wrong), tmp_path)


def test_process_outside_a_cluster_has_no_api_server(tmp_path):
    with pytest.raises(ServiceUnavailable, match="No Kubernetes API server is known"):
        find_access({}, tmp_path)
