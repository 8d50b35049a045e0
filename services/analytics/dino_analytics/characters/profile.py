"""Handler of a character's profile."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from dino_analytics.characters.validation import ValidationHandlers, master_reference
from dino_analytics.core.fingerprint import Fingerprint, Vote, fingerprint, majority
from dino_analytics.core.similarity import cosine_similarity, similarity_score
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.eyes import Eyes
from dino_analytics.vectors import Embedded, VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.character_profile import CharacterProfile, Spread
from dino_common.contracts.characters import CharacterRequest
from dino_common.contracts.look import LookLabel, VisualFields
from dino_common.errors import DinoError
from dino_common.stores.characters import CharacterRecord, CharacterStore

_DESCRIBED = 9
_COLOURS = 4


class ProfileHandlers:
    """The visual fingerprint of a character."""

    def __init__(
        self,
        characters: CharacterStore,
        validation: ValidationHandlers,
        vectors: VectorSource,
        eyes: Eyes,
        descriptions: Descriptions,
    ) -> None:
        """Use these."""
        self._characters, self._validation, self._vectors = characters, validation, vectors
        self._eyes, self._descriptions = eyes, descriptions

    async def profile(self, context: Context, request: CharacterRequest) -> CharacterProfile:
        """Answer ``GET /characters/{id}/profile``."""
        began = time.perf_counter()
        record = await self._characters.get(request.character_id)
        master = master_reference(record)
        model, (reference,) = await self._vectors.all_of([master], context)
        others = [image.asset_id for image in record.images if image.asset_id != master]
        _, found = await self._vectors.each_of(others, context, model)
        threshold = self._validation.threshold(record, model, None, None)
        gallery = [one for one in found if isinstance(one, Embedded)]
        if any(isinstance(one, DinoError) and one.passing for one in found):
            raise next(one for one in found if isinstance(one, DinoError) and one.passing)
        passing = [one for one in gallery if _score(reference, one) >= threshold.value]
        members = [reference, *passing]
        print_ = fingerprint(np.stack([one.vector for one in members]))
        described = await self._described(members, context)
        fields, text = described[0]
        angle = majority([(f.camera_angle.value, f.camera_angle.confidence) for f, _ in described])
        pose = majority([(f.pose.value, f.pose.confidence) for f, _ in described])
        scale = majority([(f.shot_scale.value, f.shot_scale.confidence) for f, _ in described])
        shot_types = Counter(image.shot_type for image in record.images if image.shot_type)
        return CharacterProfile(
            character_id=record.character_id,
            characterName=record.name,
            masterReferenceAssetId=master,
            features=print_.vector,
            dimension=len(print_.vector),
            spread=_spread(print_, members, len(gallery) - len(passing)),
            palette=fields.palette,
            colors=fields.colors,
            lighting=fields.lighting,
            default_pose=_label(pose, fields.pose),
            default_angle=_label(angle, fields.camera_angle),
            default_shot_scale=_label(scale, fields.shot_scale),
            described_pictures=len(described),
            shot_types=dict(shot_types),
            master_text=text,
            summary=_summary(record, fields, angle, scale, len(members), len(gallery) - len(passing)),
            threshold=threshold.value,
            threshold_source=threshold.source,
            consistency=round(len(passing) / len(gallery), 4) if gallery else 1.0,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _described(self, members: list[Embedded], context: Context) -> list[tuple[VisualFields, str]]:
        model, looked = await self._eyes.look([one.asset_id for one in members[:_DESCRIBED]], context)
        found = [await self._descriptions.of(one, model.version, context) for one in looked]
        return [(fields, text) for fields, text, _ in found]


def _score(reference: Embedded, other: Embedded) -> float:
    return similarity_score(cosine_similarity(reference.vector, other.vector))


def _spread(found: Fingerprint, members: list[Embedded], left_out: int) -> Spread:
    scores = [similarity_score(float(cosine)) for cosine in found.cosines]
    return Spread(
        pictures=len(members),
        left_out=left_out,
        mean=round(float(np.mean(scores)), 1),
        lowest=min(scores),
        lowest_asset_id=members[found.least_typical].asset_id,
    )


def _label(vote: Vote, of_master: LookLabel) -> LookLabel:
    if vote.word == "unknown":
        return LookLabel(value="unknown", confidence=0.0, reason=of_master.reason or "no_picture_tells")
    return LookLabel(value=vote.word, confidence=round(vote.confidence, 4))


def _summary(
    record: CharacterRecord, fields: VisualFields, angle: Vote, scale: Vote, pictures: int, left_out: int
) -> str:
    said = [f"{record.name}{f': {record.description}' if record.description else ''}".rstrip(".") + "."]
    colours = ", ".join(f"{c.name} ({round(100 * c.share)} %)" for c in fields.palette[:_COLOURS])
    said.append(f"Colours: {colours}.")
    light = [
        label.value.replace("_", " ") + suffix
        for label, suffix in (
            (fields.lighting.key, ""),
            (fields.lighting.contrast, " contrast"),
            (fields.lighting.temperature, " light"),
        )
        if label.value != "unknown"
    ]
    if fields.lighting.direction.value != "unknown":
        light.append(f"brighter from the {fields.lighting.direction.value}")
    if light:
        said.append(f"Light: {', '.join(light)}.")
    usual = [vote.word.replace("_", " ") for vote in (scale, angle) if vote.word != "unknown"]
    if usual:
        said.append(f"Usually shown {' at '.join(usual) if len(usual) == 2 else usual[0]}.")
    out = f"; {left_out} of the gallery do not pass for it" if left_out else ""
    said.append(f"Fingerprint of {pictures} {'picture' if pictures == 1 else 'pictures'}{out}.")
    return " ".join(said)
