"""Tables that are written by programs are current, and pages name everything they are to explain."""

import re
from pathlib import Path

import pytest
from docs import generate_configuration, generate_operations
from docs.generated_block import DOCS, with_blocks

from dino_common import metrics
from dino_common.contracts import ErrorCode
from dino_common.settings import Settings


def test_configuration_page_is_current():
    page = generate_configuration.PAGE.read_text(encoding="utf-8")
    blocks = {"settings": generate_configuration.content()}
    assert with_blocks(page, blocks) == page, "run: python -m docs.generate_configuration"


def test_operations_page_is_current():
    page = generate_operations.PAGE.read_text(encoding="utf-8")
    blocks = {"operations": generate_operations.operations(), "errors": generate_operations.errors()}
    assert with_blocks(page, blocks) == page, "run: python -m docs.generate_operations"


def test_every_setting_has_a_meaning():
    explained = [name for group in generate_configuration.MEANINGS.values() for name in group]
    assert sorted(explained) == sorted(Settings.model_fields)


def test_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="begin settings"):
        with_blocks("no marks here", {"settings": ""})


@pytest.mark.parametrize("code", list(ErrorCode), ids=str)
def test_troubleshooting_explains_every_error_code(code):
    assert f"`{code.value}`" in (DOCS / "troubleshooting.md").read_text(encoding="utf-8")


def test_operations_page_explains_every_metric():
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    names = re.findall(r'"(dino_\w+)"', Path(metrics.__file__).read_text(encoding="utf-8"))
    assert len(names) > 8
    assert [name for name in names if name not in text] == []


def test_every_decision_is_listed():
    folder = DOCS / "decisions"
    listing = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(page.name for page in folder.glob("[0-9]*.md"))
    assert pages
    assert [page for page in pages if f"({page})" not in listing] == []
