from __future__ import annotations

import socket

import pytest

from dino_local.ports import GRPC_OFFSET, HIGHEST, LOWEST, PortPicker, is_free


@pytest.fixture
def taken() -> int:
    """A port that something listens on for as long as the test runs."""
    server = socket.create_server(("127.0.0.1", 0))
    yield server.getsockname()[1]
    server.close()


def test_a_port_with_a_listener_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_usual_port_is_kept_when_free() -> None:
    usual = PortPicker(prefer_usual=False).pick("any", 0)
    ports = PortPicker()
    assert ports.pick("nats", usual) == usual
    assert ports.moved == []


def test_taken_port_moves_and_is_reported(taken: int) -> None:
    ports = PortPicker()
    chosen = ports.pick("nats", taken)
    assert chosen != taken
    assert LOWEST <= chosen <= HIGHEST
    assert ports.moved == [("nats", taken, chosen)]


def test_no_port_is_given_twice() -> None:
    ports = PortPicker(prefer_usual=False)
    usual = ports.pick("first", 0)
    assert PortPicker(prefer_usual=True, _given={usual}).pick("second", usual) != usual
    numbers = [port for _ in range(50) for port in ports.pick_with_grpc("part", 0)]
    assert len(set(numbers)) == len(numbers)


def test_pairs_lie_the_fixed_offset_apart() -> None:
    http, grpc = PortPicker(prefer_usual=False).pick_with_grpc("master", 0)
    assert grpc == http + GRPC_OFFSET
