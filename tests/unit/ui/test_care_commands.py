"""The commands that care for a library, as they are typed."""

from __future__ import annotations

import json

import pytest
from fakes import AngleEmbedder, put
from typer.testing import CliRunner

from rag.catalog import FILE
from rag.errors import BackupError, LibraryIncompatible, LibraryInUse, LibraryMissing, StorageError
from rag.library import Library
from rag.storage.lock import WriterLock
from ui.cli import app


class OtherEmbedder(AngleEmbedder):
    fingerprint = "fake:other"


@pytest.fixture
def full(library, embedder, tmp_path):
    """The folder of a library of two documents whose files are there."""
    for name, text in (("zebras", "A zebra ran.\nThe moon rose."), ("oil", "Oil money.")):
        (tmp_path / f"{name}.txt").write_text(text)
        put(library, name, text, embedder, uri=(tmp_path / f"{name}.txt").as_uri())
    library.open_index()
    library.close()
    return library.path


def run(*words: object, code: int = 0) -> str:
    """Run a command on the library of the tests; errors of ours come out as they are."""
    done = CliRunner().invoke(
        app, [str(word) for word in words], catch_exceptions=False, env={"COLUMNS": "200"}
    )
    assert done.exit_code == code, done.output
    return done.output


def spoil(folder, old: bytes, new: bytes) -> None:
    """Change bytes of a catalogue behind its back."""
    data = (folder / FILE).read_bytes()
    assert old in data
    (folder / FILE).write_bytes(data.replace(old, new, 1))


class TestCheck:
    def test_all_is_well(self, full) -> None:
        said = run("check")
        assert said.startswith("all is well · 2 documents, 3 passages, catalogue 0.")
        assert said.count("\n") == 1

    def test_what_is_wrong_is_one_line_each_with_what_to_do(self, full, tmp_path) -> None:
        (tmp_path / "oil.txt").write_text("Gas.")
        (full / "chroma-9").mkdir()
        first, second, last = run("check", code=1).splitlines()
        assert (
            first == f"sources: {tmp_path}/oil.txt has changed since it was added: run 'footnote add' with it"
        )
        assert second == "disk: chroma-9 is left over: run 'footnote check --repair'"
        assert last.startswith("2 to look at · 2 documents")

    def test_a_repair_says_what_it_did_and_what_is_left(self, full, tmp_path) -> None:
        (tmp_path / "oil.txt").unlink()
        (full / "chroma-9").mkdir()
        first, second, _ = run("check", "--repair", code=1).splitlines()
        assert first == "repaired: removed chroma-9"
        assert second.startswith("sources: ")
        (tmp_path / "oil.txt").write_text("Oil money.")
        assert run("check", "--repair").startswith("all is well")

    def test_as_json(self, full) -> None:
        assert json.loads(run("check", "--json")) == {
            "library": str(full), "well": True, "findings": [], "repaired": []
        }  # fmt: skip
        (full / "chroma-9").mkdir()
        told = json.loads(run("check", "--json", code=1))
        assert told["well"] is False
        assert told["findings"][0]["repair"] == "leftovers"
        assert json.loads(run("check", "--json", "--repair"))["repaired"] == ["removed chroma-9"]

    @pytest.mark.parametrize("as_json", [False, True], ids=["lines", "json"])
    def test_a_catalogue_that_cannot_be_opened_is_a_finding(self, full, as_json: bool) -> None:
        (full / FILE).write_bytes(b"not a database " * 1000)
        said = run("check", *["--json"][:as_json], code=1)
        assert "catalogue" in said
        assert "it is damaged (it is not as it was left)" in said
        assert "footnote restore FILE --replace" in said
        assert "footnote check --repair" in said

    def test_a_flipped_bit_costs_nothing(self, full) -> None:
        spoil(full, b"moon rose", b"moon rosd")
        [damaged] = run("check", code=1).splitlines()
        assert damaged.startswith("catalogue: it is damaged (it is not as it was left): bring the library")
        first, second, last = run("check", "--repair").splitlines()
        assert first == "repaired: saved 2 of 2 documents with 3 passages, each as it was added"
        assert second == (
            "repaired: kept the damaged catalogue as catalogue-damaged-1: remove it when all is well"
        )
        assert last.startswith("all is well · 2 documents, 3 passages")
        assert run("check").startswith("all is well")
        with Library.open(full) as library:
            assert "The moon rose." in library.text("zebras")
            assert len(library.catalog.search(["moon"], 5)) == 1

    def test_what_is_lost_is_named(self, full, embedder, tmp_path) -> None:
        file = tmp_path / "river.txt"
        file.write_text("River. " * 5000)
        with Library.open(full) as library:
            put(library, "river", file.read_text(), embedder, uri=file.as_uri())
        spoil(full, b"River. River. River. " * 150, b"Moon." + b"River. River. River. " * 150)
        first, _, lost, last = run("check", "--repair", code=1).splitlines()
        assert first == "repaired: saved 2 of 3 documents with 3 passages, each as it was added"
        assert lost == f"catalogue: River ({file.as_uri()}) is lost: its text cannot be read: add it again"
        assert last.startswith("1 to look at · 2 documents, 3 passages")
        assert run("check").startswith("all is well")

    def test_where_the_embedder_is_lost_a_reindex_goes_on(self, full, monkeypatch) -> None:
        with Library.open(full) as library:
            library.lock()
        monkeypatch.setattr("ui.caring.identified", lambda *_: True)
        monkeypatch.setattr("ui.caring.make_embedder", lambda *_: AngleEmbedder())
        (full / "catalogue.sums").unlink()
        spoil(full, b"embedderfake:angles", b"embedderfake:\xff\xff\xff\xff\xff\xff")
        said = run("check", "--repair", code=1)
        assert (
            "vectors: the name of the embedder that made its vectors is lost: run 'footnote reindex'" in said
        )
        with Library.open(full) as library, pytest.raises(LibraryIncompatible, match="footnote reindex"):
            library.require("fake:angles")
        assert run("reindex").startswith("embedded 3 passages with fake:angles")
        assert run("check").startswith("all is well")

    def test_nothing_can_be_saved(self, full) -> None:
        (full / FILE).write_bytes(b"not a database " * 1000)
        (full / "catalogue.sums").unlink()
        [only] = run("check", "--repair", code=1).splitlines()
        assert only.startswith("catalogue: nothing in it can be saved: bring the library back by 'footnote")
        assert "--repair" not in only
        assert (full / FILE).read_bytes() == b"not a database " * 1000
        assert not list(full.glob("catalogue-damaged-*"))

    def test_there_is_no_library(self) -> None:
        with pytest.raises(LibraryMissing):
            run("check")

    def test_it_is_in_use(self, full) -> None:
        lock = WriterLock(full)
        lock.acquire("a test")
        with pytest.raises(LibraryInUse):
            run("check")
        lock.release()


class TestBackupAndRestore:
    def test_there_and_back(self, full, tmp_path) -> None:
        file = tmp_path / "one.backup"
        said = run("backup", file)
        assert said.startswith(f"backed up 2 documents, 3 passages to {file} (")
        assert said.endswith("and read it back\n")
        said = run("restore", file, "--library", tmp_path / "again")
        assert said.startswith("restored 2 documents, 3 passages of 20")
        assert run("check", "--library", tmp_path / "again").startswith("all is well · 2 documents")
        assert len(list((tmp_path / "again").glob("chroma-*"))) == 1

    def test_a_library_that_holds_something_is_replaced_only_when_told_to(self, full, tmp_path) -> None:
        run("backup", tmp_path / "one.backup")
        run("remove", "oil")
        with pytest.raises(StorageError, match="--replace"):
            run("restore", tmp_path / "one.backup")
        run("restore", tmp_path / "one.backup", "--replace")
        assert run("check").startswith("all is well · 2 documents")

    def test_a_damaged_library_comes_back(self, full, tmp_path) -> None:
        run("backup", tmp_path / "one.backup")
        (full / FILE).write_bytes(b"not a database " * 1000)
        run("restore", tmp_path / "one.backup", "--replace")
        assert run("check").startswith("all is well · 2 documents")

    def test_a_file_that_is_no_backup(self, full, tmp_path) -> None:
        with pytest.raises(BackupError, match=r"oil\.txt is"):
            run("restore", tmp_path / "oil.txt")


class TestReindex:
    @pytest.fixture(autouse=True)
    def _embedders(self, monkeypatch) -> None:
        monkeypatch.setattr(
            "ui.caring.make_embedder",
            lambda settings, _: OtherEmbedder() if settings.embedder == "other" else AngleEmbedder(),
        )

    def test_the_library_is_changed_and_the_setting_named(self, full) -> None:
        first, second = run("reindex", "--embedder", "other").splitlines()
        assert first == "embedded 3 passages with fake:other, which answers from now on"
        assert second.startswith('set embedder = "other" in footnote.toml, or FOOTNOTE_EMBEDDER')
        with Library.open(full) as library:
            library.require("fake:other")
        assert run("check").startswith("all is well")

    def test_there_is_nothing_to_do(self, full) -> None:
        assert run("reindex") == "the library has the vectors of fake:angles: --again makes them anew\n"
        assert run("reindex", "--again").startswith("embedded 3 passages with fake:angles")

    def test_the_setting_is_followed(self, full, monkeypatch) -> None:
        monkeypatch.setenv("FOOTNOTE_EMBEDDER", "other")
        [only] = run("reindex").splitlines()
        assert only.startswith("embedded 3 passages with fake:other")


class TestPurge:
    def test_the_text_is_gone_from_every_file(self, full) -> None:
        first, second = run("remove", "zebras", "--purge").splitlines()
        assert first == "removed Zebras"
        assert second.startswith("nothing of what was removed is left in")
        assert not [f for f in full.rglob("*") if f.is_file() and b"zebra" in f.read_bytes().lower()]
        assert run("check").startswith("all is well · 1 documents, 1 passages")

    def test_what_was_removed_before(self, full) -> None:
        run("remove", "zebras")
        assert b"zebra" in (full / FILE).read_bytes().lower()
        run("remove", "--purge")
        assert b"zebra" not in (full / FILE).read_bytes().lower()

    def test_nothing_to_remove_is_a_mistake(self, full) -> None:
        assert "name the documents" in run("remove", code=2)


@pytest.mark.parametrize("command", ["check", "backup", "restore", "reindex", "remove"])
def test_help_shows_an_example(command: str) -> None:
    assert f"footnote {command}" in run(command, "--help")
