"""What lies in NATS is taken back by who acts, of resources that are gone, and in the moment when both hold."""

from __future__ import annotations

from typing import Any

import pytest

from dino_operator.control.bus import ResourceBus
from dino_operator.control.resources import Resources
from dino_operator.control.strays import Strays

KEY = ("default", "demo")


class Leading:
    """The right to act, and what happens while it is confirmed."""

    mark = "l1"

    def __init__(self, confirmed: bool, meanwhile: Any = None) -> None:
        self._confirmed, self._meanwhile = confirmed, meanwhile

    def sure(self) -> bool:
        return True

    async def confirm(self) -> bool:
        if self._meanwhile is not None:
            self._meanwhile()
        return self._confirmed


class Link:
    """A NATS that bears one mark."""

    connected = True

    def __init__(self) -> None:
        self.forgotten: list[tuple[str, ...]] = []
        self.closed = False

    async def marked(self, mark: str) -> list[tuple[str, str]]:
        return [KEY]

    async def forget(self, *key: str) -> None:
        self.forgotten.append(key)

    async def close(self) -> None:
        self.closed = True


async def nothing(_: Any) -> None:
    return None


@pytest.mark.parametrize("confirmed", [True, False])
async def test_a_closed_bus_is_forgotten_by_who_is_confirmed(confirmed: bool) -> None:
    bus, link = ResourceBus(KEY, "nats://none", lambda _: None, Leading(confirmed), nothing), Link()
    bus._link = link  # pyright: ignore[reportAttributeAccessIssue]
    bus._away("not asked")
    await bus.close(forget=True)
    assert link.forgotten == ([()] if confirmed else [])
    assert link.closed


async def test_a_bus_that_another_operator_goes_on_with_is_not_forgotten() -> None:
    bus, link = ResourceBus(KEY, "nats://none", lambda _: None, Leading(True), nothing), Link()
    bus._link = link  # pyright: ignore[reportAttributeAccessIssue]
    await bus.close()
    assert not link.forgotten
    assert link.closed


@pytest.mark.parametrize("confirmed", [True, False])
async def test_strays_are_taken_back_by_who_is_confirmed(confirmed: bool) -> None:
    link = Link()
    await Strays(Resources(), (), Leading(confirmed)).sweep("nats://none", link)  # pyright: ignore[reportArgumentType]
    assert link.forgotten == ([KEY] if confirmed else [])


async def test_a_resource_that_is_made_while_we_ask_is_no_stray() -> None:
    resources, link = Resources(), Link()
    body = {"metadata": {"namespace": KEY[0], "name": KEY[1], "uid": "u", "resourceVersion": "1"}}
    leading = Leading(True, lambda: resources.put(body))
    await Strays(resources, (), leading).sweep("nats://none", link)  # pyright: ignore[reportArgumentType]
    assert not link.forgotten
