"""mosec with our model: raw JPEG in the body; decoding and forward as two stages, or both in each of several workers.

    BENCH_MOSEC='{"decoders": 1, "workers": 1, "threads": 0, "batch": 8, "wait_ms": 1}' \
        python -m benchmarks.serving.mosec_app --address 127.0.0.1 --port PORT --timeout 120000

``decoders`` 0 means one stage.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import orjson
from benchmarks.serving.model import load_model
from mosec import Server, Worker

from dino_inference.core.preprocess import preprocess

OPTIONS = json.loads(os.environ["BENCH_MOSEC"])


class Raw(Worker):
    """A worker that gets the body as it is."""

    def deserialize(self, data: bytes) -> bytes:
        """Leave the JPEG."""
        return data


class Decode(Raw):
    """First stage: from JPEG to pixels."""

    def __init__(self) -> None:
        """Take the card's preprocessing; this process needs no weights."""
        super().__init__()
        from benchmarks.serving.model import MODELS

        from dino_common.imaging import ImageLimits
        from dino_inference.card_store import find_card
        from dino_inference.locate import locate

        self._spec = find_card(locate("", MODELS), MODELS, None).image
        self._limits = ImageLimits()

    def forward(self, data: bytes) -> np.ndarray:
        """Decode one picture."""
        return preprocess(data, self._spec, self._limits)


class Embed(Worker):
    """Last stage of two: from pixels to features."""

    def __init__(self) -> None:
        """Load the model."""
        super().__init__()
        self.model = load_model(OPTIONS["threads"])
        self.model.embed(self.model.golden_pixels()[None])

    def forward(self, data: Any) -> Any:
        """Embed a batch, or one picture when batching is off."""
        if isinstance(data, list):
            return list(self.model.embed(np.stack(data)).features)
        return self.model.embed(data[None]).features[0]

    def serialize(self, data: np.ndarray) -> bytes:
        """As JSON, by orjson: mosec's own is several times slower."""
        return orjson.dumps({"features": data}, option=orjson.OPT_SERIALIZE_NUMPY)


class DecodeAndEmbed(Embed):
    """The only stage."""

    def deserialize(self, data: bytes) -> bytes:
        """Leave the JPEG."""
        return data

    def forward(self, data: Any) -> Any:
        """Decode and embed."""
        if isinstance(data, list):
            return super().forward([self.model.preprocess(one) for one in data])
        return super().forward(self.model.preprocess(data))


def main() -> None:
    """Serve."""
    server = Server()
    batching = {"max_batch_size": OPTIONS["batch"], "max_wait_time": OPTIONS["wait_ms"]}
    if OPTIONS["decoders"]:
        server.append_worker(Decode, num=OPTIONS["decoders"])
        server.append_worker(Embed, num=OPTIONS["workers"], **batching)
    else:
        server.append_worker(DecodeAndEmbed, num=OPTIONS["workers"], **batching)
    server.run()


if __name__ == "__main__":
    main()
