from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from rag.errors import StorageError, UsageError
from ui.incoming import FOLDER, Incoming
from ui.uploads import safe_path


@pytest.fixture
def incoming(tmp_path):
    return Incoming(tmp_path)


def receive(incoming: Incoming, name: str, content: bytes = b"words", owner: str = "", collection: str = ""):
    part = incoming.begin()
    part.write(content)
    return incoming.keep(part, owner, safe_path(name), collection)


def names(tmp_path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def test_a_file_waits_aside_and_is_put_in_its_place_in_one_step(incoming, tmp_path):
    job = receive(incoming, "a/b.txt", b"new", owner="anna")
    assert (job.name, job.size, job.content.read_bytes()) == ("a/b.txt", 3, b"new")
    assert job.target == tmp_path.absolute() / "uploads/@anna/a/b.txt"
    assert not job.target.exists()
    incoming.place(job)
    assert names(tmp_path) == ["uploads/@anna/a/b.txt"]
    incoming.place(job)  # a second time, after an end in the middle
    assert job.target.read_bytes() == b"new"


def test_the_old_version_stays_until_then_and_when_the_new_one_is_dropped(incoming):
    old = receive(incoming, "a.txt", b"old")
    incoming.place(old)
    new = receive(incoming, "a.txt", b"new")
    assert new.target.read_bytes() == b"old"
    incoming.drop(new)
    incoming.drop(new)
    assert (new.target.read_bytes(), new.content.exists()) == (b"old", False)


def test_what_was_received_outlives_the_process_and_nothing_else_does(incoming, tmp_path):
    first = receive(incoming, "first.txt", owner="anna", collection="c1")
    second = receive(incoming, "b/second.txt")
    half = incoming.begin()
    half.write(b"only the beginn")
    half._file.close()  # as the end of a process does
    folder = tmp_path / "uploads" / FOLDER
    (folder / "00ff").write_text("bytes without facts")
    (folder / "11ff.json").write_text(
        json.dumps({"owner": "", "path": "x.txt", "collection": "", "received": 1})
    )
    (folder / "22ff.json").write_text("{")
    (folder / "22ff").write_text("bytes with broken facts")
    found = Incoming(tmp_path).left()
    assert [(j.id, j.owner, j.name, j.collection, j.state) for j in found] == [
        (first.id, "anna", "first.txt", "c1", "waiting"),
        (second.id, "", "b/second.txt", "", "waiting"),
    ]
    assert [j.target for j in found] == [first.target, second.target]
    kept = {first.id, second.id}
    assert {path.name for path in folder.iterdir()} == kept | {f"{each}.json" for each in kept}


def test_nothing_is_left_where_nothing_ever_came(incoming, tmp_path):
    assert incoming.left() == []
    assert names(tmp_path) == []


def test_a_path_in_the_facts_is_made_safe_again(incoming, tmp_path):
    job = receive(incoming, "a.txt")
    facts = tmp_path / "uploads" / FOLDER / f"{job.id}.json"
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"path": "../../../outside.txt"}))
    assert [each.target for each in incoming.left()] == [tmp_path.absolute() / "uploads/outside.txt"]


def test_a_part_that_is_dropped_leaves_nothing(incoming, tmp_path):
    part = incoming.begin()
    part.write(b"x")
    part.drop()
    part.drop()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "path", [pytest.param("a", id="a folder is there"), pytest.param("a/b.txt/c.txt", id="a file is there")]
)
def test_a_file_and_a_folder_of_one_name_are_refused(incoming, path):
    incoming.place(receive(incoming, "a/b.txt"))
    with pytest.raises(UsageError, match="a file and a folder here would have the same name"):
        incoming.check("", PurePosixPath(path))
    incoming.check("", PurePosixPath("a/b.txt"))


def test_a_folder_that_cannot_be_written_is_told(incoming, tmp_path):
    (tmp_path / "uploads").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot keep the files in .*uploads"):
        incoming.begin()
