"""``spec.model``: which visual model serves, and where its weights come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Duration, Name, Part, Quantity, Rule, SecretKey, part


class S3Source(Part):
    """A prefix of a bucket that holds the model in transformers form."""

    bucket: str = Field(min_length=3, max_length=63, description="Bucket of the weights.")
    prefix: str | None = Field(None, max_length=512, description="Prefix in the bucket. Not set: model.name.")
    secret_name: Name | None = Field(
        None,
        description="Secret with the object store's keys, named as in connections.objectStorage. Not set: that "
        "connection's own.",
    )


class HuggingFaceSource(Part):
    """A repository of the Hugging Face hub."""

    repository: str | None = Field(
        None, max_length=200, description="Repository, owner/name. Not set: model.name. model.version is its revision."
    )
    token_secret_name: Name | None = Field(None, description="Secret with the access token, for gated repositories.")
    token_secret_key: SecretKey = Field("HF_TOKEN", description="Key of that Secret.")


class PvcSource(Part):
    """A directory of an existing volume; it is mounted read-only."""

    claim_name: Name = Field(description="PersistentVolumeClaim in this namespace.")
    path: str | None = Field(None, max_length=512, description="Directory on the volume. Not set: model.name.")


class ImageSource(Part):
    """A directory of the inference image itself."""

    path: str | None = Field(
        None, max_length=512, description="Absolute directory in the image. Not set: /data/models/<model.name>."
    )


class ModelSource(Part):
    """Where weights come from; at most one of these."""

    rules = (
        Rule(
            "[has(self.s3), has(self.huggingFace), has(self.pvc), has(self.image)].filter(x, x).size() == 1",
            "model.source takes exactly one of s3, huggingFace, pvc and image: keep one",
            lambda s: sum(x is not None for x in (s.s3, s.hugging_face, s.pvc, s.image)) == 1,
        ),
    )
    s3: S3Source | None = Field(None, description="From a bucket.")
    hugging_face: HuggingFaceSource | None = Field(None, description="From the Hugging Face hub.")
    pvc: PvcSource | None = Field(None, description="From a volume that you filled.")
    image: ImageSource | None = Field(None, description="From the inference image.")


class ModelCache(Part):
    """Where fetched weights are kept, so that they are fetched once per node or volume and not once per pod."""

    rules = (
        Rule(
            "!has(self.claimName) || self.type == 'volume'",
            "model.cache.claimName is for type: volume; set the type or drop the claim",
            lambda c: c.claim_name is None or c.type == "volume",
        ),
        Rule(
            "self.type != 'volume' || has(self.claimName) || has(self.size)",
            "model.cache.type volume needs claimName of a claim you made, or size for one that is made",
            lambda c: c.type != "volume" or c.claim_name is not None or c.size is not None,
        ),
        Rule(
            "self.type != 'volume' || oldSelf.type != 'volume' || has(self.claimName) || "
            "(has(self.storageClass) == has(oldSelf.storageClass) && "
            "(!has(self.storageClass) || self.storageClass == oldSelf.storageClass))",
            "model.cache.storageClass cannot change, as that of a claim cannot: name a claim of your own in claimName",
        ),
    )
    type: Literal["auto", "node", "volume", "pod"] = Field(
        "auto",
        description="node: a directory of the node (hostPath; the namespace must allow it); volume: a claim shared by "
        "the pods; pod: fetched by every pod; auto: node for s3 and huggingFace, pod where nothing is fetched.",
    )
    node_path: str = Field(
        "/var/lib/dino/models",
        pattern=r"^/[A-Za-z0-9/._-]+$",
        max_length=256,
        description="Directory of the node; a deployment uses <namespace>/<name> in it.",
    )
    claim_name: Name | None = Field(None, description="Existing claim; ReadWriteMany when pods run on several nodes.")
    size: Quantity | None = Field(None, description="Size of the claim that is made.")
    storage_class: Name | None = Field(None, description="Its storage class. Cannot change.")


class Model(Part):
    """The visual model. Nothing set: the built-in model of the inference image."""

    rules = (
        Rule(
            "!has(self.source) || has(self.name)",
            "model.source needs model.name: name the model, such as dinov3-vits16-pretrain-lvd1689m",
            lambda m: m.source is None or m.name is not None,
            ".name",
        ),
        Rule(
            "!has(self.name) || has(self.source)",
            "model.name needs model.source: say where the weights come from (s3, huggingFace, pvc or image)",
            lambda m: m.name is None or m.source is not None,
            ".source",
        ),
        Rule(
            "!has(self.sha256) || has(self.source)",
            "model.sha256 is of the weights of model.source; the built-in model has its own. Drop it or set a source",
            lambda m: m.sha256 is None or m.source is not None,
            ".sha256",
        ),
    )
    name: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")] | None = Field(
        None, description="Name of the model, such as facebook/dinov3-vits16-pretrain-lvd1689m."
    )
    version: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = Field(
        None, description="Version or revision of the weights. A change of it is a migration."
    )
    source: ModelSource | None = Field(None, description="Where the weights come from.")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None,
        description="SHA-256 of model.safetensors (of several shards: of their hexadecimal hashes, in name order). "
        "Weights with another one are refused.",
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="Precision of the forward pass. Features are float32 in any case."
    )
    image_size: Annotated[int, Field(ge=16, le=4096)] | None = Field(
        None,
        description="Side of the model's input in pixels. Features depend on it, so weights whose processor says "
        "otherwise are refused. Not set: as the model says.",
    )
    keep_previous: Duration = Field("24h", description="How long the version before is kept for a return, such as 24h.")
    cache: ModelCache = part(ModelCache, "Where fetched weights are kept.")
