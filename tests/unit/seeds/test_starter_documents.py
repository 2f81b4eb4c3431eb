"""The starter documents: their formats, their making, and what the guide says of the settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from seed_text import SEEDS, documents, pdf_pages, text_of

from rag.settings import Settings

MADE = [name for name in documents() if Path(name).suffix in {".pdf", ".docx", ".pptx", ".xlsx", ".epub"}]
FORMATS = {"txt", "md", "rst", "html", "pdf", "docx", "pptx", "xlsx", "csv", "epub", "json", "eml"}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    first, second = (tmp_path_factory.mktemp(name) for name in ("first", "second"))
    for folder in (first, second):
        subprocess.run([sys.executable, str(SEEDS / "make.py"), str(folder)], check=True, timeout=120)
    return first, second


def test_all_formats_are_there() -> None:
    assert {Path(name).suffix.removeprefix(".") for name in documents()} == FORMATS


@pytest.mark.parametrize("name", documents())
def test_a_document_has_text_of_a_useful_length(name: str) -> None:
    assert 90 <= len(text_of(SEEDS / name).split()) <= 800


def test_the_sources_make_exactly_the_documents_that_are_not_plain_text(builds: tuple[Path, Path]) -> None:
    made = sorted(path.relative_to(builds[0]).as_posix() for path in builds[0].rglob("*") if path.is_file())
    assert made == sorted(MADE)


@pytest.mark.parametrize("name", MADE)
def test_the_same_sources_make_the_same_bytes(name: str, builds: tuple[Path, Path]) -> None:
    assert (builds[0] / name).read_bytes() == (builds[1] / name).read_bytes()


@pytest.mark.parametrize("name", MADE)
def test_a_made_document_is_up_to_date_with_its_source(name: str, builds: tuple[Path, Path]) -> None:
    assert text_of(SEEDS / name) == text_of(builds[0] / name)


@pytest.mark.parametrize(
    ("page", "words"),
    [(1, "What happened"), (2, "What the two governments say"), (3, "What is at stake for Russia")],
)
def test_each_part_of_the_briefing_has_its_page(page: int, words: str) -> None:
    pages = pdf_pages(SEEDS / "hmeimim/briefing.pdf")
    assert len(pages) == 3
    assert words in pages[page - 1]


def guide_settings() -> dict[str, str]:
    table = (SEEDS / "guide/settings.rst").read_text("utf-8")
    return dict(re.findall(r"^``(\w+)`` +(\S.*?) {2,}", table, re.MULTILINE))


def test_the_guide_lists_every_setting() -> None:
    assert set(guide_settings()) == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_guide_gives_the_default_of_a_setting(name: str) -> None:
    assert guide_settings()[name] == as_shown(Settings.model_fields[name])


def as_shown(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "see below"
    if isinstance(field.default, float):
        return f"{field.default:g}"
    return {"None": "none", "()": "none", "False": "false", "True": "true"}.get(
        str(field.default), str(field.default)
    )
