"""Characters: making and changing them, and judging their pictures."""

from __future__ import annotations

import logging

from dino_analytics.characters.following import AssetFollower
from dino_analytics.characters.generation import GenerationHandlers
from dino_analytics.characters.handlers import CharacterHandlers
from dino_analytics.characters.profile import ProfileHandlers
from dino_analytics.characters.validation import ValidationHandlers
from dino_analytics.depth import Depth
from dino_analytics.generator.client import Generator
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.eyes import Eyes
from dino_analytics.parts import Group, Parts
from dino_common.errors import DinoError
from dino_common.look.people import PeopleWatch
from dino_common.stores.character_verdicts import VerdictStore
from dino_common.stores.characters import CharacterStore
from dino_common.stores.descriptions import DescriptionStore

log = logging.getLogger(__name__)


def group(parts: Parts) -> Group:
    """Return the handlers."""
    settings, characters = parts.settings, CharacterStore(parts.mongo)
    verdicts = VerdictStore(parts.mongo, settings.verdict_ttl, settings.verdicts_kept)
    follower = AssetFollower(characters, parts.assets)

    async def follow() -> None:
        await follower.start(parts.runtime.events)

    async def bound() -> None:
        try:
            await verdicts.bound()
        except DinoError as error:  # the next start does the rest; no judgement waits for it
            log.warning("verdicts of before are not all bounded in time yet: %s", error.message)

    parts.runtime.after_start += [follow, bound]
    parts.runtime.closers.append(follower.stop)
    crud = CharacterHandlers(characters, verdicts, parts.vectors, parts.in_force)
    validation = ValidationHandlers(characters, verdicts, parts.vectors, parts.in_force)
    quality = QualityHandlers(parts.vectors, parts.in_force, parts.pictures, parts.cache, parts.settings.similarity_ttl)
    generator = Generator.of(parts.settings)
    if generator is not None:
        parts.runtime.closers.append(generator.close)
    generation = GenerationHandlers(
        parts, characters, verdicts, validation, quality, Depth(parts.dense, parts.cache), generator
    )
    eyes = Eyes(parts.dense, PeopleWatch(parts.runtime.bus, parts.settings.face_detector))
    parts.runtime.closers.append(eyes.close)
    # Those of deleted contents are removed by the group of looks.
    descriptions = Descriptions(DescriptionStore(parts.mongo), parts.assets, eyes, parts.runtime.events)
    profiles = ProfileHandlers(characters, validation, parts.vectors, eyes, descriptions)
    return Group(
        {
            "create-character": crud.create,
            "list-characters": crud.list,
            "get-character": crud.get,
            "update-character": crud.update,
            "delete-character": crud.delete,
            "add-character-images": crud.add_images,
            "remove-character-image": crud.remove_image,
            "set-master-reference": crud.set_master,
            "get-character-profile": profiles.profile,
            "validate-character": validation.validate,
            "list-character-verdicts": validation.history,
        },
        {"generate-character-image": generation.generate},
    )
