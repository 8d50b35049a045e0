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

    def operation(self, operation: Operation) -> str:
        """Request/reply subject of an operation."""
        return f"{self.prefix}.{operation.service.value}.{operation.name}"

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
