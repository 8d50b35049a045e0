"""Variables are read by their names alone; a wrong one is named, without its value and without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pydantic import AliasChoices

from dino_common.settings import Settings

VARIABLES = {
    str(name)
    for field in Settings.model_fields.values()
    for name in (
        field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else [field.validation_alias]
    )
}


def test_a_wrong_variable_ends_the_process_with_its_name():
    environment = {**os.environ, "API_PORT": "tcp://10.0.0.1:3012", "RATE_LIMIT_UPLOAD": "-1"}
    code = "from dino_common.settings import load_settings; load_settings()"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "API_PORT: " in ended.stderr
    assert "RATE_LIMIT_UPLOAD: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "10.0.0.1" not in ended.stderr


@pytest.mark.parametrize("name", list(Settings.model_fields))
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_name_of_a_field_is_no_variable(name: str, case, monkeypatch: pytest.MonkeyPatch):
    variable = case(name)
    if variable in VARIABLES:
        pytest.skip("a variable of that name is meant")
    before = Settings(instance="one")
    monkeypatch.setenv(variable, "7")
    assert Settings(instance="one") == before


@pytest.mark.parametrize("variable", ["dino_auth", "Dino_Auth", "AUTH", "auth"])
def test_authentication_is_not_switched_off_by_a_variable_of_another_name(
    variable: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DINO_AUTH", raising=False)
    monkeypatch.setenv(variable, "off")
    assert Settings().auth == "on"


def test_code_names_a_setting_by_its_field_or_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DINO_NAMESPACE", "variable")
    monkeypatch.setenv("S3_ENDPOINT", "http://alias")
    assert (Settings().namespace, Settings().s3_endpoint) == ("variable", "http://alias")
    assert Settings(namespace="field", s3_endpoint="http://field").s3_endpoint == "http://field"
    assert Settings(namespace="field").namespace == "field"
    assert Settings(DINO_NAMESPACE="name").namespace == "name"
