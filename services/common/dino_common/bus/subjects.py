"""Names on the bus: subjects, headers, streams and buckets of one deployment."""

from __future__ import annotations

from dataclasses import dataclass

from dino_common.contracts import Operation, Service

REQUEST_ID = "Dino-Request-Id"
DEADLINE = "Dino-Deadline"
PRINCIPAL = "Dino-Principal"
WORKING = "Dino-Working"


@dataclass(frozen=True, slots=True)
class Subjects:
    """Every name that a deployment uses, from its prefix ``dino.<namespace>.<deployment>``."""

    prefix: str

    @property
    def token(self) -> str:
        """The prefix as a name of streams and buckets."""
        return self.prefix.replace(".", "_")

    def operation(self, operation: Operation, key: str | None = None) -> str:
        """Request/reply subject of an operation; of a model version's own processes when a key is given."""
        return f"{self.prefix}.{_owner(operation, key)}.{operation.name}"

    def everyone(self, operation: Operation, key: str | None = None) -> str:
        """Subject on which each process of the owner answers for itself."""
        return f"{self.prefix}.everyone.{_owner(operation, key)}.{operation.name}"

    def mirror(self, key: str, operation: str) -> str:
        """Where the serving version's processes put copies of requests for a candidate; nobody answers there."""
        return f"{self.prefix}.mirror.inference-{key}.{operation}"

    def job(self, operation: Operation) -> str:
        """Work-queue subject of an operation's jobs."""
        return f"{self.prefix}.jobs.{operation.service.value}.{operation.name}"

    def jobs_of(self, service: Service) -> str:
        """Every work-queue subject of a service."""
        return f"{self.prefix}.jobs.{service.value}.>"

    @property
    def jobs(self) -> str:
        """Every work-queue subject."""
        return f"{self.prefix}.jobs.>"

    def job_progress(self, job_id: str) -> str:
        """Where the progress of a job is told."""
        return f"{self.prefix}.job-progress.{job_id}"

    @property
    def job_cancel(self) -> str:
        """Where cancellations are told; the payload is the job id."""
        return f"{self.prefix}.job-cancel"

    def event(self, kind: str) -> str:
        """Subject of an event such as ``asset.created``."""
        return f"{self.prefix}.events.{kind}"

    @property
    def metrics(self) -> str:
        """Every instance answers here with its metrics text."""
        return f"{self.prefix}.metrics"

    @property
    def jobs_stream(self) -> str:
        """Stream of the work queue."""
        return f"{self.token}_jobs"

    @property
    def events_stream(self) -> str:
        """Stream of the events."""
        return f"{self.token}_events"

    @property
    def config_bucket(self) -> str:
        """Key-value bucket of the run-time configuration."""
        return f"{self.token}_config"


def _owner(operation: Operation, key: str | None) -> str:
    return f"{operation.service.value}-{key}" if key else operation.service.value
