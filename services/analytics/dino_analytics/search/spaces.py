"""The spaces that a query is looked for in, and what the answer says of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from dino_analytics.core.search.blend import Curve
from dino_analytics.search.image_text_library import ImageTextLibrary
from dino_analytics.search.ranking import Space
from dino_analytics.search.text_library import TextLibrary
from dino_common.bus.context import Context
from dino_common.contracts.semantic import SearchSource, SourceName
from dino_common.errors import DinoError, ModelNotLoaded

# Of all-MiniLM-L6-v2; see docs/search.md.
TEXT_CURVE = Curve(midpoint=0.35, width=0.06)
_NOTHING = "no asset is indexed yet"


@dataclass(slots=True)
class Spaces:
    """Those that can be asked now, all sources as the answer names them, and what kept others from being asked."""

    usable: list[Space] = field(default_factory=list)
    sources: list[SearchSource] = field(default_factory=list)
    errors: list[DinoError] = field(default_factory=list)


async def spaces_of(query: str, context: Context, texts: TextLibrary, pictures: ImageTextLibrary) -> Spaces:
    """Return the spaces for a query; one that cannot be asked now is named with the reason.

    Raises:
        IndexFault: an index does not answer.
    """
    spaces = Spaces()
    await _add_texts(spaces, query, context, texts)
    await _add_pictures(spaces, query, context, pictures)
    return spaces


async def _add_texts(spaces: Spaces, query: str, context: Context, texts: TextLibrary) -> None:
    both: tuple[SourceName, ...] = ("text", "words")
    entry = texts.entry
    try:
        if entry is None:
            if texts.fault is not None:
                raise ModelNotLoaded(texts.fault, retry_after=5)
            spaces.sources += [SearchSource(source=name, state="waiting", detail=_NOTHING) for name in both]
            return
        vectors = await texts.texts.embed([query], context)
        if vectors.model_version != entry.model_version:
            entry.stale = True
            raise ModelNotLoaded(f"The texts are embedded anew by {vectors.model_version}", retry_after=10)
    except DinoError as error:
        spaces.errors.append(error)
        spaces.sources += [SearchSource(source=name, state="waiting", detail=error.message) for name in both]
        return
    spaces.usable.append(Space("text", entry.index, vectors.rows[0], TEXT_CURVE))
    indexed = await entry.index.count()
    for name in both:
        version = entry.model_version if name == "text" else None
        spaces.sources.append(
            SearchSource(source=name, state="used", model_version=version, indexed=indexed, complete=texts.complete)
        )


async def _add_pictures(spaces: Spaces, query: str, context: Context, pictures: ImageTextLibrary) -> None:
    if pictures.off:
        detail = "no model shares a space of pictures and texts (DINO_IMAGE_TEXT_MODEL is off): ranked by words alone"
        spaces.sources.append(SearchSource(source="image_text", state="off", detail=detail))
        return
    try:
        found = await pictures.query(query, context)
    except DinoError as error:
        spaces.errors.append(error)
        spaces.sources.append(SearchSource(source="image_text", state="waiting", detail=error.message))
        return
    if found is None:
        spaces.sources.append(SearchSource(source="image_text", state="waiting", detail=_NOTHING))
        return
    entry, vector = found
    spaces.usable.append(Space("image_text", entry.index, vector, entry.curve))
    spaces.sources.append(
        SearchSource(
            source="image_text",
            state="used",
            model_version=entry.space.model_version,
            indexed=await entry.index.count(),
            complete=pictures.complete,
        )
    )
