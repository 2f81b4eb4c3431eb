"""Backups: hot, whole, read back, and told from every other file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time

import pytest
from fakes import put

from rag.catalog import FILE
from rag.errors import BackupError, LibraryIncompatible, StorageError
from rag.maintenance import backup as backups
from rag.maintenance.backup import read_backup, write_backup
from rag.storage.schema import SCHEMA_VERSION

WRITER = """
import itertools
import sys
sys.path.insert(0, sys.argv[2])
from fakes import AngleEmbedder, put
from rag.library import Library
with Library.open(sys.argv[1]) as library:
    print("ready", flush=True)
    for number in itertools.count():
        put(library, f"more{number}", f"A zebra ran {number} times.\\n" * 3, AngleEmbedder())
"""


@pytest.fixture
def full(library, embedder):
    """A library of three documents and five passages."""
    put(library, "a", "A zebra ran.\nThe moon rose.", embedder)
    put(library, "b", "A river froze.\nOil money, über alles.", embedder)
    put(library, "c", "The minister of oil spoke.", embedder)
    return library


def backed_up(library, file):
    return write_backup(library.path / FILE, file)


def test_a_backup_reads_back_as_it_was_written(full, tmp_path) -> None:
    written = backed_up(full, tmp_path / "one.backup")
    assert (written.n_documents, written.n_passages, written.schema_version) == (3, 5, SCHEMA_VERSION)
    assert read_backup(tmp_path / "one.backup") == written


def test_a_backup_is_one_file(full, tmp_path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    backed_up(full, folder / "one.backup")
    read_backup(folder / "one.backup")
    assert [file.name for file in folder.iterdir()] == ["one.backup"]


def test_the_same_library_has_the_same_digest_and_another_has_another(full, embedder, tmp_path) -> None:
    first = backed_up(full, tmp_path / "1")
    assert backed_up(full, tmp_path / "2").digest == first.digest
    full.open_index()  # the index is derived: it is no part of a backup
    assert backed_up(full, tmp_path / "3").digest == first.digest
    put(full, "c", "The minister of oil spake.", embedder)
    assert backed_up(full, tmp_path / "4").digest != first.digest


def test_it_is_whole_while_another_process_writes(full, tmp_path) -> None:
    full.close()
    other = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(full.path), os.path.dirname(sys.modules["fakes"].__file__)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    counts = [3]
    try:
        assert other.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 60
        while (len(counts) < 4 or counts[-1] == 3) and time.monotonic() < deadline:
            made = backed_up(full, tmp_path / "one.backup")
            counts.append(made.n_documents)
            assert made.n_passages == 5 + 3 * (made.n_documents - 3)
        assert other.poll() is None, "the writer must have been at work all the time"
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_what_is_written_meanwhile_is_not_in_it(full, embedder, tmp_path) -> None:
    stages = []

    def write_more(stage: str, done: int, total: int) -> None:
        if stage == "copying":
            put(full, f"more{len(stages)}", "A zebra came late.", embedder)
        stages.append(stage)

    made = write_backup(full.path / FILE, tmp_path / "one.backup", write_more)
    assert {"copying", "checking the backup"} <= set(stages)
    assert (made.n_documents, len(full.documents())) == (3, 3 + stages.count("copying"))


def test_an_earlier_backup_is_replaced_and_any_other_file_left_alone(full, embedder, tmp_path) -> None:
    backed_up(full, tmp_path / "one.backup")
    put(full, "d", "An embassy.", embedder)
    assert backed_up(full, tmp_path / "one.backup").n_documents == 4
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BackupError, match="is there and not a backup"):
        backed_up(full, tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_library_itself_is_not_written_over(full) -> None:
    with pytest.raises(BackupError, match="is there and not a backup"):
        backed_up(full, full.path / FILE)
    assert len(full.documents()) == 3


def test_nothing_is_left_where_it_fails(full, tmp_path, monkeypatch) -> None:
    def worn(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups.sqlite_files, "flush", worn)
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(StorageError, match=r"one\.backup: No space left"):
        backed_up(full, folder / "one.backup")
    assert list(folder.iterdir()) == []


def test_what_a_killed_one_left_goes_with_the_next(full, tmp_path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("one.backup", "other.backup"):
        (folder / f".{name}.99999999-abcdefgh.part").touch()  # no process can have that number
    backed_up(full, folder / "one.backup")
    left = sorted(file.name for file in folder.iterdir())
    assert left == [".other.backup.99999999-abcdefgh.part", "one.backup"]


def test_what_does_not_read_back_is_not_kept(full, tmp_path, monkeypatch) -> None:
    real = backups.sqlite_files.copy

    def lossy(source, target, tick=None) -> None:
        real(source, target, tick)
        target.execute("UPDATE texts SET text = 'other' WHERE document_id = 'a'")

    monkeypatch.setattr(backups.sqlite_files, "copy", lossy)
    with pytest.raises(BackupError, match="damaged"):
        backed_up(full, tmp_path / "one.backup")
    assert not list(tmp_path.glob("*one.backup*"))


def test_a_folder_that_is_not_there_is_named(full, tmp_path) -> None:
    with pytest.raises(StorageError, match=r"nowhere/one\.backup"):
        backed_up(full, tmp_path / "nowhere" / "one.backup")


class TestRefused:
    @pytest.fixture
    def file(self, full, tmp_path):
        backed_up(full, tmp_path / "one.backup")
        return tmp_path / "one.backup"

    def test_a_file_that_is_not_there(self, tmp_path) -> None:
        with pytest.raises(BackupError, match="is not there: name a file that 'footnote backup' wrote"):
            read_backup(tmp_path / "none")

    def test_a_pipe_is_not_waited_for(self, full, tmp_path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(BackupError, match="pipe is not a file: name"):
            read_backup(tmp_path / "pipe")
        with pytest.raises(BackupError, match="is there and not a backup"):
            backed_up(full, tmp_path / "pipe")

    @pytest.mark.parametrize(
        "content", [pytest.param(b"", id="empty"), pytest.param(b"not a database " * 400, id="text")]
    )
    def test_a_file_of_another_kind(self, tmp_path, content: bytes) -> None:
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(BackupError, match="x is (not a backup|damaged)"):
            read_backup(tmp_path / "x")

    def test_a_catalogue_that_is_no_backup(self, full) -> None:
        full.close()
        with pytest.raises(BackupError, match="not a backup of a library"):
            read_backup(full.path / FILE)

    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9, 0.999])
    def test_one_that_was_cut_off(self, file, share: float) -> None:
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(BackupError, match="damaged"):
            read_backup(file)

    @pytest.mark.parametrize("words", [b"A zebra ran.", b"Oil money", b"minister"])
    def test_one_in_which_a_letter_changed(self, file, words: bytes) -> None:
        data = file.read_bytes()
        assert words in data
        file.write_bytes(data.replace(words, words[:-1] + bytes([words[-1] ^ 1])))
        with pytest.raises(BackupError, match="damaged"):
            read_backup(file)

    def test_one_of_a_newer_version(self, file) -> None:
        with sqlite3.connect(file) as raw:
            now, newer = f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'
            raw.execute("UPDATE meta SET value = replace(value, ?, ?)", (now, newer))
        raw.close()
        with pytest.raises(LibraryIncompatible, match="schema 99 of a newer Footnote"):
            read_backup(file)
