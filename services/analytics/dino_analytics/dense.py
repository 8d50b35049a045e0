"""Pictures with the features of their patches: decoded here, embedded by inference, kept for a short while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from dino_analytics.pictures import Pictures
from dino_analytics.serving import ServingModel, ServingWatch
from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.errors import AssetNotFound, Conflict
from dino_common.stores.assets import AssetRecord, AssetStore

SHOWN_SIDE = 512
"""Pixels of the longer side of the picture as it is kept."""
_SENT_SIDE = 256  # what is stretched to the model's input there; built-in models take 224
_AT_ONCE = 8  # pictures of one request, so that patch tokens of a wide model fit an answer
_KEPT_BYTES = 192 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture and its features; the patch grid covers the whole of it.

    Attributes:
        record: the asset.
        picture: uint8 (height, width, 3), upright, its longer side at most ``SHOWN_SIDE``; read-only.
        vector: float32 (dimension,), L2-normalised, of the stretched picture: close to the asset's stored features,
            which may be of its centre alone, but not the same.
        patches: float32 (rows, columns, dimension), each of length 1; read-only.
    """

    record: AssetRecord
    picture: np.ndarray
    vector: np.ndarray
    patches: np.ndarray


class Dense:
    """Looks at assets patch by patch, by the model that serves."""

    def __init__(self, bus: BusClient, assets: AssetStore, pictures: Pictures, serving: ServingWatch) -> None:
        """Use these."""
        self._bus, self._assets, self._pictures, self._serving = bus, assets, pictures, serving
        self._kept: OrderedDict[tuple[str, str], tuple[np.ndarray, np.ndarray, np.ndarray]] = OrderedDict()
        self._bytes = 0

    async def look(self, asset_ids: Sequence[str], context: Context) -> tuple[ServingModel, list[Looked]]:
        """Return the pictures in order, and the model whose features they have.

        Memory is that of the answer: ask for a few dozen at a time.

        Raises:
            AssetNotFound: names every missing asset.
            InvalidFileFormat: one is a film.
            DinoError: of the object store or of inference.
        """
        model = self._serving.current()
        wanted = list(dict.fromkeys(asset_ids))
        records = await self._assets.get_many(wanted)
        if missing := [asset_id for asset_id in wanted if asset_id not in records]:
            raise AssetNotFound(f"Asset {', '.join(missing)} not found")
        contents = {record.sha256: record for record in records.values()}
        found = {sha256: kept for sha256 in contents if (kept := self._recall(sha256, model.version)) is not None}
        new = [record for sha256, record in contents.items() if sha256 not in found]
        for start in range(0, len(new), _AT_ONCE):
            chunk = new[start : start + _AT_ONCE]
            for record, looked in zip(chunk, await self._embed(chunk, model, context), strict=True):
                found[record.sha256] = looked
                self._keep((record.sha256, model.version), looked)
        return model, [Looked(records[a], *found[records[a].sha256]) for a in asset_ids]

    async def embed(
        self, pictures: Sequence[np.ndarray], context: Context, model: ServingModel | None = None
    ) -> tuple[ServingModel, np.ndarray, np.ndarray]:
        """Return features of pictures that are no assets, such as crops.

        Args:
            pictures: uint8 (height, width, 3) of any sizes, at least one.
            context: of the request.
            model: whose features; left out, those of the model that serves.

        Returns:
            The model, vectors float32 (n, dimension) of length 1, patches float32 (n, rows, columns, dimension) of
            length 1; the grid covers the whole of each picture.

        Raises:
            Conflict: the model changed in between.
            DinoError: of inference.
        """
        model = model or self._serving.current()
        vectors, patches = [], []
        for start in range(0, len(pictures), _AT_ONCE):
            pixels = np.stack([_stretched(picture) for picture in pictures[start : start + _AT_ONCE]])
            answer = await self._bus.call(
                OPERATIONS["embed-pixels"], {"pixels": pixels, "patches": True}, context, model=model.key
            )
            if answer["model_version"] != model.version:
                raise Conflict(
                    f"The model changed from {model.version} to {answer['model_version']} during the request",
                    details="Vectors of two versions are never compared; repeat the request.",
                    retry_after=3,
                )
            vectors.append(answer["vectors"])
            patches.append(unit_patches(answer["patches"]))
        return model, np.concatenate(vectors), np.concatenate(patches)

    async def _embed(
        self, records: list[AssetRecord], model: ServingModel, context: Context
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        shown = await asyncio.gather(*(self._pictures.work(record, _shown, at_least=SHOWN_SIDE) for record in records))
        _, vectors, patches = await self.embed(shown, context, model)
        # Copies, so that one kept picture does not keep those of its whole batch.
        return [(shown[i], vectors[i].copy(), patches[i].copy()) for i in range(len(records))]

    def _recall(self, sha256: str, version: str) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        kept = self._kept.get((sha256, version))
        if kept is not None:
            self._kept.move_to_end((sha256, version))
        return kept

    def _keep(self, key: tuple[str, str], looked: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        for array in looked:
            array.flags.writeable = False
        if key not in self._kept:
            self._bytes += sum(array.nbytes for array in looked)
        self._kept[key] = looked
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= sum(array.nbytes for array in oldest)


def unit_patches(patches: np.ndarray) -> np.ndarray:
    """Return patch tokens (…, dimension) as float32 of length 1; a token of zeros stays zeros."""
    tokens = patches.astype(np.float32)
    norms = np.linalg.norm(tokens, axis=-1, keepdims=True)
    return tokens / np.maximum(norms, 1e-12)


def _shown(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    longer = max(height, width)
    if longer <= SHOWN_SIDE:
        return np.array(pixels)
    size = (max(1, round(width * SHOWN_SIDE / longer)), max(1, round(height * SHOWN_SIDE / longer)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _stretched(picture: np.ndarray) -> np.ndarray:
    shrinks = min(picture.shape[:2]) >= _SENT_SIDE
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(picture), (_SENT_SIDE, _SENT_SIDE), interpolation=how)
