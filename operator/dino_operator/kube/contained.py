"""Whether what is wanted is what is there, however much the server and others added to it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_FACTORS = {
    suffix: Decimal(factor)
    for suffix, factor in {
        "n": "1e-9", "u": "1e-6", "m": "1e-3", "": "1", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15",
        "E": "1e18", "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
    }.items()
}  # fmt: skip
# Maps whose values are quantities, which the server writes in its own way.
_QUANTITIES = frozenset({"requests", "limits", "capacity", "hard"})
_QUANTITY = frozenset({"sizeLimit"})
# What tells the items of a list apart, where the API merges it item by item.
_NAMES = ("name", "type")


def contained(wanted: Any, live: Any, *, quantity: bool = False) -> bool:
    """Tell whether a live object says everything that is wanted of it.

    Fields beyond the wanted ones do not count: the server's defaults, and what others own. Empty and false values may
    be absent, as the server drops them. Of lists, the items must stand in the same order and be as many, but for
    those whose items have names: to these, others may add.

    Args:
        wanted: part of an object as rendered.
        live: the same part as the server has it.
        quantity: compare as quantities: ``1000m`` is ``1``.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return live is None and all(contained(value, None) for value in wanted.values())
        return all(
            contained(value, live.get(name), quantity=quantity or name in _QUANTITY)
            if name not in _QUANTITIES
            else _quantities(value, live.get(name))
            for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return _list(wanted, live)
    if live is None:
        return not wanted and not (isinstance(wanted, int) and not isinstance(wanted, bool))
    if wanted == live:
        # 1 is not True, and 1 is not 1.0 to the server.
        return isinstance(wanted, bool) == isinstance(live, bool)
    return quantity and _same_quantity(wanted, live)


def _quantities(wanted: Any, live: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return contained(wanted, live)
    return all(contained(value, (live or {}).get(name), quantity=True) for name, value in wanted.items())


def _list(wanted: list[Any], live: Any) -> bool:
    if not isinstance(live, list):
        return live is None and not wanted
    named = _named(wanted)
    if named is not None and len(named) == len(wanted):
        others = _named(live) or {}
        return all(name in others and contained(item, others[name]) for name, item in named.items())
    return len(wanted) == len(live) and all(map(contained, wanted, live))


def _named(items: list[Any]) -> dict[Any, Any] | None:
    for field in _NAMES:
        if items and all(isinstance(item, Mapping) and isinstance(item.get(field), str) for item in items):
            found = {item[field]: item for item in items}
            return found if len(found) == len(items) else None
    return None


def _same_quantity(one: Any, other: Any) -> bool:
    first, second = quantity(one), quantity(other)
    return first is not None and first == second


def quantity(value: Any) -> Decimal | None:
    """Return a quantity such as ``500m`` or ``2Gi`` as a number; None when it is none."""
    text = str(value).strip()
    digits = text.rstrip("numkKMGTPEi")
    try:
        return Decimal(digits) * _FACTORS[text[len(digits) :]]
    except (InvalidOperation, KeyError):
        return None
