"""Words of names, tags and sentences, in a form in which they can be compared."""

from __future__ import annotations

import re
import unicodedata

_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_]+")
# What says nothing of a picture, though every sentence has it.
_STOPPED = """a an and are as at be by for from has have in into is it its of on or that the their there these this
those to was were which while with image picture photo photograph video film showing"""
_STOP = frozenset(_STOPPED.split())
# What cameras and programs call files.
_CALLED = "img dsc dscn dscf pxl mvi mov vid gopr screenshot untitled copy final edit scan"
_SERIAL = frozenset(_CALLED.split())


def split_name(name: str) -> list[str]:
    """Return the words of a file's or field's name: ``redCar_v2.final`` gives ``red car v 2 final``."""
    return _WORD.findall(_BORDER.sub(" ", name))


def words_of(text: str) -> list[str]:
    """Return the comparable words of a text, each once, in order: folded case and accents, singular, no stop words."""
    found = (_stem(_fold(word)) for word in _WORD.findall(text))
    return list(dict.fromkeys(word for word in found if word and word not in _STOP))


def telling(words: list[str]) -> list[str]:
    """Return the words of a name without serial numbers and what cameras put before them."""
    return [word for word in words if not word.isdigit() and word.lower() not in _SERIAL and len(word) > 1]


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _stem(word: str) -> str:
    """English plurals only: what goes further joins words that mean different things."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
