"""A wrong variable is named, without its value and without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_wrong_variable_ends_the_process_with_its_name():
    environment = {**os.environ, "API_PORT": "tcp://10.0.0.1:3012", "RATE_LIMIT_UPLOAD": "-1"}
    code = "from dino_common.settings import load_settings; load_settings()"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "API_PORT: " in ended.stderr
    assert "RATE_LIMIT_UPLOAD: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "10.0.0.1" not in ended.stderr
