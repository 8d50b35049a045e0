"""Where the API server is and how to prove who we are: KUBECONFIG, else the pod's files, else ~/.kube/config."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kubernetes.client import Configuration
from kubernetes.config import load_incluster_config, load_kube_config

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_AGAIN_SECONDS = 30.0


@dataclass(slots=True)
class Credentials:
    """The address, the trust and the token of one API server; a token that rotates is read again."""

    configuration: Configuration
    namespace: str = "default"
    _read_at: float = field(default=0.0, init=False)
    _token: str | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self.configuration.host.rstrip("/")

    @property
    def proxy(self) -> str | None:
        """Proxy on the way to it; None: straight."""
        host = urlsplit(self.server).hostname or ""
        excepted = [part.strip().lstrip(".") for part in (self.configuration.no_proxy or "").split(",") if part.strip()]
        bypass = any(part == "*" or host == part or host.endswith(f".{part}") for part in excepted)
        return None if bypass else self.configuration.proxy

    def trust(self) -> ssl.SSLContext:
        """Return the TLS settings: the cluster's authority, and a client certificate if there is one."""
        configuration = self.configuration
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if not configuration.verify_ssl:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        return context

    async def authorization(self, *, anew: bool = False) -> str | None:
        """Return the Authorization header; a source that rotates it is asked every half minute, or when ``anew``."""
        async with self._lock:
            if anew or time.monotonic() - self._read_at > _AGAIN_SECONDS:
                # A plug-in may start a program for it.
                self._token = await asyncio.to_thread(self.read)
                self._read_at = time.monotonic()
            return self._token

    def read(self) -> str | None:
        """Return the Authorization header as its source says it now."""
        found = self.configuration.get_api_key_with_prefix("authorization")
        if found is None:
            found = self.configuration.get_api_key_with_prefix("BearerToken", "authorization")
        if found is None and self.configuration.username:
            return self.configuration.get_basic_auth_token()
        return found


def load_credentials() -> Credentials:
    """Find the cluster.

    Raises:
        kubernetes.config.ConfigException: none is configured, or its file is wrong.
    """
    configuration = Configuration()
    if not os.environ.get("KUBECONFIG") and os.environ.get("KUBERNETES_SERVICE_HOST"):
        load_incluster_config(client_configuration=configuration)
        return Credentials(configuration, _own_namespace())
    load_kube_config(config_file=os.environ.get("KUBECONFIG") or None, client_configuration=configuration)
    return Credentials(configuration, os.environ.get("POD_NAMESPACE") or "default")


def _own_namespace() -> str:
    try:
        return _NAMESPACE_FILE.read_text().strip() or "default"
    except OSError:
        return os.environ.get("POD_NAMESPACE") or "default"
