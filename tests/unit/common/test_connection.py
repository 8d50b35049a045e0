"""Where NATS is, as people may read it."""

from __future__ import annotations

import pytest

from dino_common.bus.connection import Connection
from dino_common.errors import ServiceUnavailable
from dino_common.settings import Settings


@pytest.mark.parametrize("sign", ["/", "#", "?"])
async def test_an_address_that_cannot_be_read_tells_nothing_of_its_password(sign: str) -> None:
    settings = Settings.model_construct(
        nats_url=f"nats://dino:Secret{sign}Words@127.0.0.1:4222", namespace="a", deployment="b", instance="c"
    )
    with pytest.raises(ServiceUnavailable, match="an address that cannot be read") as raised:
        await Connection(settings, "test").open(0)
    assert "Secret" not in raised.value.message + raised.value.details
    assert "Words" not in raised.value.message + raised.value.details
