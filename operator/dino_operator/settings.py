"""Settings of the operator's process, from environment variables ``DINO_OPERATOR_*``."""

from __future__ import annotations

import os
import socket
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dino_common.settings import Settings
from dino_common.validation import explain


class OperatorSettings(BaseSettings):
    """One frozen set for a process; the environment variable is the field's name behind ``DINO_OPERATOR_``."""

    model_config = SettingsConfigDict(env_prefix="DINO_OPERATOR_", frozen=True, extra="ignore", env_ignore_empty=True)

    watch_namespaces: str = Field("", description="Namespaces that are looked after, comma-separated; empty: all.")
    workers: int = Field(8, ge=1, le=256, description="Resources that are reconciled at the same time.")
    resync_seconds: float = Field(300.0, ge=1, description="Every resource is looked at that often at least.")
    discovery_seconds: float = Field(60.0, ge=0.2, description="How often served APIs and CRDs are read again.")
    observe_seconds: float = Field(5.0, ge=0.2, description="How often services are asked while a migration runs.")
    steady_seconds: float = Field(30.0, ge=0.2, description="How often services are asked while nothing changes.")

    leader_election: bool = Field(True, description="Act only while holding the lease.")
    lease_name: str = Field("dino-operator", description="Name of the Lease.")
    lease_namespace: str = Field("", description="Its namespace; empty: that of the pod, else default.")
    lease_seconds: float = Field(15.0, ge=1, le=3600, description="A lease that is not renewed that long is free.")
    identity: str = Field(
        default_factory=lambda: f"{socket.gethostname()}_{os.getpid()}", description="Holder's name in the lease."
    )

    api_timeout_seconds: float = Field(15.0, ge=1, description="Longest wait for an answer of the API server.")
    api_connections: int = Field(32, ge=4, le=1000, description="Requests to the API server at the same time.")

    admin_host: str = Field("0.0.0.0", description="Where probes and metrics are served.")
    admin_port: int = Field(9090, ge=0, le=65535, description="Their port; 0 picks one.")
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("watch_namespaces")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        return ",".join(part.strip() for part in value.split(",") if part.strip())

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Namespaces that are looked after; empty: every one."""
        return tuple(self.watch_namespaces.split(",")) if self.watch_namespaces else ()

    def platform(self) -> Settings:
        """Return the settings that logs and telemetry of the common package want."""
        return Settings(  # pyright: ignore[reportCallIssue]
            namespace="operator",
            deployment="operator",
            instance=self.identity,
            log_format=self.log_format,
            log_level=self.log_level,
        )


def load_settings() -> OperatorSettings:
    """Read the environment; a wrong variable ends the process with its name and what is wrong with it."""
    try:
        return OperatorSettings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SystemExit(f"the settings are wrong: {explain(error)}") from None
