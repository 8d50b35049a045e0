"""The rollout of model versions as every service sees it, and what is asked of a version before it serves."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from .base import Cosine, Percent, Request, Response, Seconds, Unit

ModelKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
"""Eight hex digits that name a model version before it is loaded: the operator's name for it."""

Phase = Literal["dark", "canary", "reembed"]
"""What the candidate does: nothing of itself, a share of the serving version's work unasked, or the whole library."""

IndexRole = Literal["serving", "candidate", "previous"]

WORK_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 20.0, 30.0)
"""Seconds: upper bounds of the buckets in which computed pictures are counted; one more bucket follows."""


class Rollout(Response):
    """Which model versions there are and what each does: key ``rollout`` of the configuration bucket.

    Written by the operator alone. Fields of a later version are ignored, so that services and operator can be
    upgraded one after the other.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    serving: ModelKey = Field(description="Answers clients.")
    candidate: ModelKey | None = Field(default=None, description="Is to serve next.")
    phase: Phase | None = Field(default=None, description="What the candidate does; set exactly when there is one.")
    mirror_percent: Percent = Field(
        default=0.0, description="Share of the serving version's requests that the candidate does too, in canary."
    )
    previous: ModelKey | None = Field(default=None, description="Served before; its features and index are kept.")
    retired: tuple[str, ...] = Field(
        default=(), description="Model versions (not keys) whose features and indexes may be removed."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.candidate is None) != (self.phase is None):
            raise ValueError("a candidate needs a phase, and a phase needs a candidate")
        keys = [key for key in (self.serving, self.candidate, self.previous) if key is not None]
        if len(set(keys)) != len(keys):
            raise ValueError("serving, candidate and previous are different versions")
        if self.mirror_percent and self.phase != "canary":
            raise ValueError("only a candidate in phase canary mirrors")
        if any(not version for version in self.retired):
            raise ValueError("a retired version is named by its model version")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of every version in the rollout, the serving one first."""
        return tuple(key for key in (self.serving, self.candidate, self.previous) if key is not None)


class LibraryProgress(Response):
    """How much of the library has features of a version, counted in contents (assets with the same bytes share one).

    Total, done and rate are of all pods of the version together; failed is what this pod could not do.
    """

    total: int = Field(ge=0)
    done: int = Field(ge=0)
    failed: int = Field(default=0, ge=0, description="Contents without features for good, such as torn files.")
    per_second: float | None = Field(default=None, ge=0, description="Over the last half minute; null before known.")
    complete: bool = Field(default=False, description="Nothing is left that could still be done.")
    eta_seconds: Seconds | None = None


class WorkSeconds(Response):
    """Seconds from asking for a picture's features to having computed them; cached ones are not in it.

    Attributes:
        bounds: upper bounds of the buckets, rising; counts: pictures in each (not summed up), one bucket more.
    """

    bounds: tuple[float, ...] = WORK_BOUNDS
    counts: tuple[int, ...] = (0,) * (len(WORK_BOUNDS) + 1)


class WorkCounters(Response):
    """Work since the start of a process."""

    handled: int = Field(default=0, ge=0, description="Requests done, those that failed included.")
    failed: int = Field(default=0, ge=0, description="By the service's own fault, not by the client's.")
    skipped: int = Field(default=0, ge=0, description="Mirrored requests left out because the queue was filling up.")
    seconds: WorkSeconds = Field(default_factory=WorkSeconds)


class SelfTestRequest(Request):
    """How long full batches are timed, at most."""

    seconds: float = Field(default=3.0, ge=0.1, le=60)


class SelfTestResponse(Response):
    """The golden picture through the same queue as requests, and the speed of full batches."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    instance: str
    key: str | None
    model_version: str
    cosine: Cosine | None = Field(description="To the golden vector of the card; null when it records none.")
    bound: Cosine = Field(description="Smallest cosine that passes.")
    passed: bool
    images_per_second: float | None = Field(ge=0, description="Pictures a second of full batches, without decoding.")
    reasons: list[str] = Field(default_factory=list, description="Why it did not pass.")


class CompareVersionsRequest(Request):
    """Which candidate, on how many assets."""

    key: ModelKey = Field(description="The candidate; it is compared with the version that serves.")
    sample: int = Field(default=200, ge=2, le=2000, description="Assets taken at random from the library.")
    neighbours: int = Field(default=10, ge=1, le=100, description="Nearest neighbours of each, within the sample.")


class CompareVersionsResponse(Response):
    """How far two versions agree on which pictures are alike. Vectors of the two are never compared."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    serving_version: str
    candidate_version: str
    agreement: Unit | None = Field(description="Mean share of common nearest neighbours; null for too few assets.")
    sample: int = Field(ge=0, description="Assets that were compared: those with features of both versions.")
    neighbours: int = Field(ge=0, description="Neighbours looked at for each; fewer than asked in a small sample.")
    failed: int = Field(default=0, ge=0, description="Assets of the sample without features of one of them.")
    processing_time: Seconds


class IndexStatus(Response):
    """One index of the analytics service."""

    role: IndexRole
    key: str | None
    model_version: str
    indexed: int = Field(ge=0)
    complete: bool = Field(description="Everything that has features of this version is in it.")
    fault: str | None = None
