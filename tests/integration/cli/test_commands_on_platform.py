"""The command line, as its own process, against the real platform."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data as photographs
from tests.integration.conftest import StartPlatform
from tests.integration.platform import Platform, Servers, clean_environment


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)


async def dino(platform: Platform, *arguments: str, **environment: str) -> Ended:
    """Run ``dino`` with the platform's addresses and return what it printed."""
    given = {"DINO_SERVICE_URL": platform.origin, "MONGODB_URL": platform.endpoints.mongodb_url}
    return await run_command(*arguments, **(given | environment))


async def run_command(*arguments: str, **environment: str) -> Ended:
    """Run ``dino`` with an environment free of the developer's settings."""
    given = clean_environment() | {"COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dino_cli.app",
        *arguments,
        env=given | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(process.communicate(), 120)
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cat, the same cat re-encoded, a rocket, and the cat out of focus."""
    folder = tmp_path_factory.mktemp("pictures")
    cat = Image.fromarray(np.asarray(photographs.chelsea()))
    cat.save(folder / "cat.png")
    cat.save(folder / "cat-again.jpg", quality=80)
    cat.filter(ImageFilter.GaussianBlur(6)).save(folder / "cat-blurred.png")
    Image.fromarray(np.asarray(photographs.rocket())).save(folder / "rocket.png")
    return folder


async def test_upload_compare_quality_and_similar(platform: Platform, pictures: Path) -> None:
    tag = f"cli-{os.getpid()}"
    sent = (await dino(platform, "upload", str(pictures), "--tag", tag, "-m", "scene=12", "--wait", "--json")).json
    assert (sent["uploaded"], sent["failed"]) == (4, 0)
    ids = {Path(item["path"]).name: item["uploaded"]["asset_id"] for item in sent["items"]}
    assert all(item["features"]["dimension"] > 0 for item in sent["items"])

    again = (await dino(platform, "upload", str(pictures / "cat.png"), "--json")).json
    first = next(i["uploaded"] for i in sent["items"] if i["path"].endswith("cat.png"))
    # Another test may have uploaded the same bytes before.
    assert again["items"][0]["uploaded"]["duplicate_of"] == (first["duplicate_of"] or first["asset_id"])

    same = (await dino(platform, "compare", ids["cat.png"], str(pictures / "cat-again.jpg"), "--json")).json
    other = (await dino(platform, "compare", ids["cat.png"], str(pictures / "rocket.png"), "--json")).json
    assert same["same_character"] is True
    assert other["same_character"] is False
    shown = await dino(platform, "compare", ids["cat.png"], ids["rocket.png"], "--threshold", "0")
    assert "the same" in shown.stdout
    assert "given with the request" in shown.stdout

    judged = (await dino(platform, "quality", ids["cat.png"], ids["cat-blurred.png"], "--json")).json["items"]
    assert judged[0]["quality_score"] > judged[1]["quality_score"]

    found = await wait_until_indexed(platform, ids["cat.png"], tag, expected=3)
    assert found["items"][0]["asset_id"] in (ids["cat-again.jpg"], ids["cat-blurred.png"])
    assert found["items"][-1]["asset_id"] == ids["rocket.png"]

    listed = (await dino(platform, "assets", "list", "--tag", tag, "--json")).json["items"]
    assert {asset["asset_id"] for asset in listed} == set(ids.values())
    assert listed[0]["metadata"] == {"scene": 12}
    assert (await dino(platform, "assets", "delete", "--yes", *ids.values())).code == 0
    gone = await dino(platform, "assets", "show", ids["cat.png"], "--json")
    assert gone.code == 1
    assert json.loads(gone.stdout)["error"]["code"] == "ASSET_NOT_FOUND"


async def wait_until_indexed(platform: Platform, asset_id: str, tag: str, expected: int) -> Any:
    """Ask until the library's index, which follows uploads by events, holds what was uploaded."""
    async with asyncio.timeout(60):
        while True:
            found = (await dino(platform, "similar", asset_id, "--tag", tag, "--json")).json
            if len(found["items"]) >= expected:
                return found


async def test_health_config_models_and_jobs_answer(platform: Platform) -> None:
    assert (await dino(platform, "health", "--json")).json["status"] == "healthy"
    assert (await dino(platform, "models", "show", "--json")).json["items"][0]["serving"] is True
    assert "items" in (await dino(platform, "jobs", "list", "--json")).json
    before = (await dino(platform, "config", "get", "--json")).json["quality_threshold"]
    changed = (await dino(platform, "config", "set", "quality", "61", "--json")).json
    assert (changed["previous_threshold"], changed["threshold"]) == (before, 61)
    assert (await dino(platform, "config", "set", "quality", "default", "--json")).json["threshold"] == before
    missing = await dino(platform, "jobs", "follow", "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11")
    assert missing.code == 1
    assert "error: " in missing.stderr


async def test_bad_file_fails_with_the_platforms_reason(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("not a picture")
    ended = await dino(platform, "upload", str(tmp_path / "note.jpg"), "--json")
    assert ended.code == 1
    assert json.loads(ended.stdout)["items"][0]["error"]["code"] == "INVALID_FILE_FORMAT"


async def test_keys_are_made_before_any_gateway_runs(servers: Servers) -> None:
    url = servers.endpoints.mongodb_url.replace("/dinov3_db?", f"/cli{os.getpid()}?")
    alone = await run_command("keys", "create", "ci", MONGODB_URL=url)
    assert alone.stdout.startswith("dino_")
    assert len(alone.stdout.split()) == 1
    assert "cannot be shown again" in alone.stderr
    brief = (await run_command("keys", "create", "brief", "--expires-days", "2", "--json", MONGODB_URL=url)).json
    assert brief["scopes"] == ["read", "write"]
    listed = (await run_command("keys", "list", "--json", MONGODB_URL=url)).json["items"]
    assert [(key["name"], key["usable"]) for key in listed] == [("brief", True), ("ci", True)]
    assert (await run_command("keys", "revoke", brief["key_id"], MONGODB_URL=url)).code == 0
    table = (await run_command("keys", "list", MONGODB_URL=url)).stdout
    assert "revoked" in table
    assert brief["api_key"] not in table


async def test_key_opens_a_platform_that_asks_for_one(start_platform: StartPlatform, pictures: Path) -> None:
    closed = await start_platform(DINO_AUTH="on")
    assert (await dino(closed, "assets", "list")).code == 4
    made = (await dino(closed, "keys", "create", "reader", "--scopes", "read", "--expires-days", "1", "--json")).json
    key = made["api_key"]
    assert (await dino(closed, "assets", "list", DINO_API_KEY=key)).code == 0
    forbidden = await dino(closed, "upload", str(pictures / "cat.png"), "--api-key", key)
    assert forbidden.code == 4
    (listed,) = (await dino(closed, "keys", "list", "--json")).json["items"]
    assert (listed["key_id"], listed["usable"]) == (made["key_id"], True)
    assert key not in (await dino(closed, "keys", "list")).stdout
    assert (await dino(closed, "keys", "revoke", made["key_id"])).code == 0
    # A gateway may remember a key for a moment; it must forget it soon.
    async with asyncio.timeout(90):
        while (await dino(closed, "assets", "list", DINO_API_KEY=key)).code != 4:
            pass
    assert (await dino(closed, "keys", "revoke", "0" * 16)).code == 1
