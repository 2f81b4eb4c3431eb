from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.people.access import owner_of, private_folder
from ui.uploads import DEEPEST, safe_name, safe_path


@given(st.text(max_size=300))
def test_a_safe_name_stays_in_its_folder(name):
    safe = safe_name(name)
    assert Path("/folder", safe).parent == Path("/folder")
    assert safe not in ("", ".", "..")
    assert not safe.startswith((".", "@"))
    assert len(os.fsencode(safe)) <= 200
    assert safe.isprintable() or not set(safe) & set("\n\r\t\0\u202e\u200b")
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        pytest.param("report.pdf", "report.pdf", id="as it is"),
        pytest.param("../../etc/passwd", "etc passwd", id="upwards"),
        pytest.param(".bashrc", "bashrc", id="hidden"),
        pytest.param("a\nb\t.txt", "a b.txt", id="line end"),
        pytest.param("Отчёт 2025.docx", "Отчёт 2025.docx", id="another script"),
        pytest.param("x\u202efdp.exe", "x fdp.exe", id="turned round"),
        pytest.param("a\ud800b.txt", "a b.txt", id="no text"),
        pytest.param("@anna", "anna", id="a user's folder"),
        pytest.param("...", "document", id="only dots"),
        pytest.param(f"{'é' * 300}.md", f"{'é' * 58}.md", id="300 letters"),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        pytest.param("a/b/c.txt", "a/b/c.txt", id="folders"),
        pytest.param("a\\b\\c.txt", "a/b/c.txt", id="folders of Windows"),
        pytest.param("/etc/passwd.txt", "etc/passwd.txt", id="absolute"),
        pytest.param("C:\\Users\\me.txt", "C/Users/me.txt", id="absolute, of Windows"),
        pytest.param("../../a.txt", "a.txt", id="upwards"),
        pytest.param("a/../../b/./c.txt", "a/b/c.txt", id="upwards in the middle"),
        pytest.param("a/ .. /b.txt", "a/b.txt", id="upwards, with spaces"),
        pytest.param(".git/.config.txt", "git/config.txt", id="hidden"),
        pytest.param(".incoming/x.txt", "incoming/x.txt", id="where uploads wait"),
        pytest.param("@anna/x.txt", "anna/x.txt", id="another user's folder"),
        pytest.param("uploads/@anna/x.txt", "uploads/anna/x.txt", id="another user's folder, deeper"),
        pytest.param("b\u2066il\u202el/\u202efdp.txt", "b il l/fdp.txt", id="turned round"),
        pytest.param("", "document", id="empty"),
        pytest.param("//", "document", id="only slashes"),
    ],
)
def test_safe_paths(name, safe):
    assert safe_path(name) == PurePosixPath(safe)


@given(st.text(alphabet=st.sampled_from("ab./\\@ .~\n\u202eé"), max_size=60), st.sampled_from(["", "bob"]))
def test_a_safe_path_stays_in_its_folder_and_gives_nobody_a_file(name, user):
    parts = len([part for part in name.replace("\\", "/").split("/") if part.strip()])
    if parts > DEEPEST:
        return
    base = Path("/library/uploads", private_folder(user)) if user else Path("/library/uploads")
    target = base / safe_path(name)
    assert target != base
    assert ".." not in target.parts
    assert Path(os.path.normpath(target)).is_relative_to(base)
    assert owner_of(target.as_uri()) == user
    assert safe_path(str(safe_path(name))) == safe_path(name)


def test_a_path_too_deep_is_refused():
    safe_path("/".join("abcdefghijkl"))
    with pytest.raises(UsageError, match=r"^m: it lies more than 11 folders deep; add a folder"):
        safe_path("/".join("abcdefghijklm"))
