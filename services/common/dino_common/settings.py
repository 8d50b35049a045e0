"""Settings of every service, read from environment variables named as in the service guide."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dino_common.validation import explain


class Settings(BaseSettings):
    """One frozen set of settings for a process; every field has the environment variable named beside it."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        protected_namespaces=(),
        env_ignore_empty=True,
        # Only the names below are read. A field's own name is for code: as a variable it would bear the prefix, which
        # no variable can.
        case_sensitive=True,
        env_prefix="=",
    )

    # Identity on the bus: subjects start with dino.<namespace>.<deployment>.
    namespace: str = Field("default", validation_alias="DINO_NAMESPACE", pattern=r"^[a-z0-9][a-z0-9\-]{0,62}$")
    deployment: str = Field("local", validation_alias="DINO_DEPLOYMENT", pattern=r"^[a-z0-9][a-z0-9\-]{0,62}$")
    instance: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}", validation_alias="DINO_INSTANCE"
    )

    # Set by the operator alone: which model version this process is of, and the resource that owns the platform.
    model_key: str = Field(
        "", validation_alias="DINO_MODEL_KEY", pattern=r"^([0-9a-f]{8})?$", description="Empty: no operator."
    )
    resource: str = Field("", validation_alias="DINO_RESOURCE", description="Empty: no operator.")

    # Servers.
    mongodb_url: str = Field("mongodb://localhost:27017/dinov3_db", validation_alias="MONGODB_URL")
    redis_url: str = Field("redis://localhost:6379/0", validation_alias="REDIS_URL")
    nats_url: str = Field("nats://localhost:4222", validation_alias="NATS_URL")
    qdrant_url: str | None = Field(None, validation_alias="QDRANT_URL")
    qdrant_api_key: SecretStr | None = Field(None, validation_alias="QDRANT_API_KEY")
    s3_endpoint: str | None = Field(
        None, validation_alias=AliasChoices("CLOUDFLARE_R2_ENDPOINT", "S3_ENDPOINT", "AWS_ENDPOINT_URL_S3")
    )
    s3_access_key: str | None = Field(
        None,
        validation_alias=AliasChoices("CLOUDFLARE_R2_ACCESS_KEY_ID", "S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
    )
    s3_secret_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(
            "CLOUDFLARE_R2_SECRET_ACCESS_KEY", "S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"
        ),
    )
    s3_bucket: str = Field("media", validation_alias=AliasChoices("CLOUDFLARE_R2_BUCKET_NAME", "S3_BUCKET_NAME"))
    s3_public_url: str | None = Field(None, validation_alias=AliasChoices("CLOUDFLARE_R2_PUBLIC_URL", "S3_PUBLIC_URL"))
    s3_region: str = Field("auto", validation_alias=AliasChoices("S3_REGION", "AWS_REGION"))
    presigned_url_seconds: int = Field(3600, ge=60, le=604_800, validation_alias="DINO_PRESIGNED_URL_SECONDS")

    # HTTP.
    api_host: str = Field("0.0.0.0", validation_alias="API_HOST")
    api_port: int = Field(3012, ge=0, le=65535, validation_alias="API_PORT")
    public_url: str | None = Field(None, validation_alias="DINO_PUBLIC_URL")
    admin_host: str = Field("0.0.0.0", validation_alias="DINO_ADMIN_HOST")
    admin_port: int = Field(9090, ge=0, le=65535, validation_alias="DINO_ADMIN_PORT")
    cors_origins: str = Field("", validation_alias="DINO_CORS_ORIGINS", description="Comma-separated, or *.")
    trusted_proxies: str = Field("127.0.0.1", validation_alias="DINO_TRUSTED_PROXIES")

    # Who may call.
    auth: Literal["on", "off"] = Field("on", validation_alias="DINO_AUTH")
    jwt_jwks_url: str | None = Field(None, validation_alias="DINO_JWT_JWKS_URL")
    jwt_issuer: str | None = Field(None, validation_alias="DINO_JWT_ISSUER")
    jwt_audience: str | None = Field(None, validation_alias="DINO_JWT_AUDIENCE")

    # Limits.
    max_file_size_mb: int = Field(50, ge=1, le=5000, validation_alias="MAX_FILE_SIZE_MB")
    max_presigned_size_mb: int = Field(20_000, ge=1, validation_alias="DINO_MAX_PRESIGNED_SIZE_MB")
    max_batch_size: int = Field(100, ge=2, le=10_000, validation_alias="MAX_BATCH_SIZE")
    max_pixels: int = Field(100_000_000, ge=10_000, validation_alias="DINO_MAX_PIXELS")
    max_video_seconds: float = Field(14_400, gt=0, validation_alias="DINO_MAX_VIDEO_SECONDS")
    max_video_frames: int = Field(1_000_000, ge=1, validation_alias="DINO_MAX_VIDEO_FRAMES")
    max_video_decode_seconds: float = Field(10_800, gt=0, validation_alias="DINO_MAX_VIDEO_DECODE_SECONDS")
    rate_limit_default: int = Field(100, ge=0, validation_alias="RATE_LIMIT_DEFAULT", description="0 is off.")
    rate_limit_upload: int = Field(50, ge=0, validation_alias="RATE_LIMIT_UPLOAD", description="0 is off.")
    rate_limit_batch: int = Field(10, ge=0, validation_alias="RATE_LIMIT_BATCH", description="0 is off.")

    # Model.
    model_name: str = Field("", validation_alias="DINOV3_MODEL_NAME", description="Empty: the built-in model.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", validation_alias="DINOV3_DEVICE")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field("auto", validation_alias="DINOV3_PRECISION")
    batch_size: int = Field(32, ge=1, le=1024, validation_alias="DINOV3_BATCH_SIZE")
    max_batch_delay_ms: float = Field(5.0, ge=0, le=1000, validation_alias="DINO_MAX_BATCH_DELAY_MS")
    queue_limit: int = Field(256, ge=1, validation_alias="DINO_QUEUE_LIMIT")
    decode_threads: int = Field(0, ge=0, le=256, validation_alias="DINO_DECODE_THREADS", description="0: cores.")
    extract_on_upload: bool = Field(True, validation_alias="DINO_EXTRACT_ON_UPLOAD")
    image_text_model: str = Field(
        "", validation_alias="DINO_IMAGE_TEXT_MODEL", description="Empty: the built-in; off: none."
    )
    model_cache_dir: Path = Field(Path("~/.cache/dino/models"), validation_alias="DINO_CACHE_DIR")
    index_dir: Path = Field(Path("~/.cache/dino/index"), validation_alias="DINO_INDEX_DIR")

    # The image generator of characters/{id}/generate-image.
    generator_url: str | None = Field(None, validation_alias="DINO_GENERATOR_URL", pattern=r"^https?://[^\s@]+$")
    generator_api_key: SecretStr | None = Field(None, validation_alias="DINO_GENERATOR_API_KEY")
    generator_seconds: float = Field(120.0, ge=1, le=1800, validation_alias="DINO_GENERATOR_TIMEOUT_SECONDS")

    # Faces, bodies and hands of pictures.
    face_detector: Literal["auto", "off"] = Field("auto", validation_alias="DINO_FACE_DETECTOR")

    # How long cached things live, seconds.
    features_ttl: int = Field(86_400, ge=1, validation_alias="DINO_FEATURES_TTL")
    similarity_ttl: int = Field(3_600, ge=1, validation_alias="DINO_SIMILARITY_TTL")
    preprocessed_ttl: int = Field(21_600, ge=1, validation_alias="DINO_PREPROCESSED_TTL")
    job_ttl: int = Field(604_800, ge=60, validation_alias="DINO_JOB_TTL")
    scratch_ttl: int = Field(86_400, ge=3_600, validation_alias="DINO_SCRATCH_TTL")
    verdict_ttl: int = Field(63_072_000, ge=86_400, validation_alias="DINO_VERDICT_TTL")
    verdicts_kept: int = Field(10_000, ge=100, le=1_000_000, validation_alias="DINO_VERDICTS_KEPT")

    # Webhooks.
    webhook_allow_private: str = Field(
        "", validation_alias="DINO_WEBHOOK_ALLOW_PRIVATE", description="Names and networks, comma-separated."
    )
    webhook_secret_keys: SecretStr | None = Field(None, validation_alias="DINO_WEBHOOK_SECRET_KEYS")
    webhook_timeout: float = Field(10.0, gt=0, le=60, validation_alias="DINO_WEBHOOK_TIMEOUT")
    webhook_max_attempts: int = Field(10, ge=1, le=50, validation_alias="DINO_WEBHOOK_MAX_ATTEMPTS")
    webhook_first_retry: float = Field(5.0, gt=0, le=3600, validation_alias="DINO_WEBHOOK_FIRST_RETRY")
    webhook_disable_after: float = Field(432_000.0, gt=0, validation_alias="DINO_WEBHOOK_DISABLE_AFTER")
    webhook_delivery_ttl: int = Field(2_592_000, ge=60, validation_alias="DINO_WEBHOOK_DELIVERY_TTL")

    # Telemetry.
    otlp_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    log_format: Literal["json", "console"] = Field("json", validation_alias="DINO_LOG_FORMAT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="DINO_LOG_LEVEL")

    # How long a stopping process may finish the requests it holds, seconds.
    drain_seconds: float = Field(25.0, ge=0, validation_alias="DINO_DRAIN_SECONDS")
    max_concurrency: int = Field(256, ge=1, validation_alias="DINO_MAX_CONCURRENCY")

    @field_validator("face_detector", mode="before")
    @classmethod
    def _former_name(cls, value: object) -> object:
        # What switched a detector on when it was one to install.
        return "auto" if value == "mediapipe" else value

    @property
    def prefix(self) -> str:
        """Start of every bus subject: ``dino.<namespace>.<deployment>``."""
        return f"dino.{self.namespace}.{self.deployment}"

    @property
    def max_file_bytes(self) -> int:
        """Upload limit in bytes (1 MB = 1,048,576 bytes)."""
        return self.max_file_size_mb * 1024 * 1024

    @property
    def max_picture_bytes(self) -> int:
        """Largest picture that is read into memory, in bytes: as uploaded, or put by presigned URL at four a pixel."""
        return max(self.max_file_bytes, 4 * self.max_pixels)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the environment once; a wrong variable ends the process with its name and what is wrong with it."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        # Without the value: it may be a secret in the wrong place.
        raise SystemExit(f"the settings are wrong: {explain(error)}") from None
