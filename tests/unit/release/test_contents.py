"""What is wrong with a package is found before anybody installs it."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.release.contents import Built, differences, files_of, tags, wrong_in, wrong_version

PROJECT = """
[project]
name = "footnote"
dependencies = ["numpy>=1.26"]

[project.optional-dependencies]
server = ["gradio>=6"]
"""
METADATA = """Metadata-Version: 2.4
Name: footnote
Version: 1.2.0
Requires-Dist: numpy>=1.26
Provides-Extra: server
Requires-Dist: gradio>=6; extra == 'server'
Description-Content-Type: text/markdown

# Footnote
"""
SOURCES = {
    "pyproject.toml": PROJECT,
    "README.md": "# Footnote\n",
    "rag/__init__.py": "",
    "rag/py.typed": "",
    "ingest/__init__.py": "",
    "ui/__init__.py": "",
    "seeds/guide/tour.txt": "A tour.",
    "seeds/hmeimim/brief.md": "A brief.",
}
INSIDE = {
    **{name: content for name, content in SOURCES.items() if name.startswith(("rag/", "ingest/", "ui/"))},
    "ui/starters/guide/tour.txt": "A tour.",
    "ui/starters/hmeimim/brief.md": "A brief.",
    "footnote-1.2.0.dist-info/METADATA": METADATA,
}


def git(checkout: Path, *words: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *words]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A repository of a small package, committed."""
    folder = tmp_path / "checkout"
    for name, content in SOURCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "First")
    return folder


def built(folder: Path, inside: dict[str, str], sources: dict[str, str]) -> Built:
    """Make a wheel, a copy of it, and an sdist of some files."""
    wheel, straight = folder / "footnote-1.2.0-py3-none-any.whl", folder / "straight.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    shutil.copy(wheel, straight)
    sdist = folder / "footnote-1.2.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, content in (sources | {"PKG-INFO": METADATA}).items():
            entry = tarfile.TarInfo(f"footnote-1.2.0/{name}")
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return Built(wheel=wheel, sdist=sdist, straight=straight)


def test_a_package_that_is_as_it_should_be_passes(checkout, tmp_path) -> None:
    assert wrong_in(built(tmp_path, INSIDE, SOURCES), checkout) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"rag/py.typed": None}, "the wheel lacks rag/py.typed", id="untyped"),
        pytest.param(
            {"ui/starters/guide/tour.txt": None}, "the wheel lacks ui/starters/guide/tour.txt", id="starter"
        ),
        pytest.param(
            {"tests/x.py": ""}, "the wheel has tests/x.py, which is not of the package", id="beyond"
        ),
        pytest.param(
            {"rag/__init__.py": "1"}, "the wheel has another rag/__init__.py than the checkout", id="stale"
        ),
        pytest.param(
            {"footnote-1.2.0.dist-info/METADATA": METADATA.replace("numpy>=1.26", "numpy>=2")},
            "the metadata require of numpy >=2, pyproject.toml >=1.26",
            id="bound",
        ),
        pytest.param(
            {"footnote-1.2.0.dist-info/METADATA": METADATA.replace("# Footnote", "# Other")},
            "the description is not the README",
            id="description",
        ),
        pytest.param(
            {"footnote-1.2.0.dist-info/METADATA": METADATA.replace("Version: 1.2.0", "Version: 1.3")},
            "the wheel is not of footnote 1.3",
            id="version",
        ),
    ],
)
def test_what_is_wrong_in_a_wheel_is_one_line(checkout, tmp_path, changed, words) -> None:
    inside = {name: content for name, content in (INSIDE | changed).items() if content is not None}
    assert wrong_in(built(tmp_path, inside, SOURCES), checkout) == [words]


def test_what_an_sdist_lacks_and_has_beyond_is_told(checkout, tmp_path) -> None:
    sources = {name: content for name, content in SOURCES.items() if name != "README.md"} | {"notes.txt": ""}
    assert wrong_in(built(tmp_path, INSIDE, sources), checkout) == [
        "the sdist lacks README.md",
        "the sdist has notes.txt, which is not in the repository",
    ]


def test_wheels_that_differ_are_told_apart(tmp_path) -> None:
    files = files_of(built(tmp_path, INSIDE, SOURCES).wheel)
    assert list(differences(files, files)) == []
    assert list(differences(files, files | {"rag/__init__.py": b"1"})) == [
        "rag/__init__.py is another in the wheel from the sdist than in the one from the checkout"
    ]


def test_a_tagged_commit_gives_the_version_of_its_tag(checkout, tmp_path) -> None:
    made = built(tmp_path, INSIDE, SOURCES)
    assert tags(checkout) == []
    git(checkout, "tag", "v1.2.0")
    assert wrong_in(made, checkout) == []
    git(checkout, "tag", "--delete", "v1.2.0")
    git(checkout, "tag", "v1.3.0")
    assert list(wrong_version(made.wheel, tags(checkout))) == [
        "the wheel is of 1.2.0, its commit of v1.3.0: is something not committed?"
    ]
