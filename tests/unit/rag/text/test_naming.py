from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import document

from rag.text.naming import absolute, named, path_of


@pytest.mark.parametrize(
    ("name", "known"),
    [
        pytest.param("a.txt", "a.txt", id="relative"),
        pytest.param("deep/../a.txt", "a.txt", id="dots"),
        pytest.param("link/../b.txt", "far/b.txt", id="dots-behind-a-link"),
        pytest.param("link/b.txt", "link/b.txt", id="links-stay"),
        pytest.param("none/../c.txt", "c.txt", id="not-there"),
    ],
)
def test_a_file_is_known_by_one_path(tmp_path, monkeypatch, name, known) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "far" / "b.txt").write_text("B")
    (tmp_path / "link").symlink_to(tmp_path / "far" / "deep" if ".." in name else tmp_path / "far")
    monkeypatch.chdir(tmp_path)
    assert absolute(Path(name)) == tmp_path / known


@pytest.mark.parametrize("name", [b"plain.txt", b"a%20b#c?.txt", b"not \xff utf-8", b"two\nlines"])
def test_the_path_of_a_uri_is_the_path_that_it_was_made_of(tmp_path, name) -> None:
    path = tmp_path / os.fsdecode(name)
    assert path_of(path.as_uri()) == path
    assert path_of("https://example.org/a.txt") is None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        pytest.param("news", ["news"], id="an id"),
        pytest.param("file:///documents/news.txt", ["news"], id="a uri"),
        pytest.param("/documents/../documents/news.txt", ["news"], id="a path"),
        pytest.param("news.txt", ["news"], id="the name of a file"),
        pytest.param("News", ["news"], id="a title"),
        pytest.param("news2", ["news2"], id="an id before the beginning of another"),
        pytest.param("news2b", ["news2bis"], id="the beginning of an id"),
        pytest.param("new", [], id="too few characters"),
    ],
)
def test_a_document_has_many_names(name, known) -> None:
    documents = [document(each, "") for each in ("news", "news2", "news2bis")]
    assert [each.id for each in named(name, documents)] == known
