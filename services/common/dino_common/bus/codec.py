"""Messages as msgpack; NumPy arrays travel as one buffer of little-endian values with dtype and shape."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgpack
import numpy as np
from pydantic import BaseModel

_ARRAY = 1
_DTYPES = frozenset("?bBhHiIlLqQefd")


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        if array.dtype.char not in _DTYPES:
            raise TypeError(f"arrays of {array.dtype} do not travel")
        if array.dtype.byteorder == ">":
            array = array.astype(array.dtype.newbyteorder("<"))
        head = msgpack.packb((array.dtype.str.lstrip("<>|="), value.shape))
        return msgpack.ExtType(_ARRAY, bytes((len(head),)) + head + array.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, UUID | Enum):
        return str(value)
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} does not travel on the bus")


def _ext(code: int, data: bytes) -> Any:
    if code != _ARRAY:
        return msgpack.ExtType(code, data)
    size = data[0]
    dtype, shape = msgpack.unpackb(data[1 : 1 + size])
    return np.frombuffer(data, dtype=np.dtype(dtype).newbyteorder("<"), offset=1 + size).reshape(shape)


def pack(value: Any) -> bytes:
    """Encode plain values, models, datetimes and NumPy arrays (any shape, numeric dtypes)."""
    return msgpack.packb(value, default=_default, use_bin_type=True)


def unpack(data: bytes) -> Any:
    """Decode what ``pack`` wrote; arrays come back as read-only views of the message.

    Raises:
        ValueError: the bytes are no such message.
    """
    try:
        return msgpack.unpackb(data, ext_hook=_ext, raw=False, strict_map_key=False)
    except (msgpack.exceptions.UnpackException, msgpack.exceptions.ExtraData, TypeError, IndexError) as error:
        raise ValueError(f"not a message of this bus: {error}") from error
