"""Bad input gets a clear 4xx in the documents' envelope, and nothing is stored."""

from __future__ import annotations

import io
import struct
import uuid
import zlib

import httpx
import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.integration.main_path.photographs import encoded, jpeg, picture
from tests.integration.platform import Platform

from dino_common.contracts import ErrorCode

MB = 1024 * 1024


def png_header_bomb(side: int) -> bytes:
    """A whole PNG of side × side grey pixels that is small as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" * (1 + (side + 7) // 8)
    squeeze = zlib.compressobj(9)
    body = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def animated_gif() -> bytes:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


BAD_FILES = {
    "empty": (b"", 400, ErrorCode.INVALID_FILE_FORMAT),
    "51 MB": (jpeg("coffee") + b"\0" * (51 * MB), 413, ErrorCode.FILE_TOO_LARGE),
    "text named .jpg": (b"this is no picture\n" * 50, 400, ErrorCode.INVALID_FILE_FORMAT),
    "truncated JPEG": (jpeg("coffee")[:-4000], 400, ErrorCode.INVALID_FILE_FORMAT),
    "pixel bomb": (png_header_bomb(20_000), 413, ErrorCode.FILE_TOO_LARGE),
    "animated GIF": (animated_gif(), 400, ErrorCode.INVALID_FILE_FORMAT),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 400, ErrorCode.INVALID_FILE_FORMAT),
    "PNG with a broken checksum": (
        encoded(picture("coffee").resize((64, 64)), "PNG")[:60] + b"\0\0\0\0" + b"x" * 200,
        400,
        ErrorCode.INVALID_FILE_FORMAT,
    ),
}


@pytest.fixture
async def api(platform: Platform):
    async with platform.client() as client:
        yield client


async def count(api: httpx.AsyncClient) -> int:
    return (await api.get("/stats")).json()["library"]["assets"]


def refused(answer: httpx.Response, status: int, code: ErrorCode) -> dict:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["details"]
    assert error["timestamp"].endswith("Z")
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text
    return error


@pytest.mark.parametrize("case", BAD_FILES, ids=list(BAD_FILES))
async def test_bad_file_is_refused_and_not_stored(api: httpx.AsyncClient, case: str):
    data, status, code = BAD_FILES[case]
    before = await count(api)
    refused(await api.post("/upload-media", files={"file": ("picture.jpg", data)}), status, code)
    assert await count(api) == before


async def test_upload_without_a_file_is_refused(api: httpx.AsyncClient):
    refused(await api.post("/upload-media", data={"tags": "x"}), 422, ErrorCode.INVALID_REQUEST)
    refused(await api.post("/upload-media", json={"file": "x"}), 422, ErrorCode.INVALID_REQUEST)


async def accepted(api: httpx.AsyncClient, data: bytes, name: str) -> dict:
    answer = await api.post("/upload-media", files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def features(api: httpx.AsyncClient, asset_id: str) -> np.ndarray:
    answer = await api.post("/extract-features", json={"asset_id": asset_id})
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["features"])


async def test_cmyk_is_accepted_and_seen_in_its_true_colours(api: httpx.AsyncClient):
    plain = picture("chelsea")
    same = await accepted(api, encoded(plain.convert("CMYK"), "JPEG", quality=95), "print.jpg")
    original = await accepted(api, encoded(plain, "PNG"), "cat.png")
    assert (same["width"], same["height"]) == plain.size
    cosine = float(await features(api, same["asset_id"]) @ await features(api, original["asset_id"]))
    assert cosine > 0.95


async def test_sixteen_bit_is_accepted_and_seen_in_its_true_tones(api: httpx.AsyncClient):
    grey = np.asarray(picture("camera").convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    wide = await accepted(api, encoded(deep, "PNG"), "scan.png")
    plain = await accepted(api, encoded(Image.fromarray(grey), "PNG"), "scan8.png")
    cosine = float(await features(api, wide["asset_id"]) @ await features(api, plain["asset_id"]))
    assert cosine > 0.999


async def test_exif_orientation_is_applied(api: httpx.AsyncClient):
    image = picture("coffee")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = image.transpose(Image.Transpose.ROTATE_90)
    sideways = await accepted(api, encoded(turned, "JPEG", quality=95, exif=exif), "phone.jpg")
    upright = await accepted(api, encoded(image, "JPEG", quality=95), "upright.jpg")
    assert (sideways["width"], sideways["height"]) == image.size
    cosine = float(await features(api, sideways["asset_id"]) @ await features(api, upright["asset_id"]))
    assert cosine > 0.99


async def test_picture_with_a_profile_is_accepted(api: httpx.AsyncClient):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    await accepted(api, encoded(picture("rocket"), "JPEG", icc_profile=profile), "profiled.jpg")


MISSING = str(uuid.UUID(int=0))
BAD_REQUESTS = {
    "missing id": ("/extract-features", {"asset_id": MISSING}, 404, ErrorCode.ASSET_NOT_FOUND),
    "missing in a pair": (
        "/validate-consistency",
        {"asset_id_1": MISSING, "asset_id_2": MISSING},
        404,
        ErrorCode.ASSET_NOT_FOUND,
    ),
    "malformed id": ("/extract-features", {"asset_id": "../../etc"}, 422, ErrorCode.INVALID_REQUEST),
    "no body": ("/extract-features", None, 422, ErrorCode.INVALID_REQUEST),
    "no field": ("/analyze-quality", {}, 422, ErrorCode.INVALID_REQUEST),
    "wrong type": ("/find-best-match", {"reference_asset_id": 7, "candidate_asset_ids": "x"}, 422, "INVALID_REQUEST"),
    "unknown field": ("/extract-features", {"asset_id": MISSING, "colour": 1}, 422, ErrorCode.INVALID_REQUEST),
    "101 ids": (
        "/batch-similarity",
        {"asset_ids": [str(uuid.UUID(int=n)) for n in range(101)]},
        422,
        ErrorCode.INVALID_REQUEST,
    ),
    "101 candidates": (
        "/find-best-match",
        {"reference_asset_id": MISSING, "candidate_asset_ids": [str(uuid.UUID(int=n)) for n in range(101)]},
        422,
        ErrorCode.INVALID_REQUEST,
    ),
    "no candidates": (
        "/find-best-match",
        {"reference_asset_id": MISSING, "candidate_asset_ids": []},
        422,
        ErrorCode.INVALID_REQUEST,
    ),
    "threshold out of range": (
        "/validate-consistency",
        {"asset_id_1": MISSING, "asset_id_2": MISSING, "threshold": 101},
        422,
        ErrorCode.INVALID_REQUEST,
    ),
    "features of another width": (
        "/find-similar",
        {"features": [1.0, 2.0], "model_version": "other@1"},
        409,
        ErrorCode.CONFLICT,
    ),
}


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=list(BAD_REQUESTS))
async def test_bad_request_is_refused_with_its_reason(api: httpx.AsyncClient, case: str):
    path, body, status, code = BAD_REQUESTS[case]
    refused(await api.post(path, json=body), status, code)


async def test_wrong_field_is_named(api: httpx.AsyncClient):
    answer = await api.post("/extract-features", json={"asset_id": MISSING, "colour": 1})
    assert "colour" in refused(answer, 422, ErrorCode.INVALID_REQUEST)["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1,2]", b'{"asset_id": NaN}', b'"x"', b"null"])
async def test_body_that_is_no_json_object_is_refused(api: httpx.AsyncClient, body: bytes):
    answer = await api.post("/extract-features", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 422, ErrorCode.INVALID_REQUEST)


async def test_unknown_path_and_method_are_told_apart(api: httpx.AsyncClient):
    refused(await api.get("/no-such-thing"), 404, ErrorCode.NOT_FOUND)
    answer = await api.get("/extract-features")
    refused(answer, 405, ErrorCode.METHOD_NOT_ALLOWED)
    assert "POST" in answer.headers["Allow"]


async def test_unknown_query_parameter_is_refused(api: httpx.AsyncClient):
    error = refused(await api.get("/assets", params={"colour": "red"}), 422, ErrorCode.INVALID_REQUEST)
    assert "colour" in error["message"]


@pytest.mark.parametrize("cursor", ["zzz", "e30", "%00", "a" * 200])
async def test_foreign_cursor_is_refused(api: httpx.AsyncClient, cursor: str):
    refused(await api.get("/assets", params={"cursor": cursor}), 422, ErrorCode.INVALID_REQUEST)
