"""Signatures as the Standard Webhooks scheme has them, and the two examples of the docs that check them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from docs.generated_block import DOCS
from hypothesis import given
from hypothesis import strategies as st

from dino_common.errors import InvalidRequest
from dino_gateway.webhooks.signing import make_secret, secret_bytes, sign, signed_headers

PAGE = (DOCS / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"type":"job.finished","timestamp":"2026-01-05T10:00:00.000Z","data":{"name":"Zoë"}}'.encode()


def example(language: str) -> str:
    """Return the page's block of code that verifies a signature."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    (found,) = [block for block in blocks if "webhook-signature" in block]
    return found


def run_python(headers: dict[str, str], body: bytes, secret: str, tmp_path: Path) -> bool:
    program = example("python") + (
        "\nimport json, sys\n"
        "headers = json.loads(sys.argv[1])\n"
        "sys.exit(0 if verify(sys.argv[2], headers, sys.stdin.buffer.read()) else 3)\n"
    )
    return run([sys.executable, "-c", program, json.dumps(headers), secret], body, tmp_path)


def run_node(headers: dict[str, str], body: bytes, secret: str, tmp_path: Path) -> bool:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    program = example("js") + (
        "\nimport { readFileSync } from 'node:fs';\n"
        "process.exit(verify(process.argv[3], JSON.parse(process.argv[2]), readFileSync(0)) ? 0 : 3);\n"
    )
    file = tmp_path / "verify.mjs"
    file.write_text(program, encoding="utf-8")
    return run([node, str(file), json.dumps(headers), secret], body, tmp_path)


def run(command: list[str], body: bytes, directory: Path) -> bool:
    done = subprocess.run(command, input=body, cwd=directory, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.returncode == 0


each_example = pytest.mark.parametrize("verifies", [run_python, run_node], ids=["python", "node"])


def test_the_signature_is_the_one_of_the_published_example():
    # From the scheme's own test vectors (standard-webhooks, libraries' README).
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', key)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@each_example
def test_the_example_of_the_docs_takes_what_was_signed(verifies, tmp_path):
    secret = make_secret()
    headers = signed_headers("id", int(time.time()), BODY, [secret_bytes(secret)])
    assert verifies(headers, BODY, secret, tmp_path)


@each_example
def test_the_example_of_the_docs_takes_either_secret_of_a_rotation(verifies, tmp_path):
    old, new = make_secret(), make_secret()
    headers = signed_headers("id", int(time.time()), BODY, [secret_bytes(new), secret_bytes(old)])
    assert verifies(headers, BODY, old, tmp_path)
    assert verifies(headers, BODY, new, tmp_path)


@each_example
@pytest.mark.parametrize("wrong", ["body", "secret", "id", "old", "no signature"])
def test_the_example_of_the_docs_refuses_everything_else(verifies, wrong, tmp_path):
    secret = make_secret()
    at = int(time.time()) - (3600 if wrong == "old" else 0)
    headers = signed_headers("id", at, BODY, [secret_bytes(secret)])
    body = BODY + b" " if wrong == "body" else BODY
    if wrong == "id":
        headers["webhook-id"] = "another"
    if wrong == "no signature":
        headers["webhook-signature"] = "v2,abc v1"
    assert not verifies(headers, body, make_secret() if wrong == "secret" else secret, tmp_path)


@given(st.integers(24, 64))
def test_secrets_of_24_to_64_bytes_are_taken(size):
    key = os.urandom(size)
    assert secret_bytes("whsec_" + base64.b64encode(key).decode()) == key


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "é" * 40])
def test_other_secrets_are_refused(text):
    with pytest.raises(InvalidRequest):
        secret_bytes(text)


def test_made_secrets_differ_and_are_taken():
    made = {make_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(secret_bytes(secret)) == 32 for secret in made)
