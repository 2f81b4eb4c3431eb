"""What a walk of a folder finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.folder import find, walk


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "documents"
    (made / "deep").mkdir(parents=True)
    (made / "zebras.txt").write_text("Zebras run.")
    (made / "deep" / "moon.md").write_text("The moon.")
    return made


def below(folder: Path, paths) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def test_files_come_before_those_further_below_each_once(folder) -> None:
    assert [p.name for p in find([folder, folder / "deep", folder]).files] == ["zebras.txt", "moon.md"]


def test_hidden_files_are_passed_over_and_named_ones_are_not(folder) -> None:
    (folder / ".hidden.txt").write_text("x")
    (folder / "~$lock.docx").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "notes.txt").write_text("x")
    found = walk(folder)
    assert below(folder, found.files) == ["deep/moon.md", "zebras.txt"]
    assert below(folder, found.passed_over) == [".git", ".hidden.txt", "~$lock.docx"]
    assert below(folder, find([folder / ".hidden.txt"]).files) == [".hidden.txt"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(folder) -> None:
    (folder / "deep" / "ring").symlink_to(folder)
    (folder / "linked.txt").symlink_to(folder / "zebras.txt")
    found = walk(folder)
    assert below(folder, found.files) == ["deep/moon.md", "linked.txt", "zebras.txt"]
    assert below(folder, found.passed_over) == ["deep/ring"]


def test_the_librarys_own_folder_is_passed_over_unless_it_is_named(folder) -> None:
    assert below(folder, walk(folder, without=folder / "deep").files) == ["zebras.txt"]
    assert below(folder, find([folder / "deep"], without=folder / "deep").files) == ["deep/moon.md"]
    assert below(folder, walk(folder, without=folder.parent / "elsewhere" / "deep").files) == [
        "deep/moon.md",
        "zebras.txt",
    ]


def test_a_folder_that_is_gone_is_told(tmp_path) -> None:
    assert walk(tmp_path / "none").unlisted == {tmp_path / "none": "no such file or directory"}
