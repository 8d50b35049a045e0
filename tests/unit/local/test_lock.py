from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dino_local.lock import AlreadyRunning, DataLock

HOLD = """
import sys
from pathlib import Path
from dino_local.lock import DataLock
with DataLock(Path(sys.argv[1])) as lock:
    lock.describe("http://127.0.0.1:3012")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    process.stdout.close()


def test_second_holder_is_refused_with_process_and_address(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(AlreadyRunning) as refusal, DataLock(tmp_path):
        pass
    assert str(holder.pid) in str(refusal.value)
    assert "http://127.0.0.1:3012" in str(refusal.value)


def test_lock_of_a_killed_holder_is_free_again(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with DataLock(tmp_path) as lock:
        assert lock.descriptor > 0


def test_lock_can_be_taken_again_after_release(tmp_path: Path) -> None:
    for _ in range(2):
        with DataLock(tmp_path):
            assert str(os.getpid()) in (tmp_path / ".lock").read_text()
