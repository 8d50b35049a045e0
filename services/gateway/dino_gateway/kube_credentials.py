"""How this process reaches the Kubernetes API server: the file that KUBECONFIG names, else the pod's own account."""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dino_common.errors import ServiceUnavailable

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_FIX = "Set KUBECONFIG to a file with a cluster and a token or client certificate, or run in a pod with its account."


@dataclass(frozen=True, slots=True)
class KubeAccess:
    """Address, trust and identity.

    Attributes:
        server: ``https://host:port``.
        trust: of the server's certificate, with the client's own where it has one.
        token: reads the bearer token anew at each call, because a pod's token is exchanged every hour; None: no token.
    """

    server: str
    trust: ssl.SSLContext | bool
    token: Callable[[], str | None]


def find_access(environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> KubeAccess:
    """Return how to reach the API server.

    Raises:
        ServiceUnavailable: neither KUBECONFIG nor a service account names one, or the file cannot be used.
    """
    if paths := environment.get("KUBECONFIG"):
        path = Path(paths.split(os.pathsep)[0])
        try:
            return _from_file(path)
        except (OSError, KeyError, TypeError, ValueError, StopIteration, yaml.YAMLError) as error:
            raise ServiceUnavailable(
                f"KUBECONFIG cannot be used: {type(error).__name__} {error}".rstrip(), details=_FIX
            ) from error
    host = environment.get("KUBERNETES_SERVICE_HOST")
    if not host or not (account / "token").is_file():
        raise ServiceUnavailable("No Kubernetes API server is known to this process", details=_FIX)
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    except (OSError, ssl.SSLError) as error:
        raise ServiceUnavailable("The service account's ca.crt cannot be read", details=_FIX) from error
    return KubeAccess(
        f"https://{f'[{host}]' if ':' in host else host}:{port}", trust, lambda: (account / "token").read_text().strip()
    )


def _from_file(path: Path) -> KubeAccess:
    config: dict[str, Any] = yaml.safe_load(path.read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        return next(entry for entry in config[f"{kind}s"] if entry["name"] == name)[kind]

    context = named("context", config["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    if "exec" in user or "auth-provider" in user:
        raise ValueError("its user needs a program to log in; use a token or a client certificate")
    with ExitStack() as files:
        return KubeAccess(
            cluster["server"].rstrip("/"), _trust(path.parent, cluster, user, files), _token(path.parent, user)
        )


def _trust(
    folder: Path, cluster: Mapping[str, Any], user: Mapping[str, Any], files: ExitStack
) -> ssl.SSLContext | bool:
    if not cluster["server"].startswith("https:"):
        return True
    authority = _file(folder, cluster, "certificate-authority", files)
    trust = ssl.create_default_context(cafile=authority)
    if cluster.get("insecure-skip-tls-verify"):
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    if (certificate := _file(folder, user, "client-certificate", files)) is not None:
        trust.load_cert_chain(certificate, _file(folder, user, "client-key", files))
    return trust


def _file(folder: Path, entry: Mapping[str, Any], name: str, files: ExitStack) -> str | None:
    """Return the path of a certificate or key, written to a file of our own while it is given in the text."""
    if (data := entry.get(f"{name}-data")) is None:
        return str(folder / entry[name]) if name in entry else None
    written = files.enter_context(tempfile.NamedTemporaryFile(prefix="dino-kube-"))  # noqa: SIM115
    written.write(base64.b64decode(data))
    written.flush()
    return written.name


def _token(folder: Path, user: Mapping[str, Any]) -> Callable[[], str | None]:
    if "token" in user:
        return lambda: str(user["token"])
    if "tokenFile" in user:
        return lambda: (folder / user["tokenFile"]).read_text().strip()
    return lambda: None
