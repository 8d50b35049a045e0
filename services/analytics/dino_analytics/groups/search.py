"""Search over the library and over its model versions."""

from __future__ import annotations

from dino_analytics.handlers.recommend import RecommendHandlers
from dino_analytics.handlers.search import SearchHandlers
from dino_analytics.handlers.semantic import SemanticHandlers
from dino_analytics.handlers.versions import VersionHandlers
from dino_analytics.parts import Group, Parts
from dino_analytics.search.image_text_library import ImageTextLibrary
from dino_analytics.search.knowledge import Knowledge
from dino_analytics.search.text_library import TextLibrary
from dino_analytics.search.texts import Texts
from dino_common.stores.descriptions import DescriptionStore
from dino_common.stores.shot_words import ShotWordsStore


def group(parts: Parts) -> Group:
    """Return the handlers; its indexes of words and pictures follow the library from the start."""
    runtime, shots = parts.runtime, ShotWordsStore(parts.mongo)
    knowledge = Knowledge(parts.assets, shots, DescriptionStore(parts.mongo))
    texts = TextLibrary(parts.settings, parts.assets, shots, knowledge, Texts(runtime.bus))
    pictures = ImageTextLibrary(parts.settings, parts.assets, parts.features, runtime.bus)

    async def follow() -> None:
        await texts.start(runtime.events)
        await pictures.start(runtime.events)

    runtime.after_start.append(follow)
    runtime.closers += [texts.stop, pictures.stop]
    search = SearchHandlers(parts.vectors, parts.library, parts.in_force)
    semantic = SemanticHandlers(parts.assets, texts, pictures)
    versions = VersionHandlers(runtime.bus, parts.vectors, parts.assets)
    return Group(
        {
            "find-similar": search.find_similar,
            "semantic-search": semantic.search,
            "recommend": RecommendHandlers(parts.vectors, parts.library).recommend,
            "compare-versions": versions.compare,
        }
    )
