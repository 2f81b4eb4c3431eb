"""A check finds what was broken on purpose, and a repair mends it without touching the documents."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from fakes import document, passages, put

from rag.catalog import FILE
from rag.checking import Finding, check, repair
from rag.dense.self_finding import NEAREST, finds_itself
from rag.errors import LibraryInUse
from rag.library import Library
from rag.storage.lock import WriterLock
from rag.storage.partial import partial
from rag.storage.sqlite_files import digest, opened
from rag.types import Text

TEXTS = {"zebras.txt": "A zebra ran.\nThe moon rose.", "oil.txt": "Oil money.\nA river froze.\nThe embassy."}

UNSEAL = "PRAGMA user_version=0"  # as whoever writes does first; else any change is damage


@pytest.fixture
def whole(library, embedder, tmp_path):
    """The folder of a library made from two files that are still there; all is well with it."""
    for name, text in TEXTS.items():
        file = tmp_path / name
        file.write_text(text)
        put(library, name, text, embedder, uri=file.as_uri())
    library.open_index()
    library.close()
    return library.path


def found(path) -> list[Finding]:
    with Library.open(path) as library:
        return check(library)


def mended(path) -> tuple[list[str], list[Finding]]:
    """Repair a library; return what was done, and what is wrong afterwards."""
    with Library.open(path) as library:
        done = repair(library, check(library))
    return done, found(path)


def content(path) -> str:
    with opened(path / FILE) as raw:
        return digest(raw)


def change(path, *statements: str) -> None:
    with opened(path / FILE) as raw:
        for statement in (*statements, UNSEAL):
            raw.execute(statement)


def state(path) -> dict:
    with opened(path / FILE) as raw:
        return json.loads(raw.execute("SELECT value FROM meta WHERE key = 'index'").fetchone()[0])


def test_all_is_well(whole) -> None:
    assert found(whole) == []
    assert found(whole) == [], "a check leaves nothing behind"


def test_all_is_well_with_an_empty_library(library) -> None:
    assert check(library) == []


def test_a_library_without_an_index_is_well(library, embedder, tmp_path) -> None:
    (tmp_path / "a.txt").write_text("A zebra ran.")
    put(library, "a", "A zebra ran.", embedder, uri=(tmp_path / "a.txt").as_uri())
    assert check(library) == []


def test_it_tells_how_far_it_is(whole) -> None:
    told = []
    with Library.open(whole) as library:
        check(library, lambda *step: told.append(step))
    assert ("looking at the files", 1, 2) in told
    assert ("searching each passage by its vector", 0, 5) in told


def test_a_library_in_use_is_not_checked(whole) -> None:
    lock = WriterLock(whole)
    lock.acquire("a test")
    with Library.open(whole) as library, pytest.raises(LibraryInUse, match="in use by 'a test'"):
        check(library)
    lock.release()


class TestWhatCanBeMadeAgain:
    """Each is found, mended, and not there afterwards; the rows are the same to the last bit."""

    def expect(self, path, area: str, words: str, done: str) -> None:
        before = content(path)
        [finding] = found(path)
        assert finding.area == area
        assert words in finding.what
        assert "--repair" in finding.advice
        did, left = mended(path)
        assert any(done in each for each in did)
        assert left == []
        assert content(path) == before

    def test_words_missing_from_the_lexical_index(self, whole) -> None:
        change(whole, "INSERT INTO passage_index(passage_index) VALUES ('delete-all')")
        self.expect(whole, "lexical index", "words of the passages", "made the lexical index again")
        with Library.open(whole) as library:
            assert len(library.catalog.search(["moon"], 5)) == 1

    def test_words_of_nothing_in_the_lexical_index(self, whole) -> None:
        change(whole, "INSERT INTO passage_index(rowid, context, text) VALUES (99, '', 'ghost')")
        self.expect(whole, "lexical index", "words of the passages", "made the lexical index again")

    def test_an_index_that_was_not_closed(self, whole) -> None:
        wrong = json.dumps(state(whole) | {"clean": False})
        change(whole, f"UPDATE meta SET value = '{wrong}' WHERE key = 'index'")  # noqa: S608
        self.expect(whole, "index", "stopped before it closed it", "made the index again from 5 vectors")

    def test_an_index_that_is_gone(self, whole) -> None:
        shutil.rmtree(whole / state(whole)["folder"])
        self.expect(whole, "index", "is gone", "made the index again")

    def test_passages_missing_from_the_index(self, whole) -> None:
        with Library.open(whole) as library:
            ids = library.catalog.vectors()[0]
            index = library.inspect_index()
            index.remove(ids[:1])
            index.add(["ghost"], np.eye(1, 12, dtype=np.float32))
        first, second, *_ = found(whole)
        assert "1 passages are not in it" in first.what
        assert "holds 1 passages that the library does not have" in second.what
        assert mended(whole)[1] == []

    def test_vectors_of_the_index_that_are_others(self, whole) -> None:
        with Library.open(whole) as library:
            ids = library.catalog.vectors()[0]
            library.inspect_index()._collection.update(ids=ids[:1], embeddings=-np.ones((1, 12), np.float32))
        # With fewer passages than are looked at, each finds itself; so more are put beside them.
        [wrong] = self.among_many(whole)
        assert "1 passages do not find themselves" in wrong.what

    def among_many(self, path) -> list[Finding]:
        rows = 3 * NEAREST
        vectors = np.random.default_rng(0).standard_normal((rows, 12)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        text = "\n".join(f"Line {i}" for i in range(rows))
        file = path.parent / "many.txt"
        file.write_text(text)
        with Library.open(path) as library:
            library.open_index()
            facts = document("many", text, rows, uri=file.as_uri())
            library.put(facts, Text(text, "text/plain"), passages("many", text), [""] * rows, vectors)
        return found(path)

    def test_folders_and_files_left_over(self, whole) -> None:
        half = f".{FILE}.99999999-abcdefgh.part"  # no process can have that number
        (whole / "chroma-77").mkdir()
        (whole / half).write_bytes(b"half a backup")
        (whole / ".new-abc").mkdir()
        names = ("chroma-77", half, ".new-abc")
        assert [finding.what for finding in found(whole)] == [f"{name} is left over" for name in names]
        did, left = mended(whole)
        assert (did, left) == ([f"removed {name}" for name in names], [])
        assert not any((whole / name).exists() for name in names)

    def test_a_backup_that_is_being_written_is_not_left_over(self, whole) -> None:
        with partial(whole / "some.backup") as made:
            assert found(whole) == []
            assert made.exists()

    def test_empty_pages(self, whole) -> None:
        change(
            whole,
            "CREATE TABLE big (b BLOB)",
            "INSERT INTO big VALUES (zeroblob(30000000))",
            "DROP TABLE big",
        )
        self.expect(whole, "disk", "are empty", "without its empty pages")
        assert (whole / FILE).stat().st_size < 1e6

    def test_an_index_that_grew_without_measure(self, whole) -> None:
        with (whole / state(whole)["folder"] / "huge.bin").open("wb") as file:
            file.truncate(1 << 40)
        damage, size = found(whole)
        assert "are damaged" in damage.what
        assert "1,099,512 MB" in size.what
        assert mended(whole)[1] == []

    def test_an_index_of_a_table(self, whole) -> None:
        name = "ix_passages_document_id"
        with opened(whole / FILE) as raw:
            [sql] = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            raw.execute(f"DROP INDEX {name}")
            raw.execute(f"{sql} WHERE n > 2")
            raw.execute("PRAGMA writable_schema=ON")
            raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))
            raw.execute(UNSEAL)
        [finding] = found(whole)
        assert "an index of its tables is wrong" in finding.what
        assert finding.repair == "tables' indexes"
        did, left = mended(whole)
        assert did[0] == "made the indexes of the catalogue's tables again"
        assert left == []


class TestWhatOnlyTheUserCanDo:
    def expect(self, path, words: str, advice: str) -> None:
        before = content(path)
        [finding] = found(path)
        assert words in finding.what
        assert advice in finding.advice
        assert finding.repair is None
        did, left = mended(path)
        assert (did, left) == ([], [finding])
        assert content(path) == before

    def test_a_file_that_changed(self, whole) -> None:
        (whole.parent / "oil.txt").write_text("Gas money.")
        self.expect(whole, "oil.txt has changed", "footnote add")

    def test_a_file_that_is_gone(self, whole) -> None:
        (whole.parent / "oil.txt").unlink()
        self.expect(whole, "oil.txt is gone", "footnote remove oil.txt")

    def test_a_file_that_is_a_folder_now(self, whole) -> None:
        (whole.parent / "oil.txt").unlink()
        (whole.parent / "oil.txt").mkdir()
        self.expect(whole, "is not a file any more", "put it back")

    def test_a_document_that_failed(self, whole) -> None:
        with Library.open(whole) as library:
            library.fail(document("bad", "", 0, status="failed", error="bad.pdf: needs a password"))
        self.expect(whole, "bad.pdf: needs a password", "footnote remove bad")

    def test_offsets_that_point_elsewhere(self, whole) -> None:
        change(whole, "UPDATE passages SET start = start + 1 WHERE document_id = 'oil.txt'")
        self.expect(whole, "3 of 3 passages of Oil.Txt (oil.txt)", "footnote remove oil.txt")

    def test_counts_that_are_not_those_of_the_rows(self, whole) -> None:
        change(whole, "UPDATE documents SET n_passages = 7 WHERE id = 'oil.txt'")
        self.expect(whole, "3 passages, not 38 and 7", "footnote remove oil.txt")

    def test_rows_that_belong_to_nothing(self, whole) -> None:
        change(whole, "DELETE FROM documents WHERE id = 'oil.txt'")
        first, second = found(whole)
        assert "table passages" in first.what
        assert "table texts" in second.what
        assert "footnote restore" in first.advice
        assert mended(whole)[0] == []

    def test_passages_without_vectors(self, whole) -> None:
        change(whole, "DELETE FROM vectors WHERE n = 2")
        self.expect(whole, "1 passages have no vector", "footnote reindex")

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            pytest.param("zeroblob(48)", "1 vectors are not of unit length", id="zeros"),
            pytest.param("zeroblob(8)", "not all of one length", id="short"),
        ],
    )
    def test_vectors_of_another_kind(self, whole, value: str, words: str) -> None:
        change(whole, f"UPDATE vectors SET vector = {value} WHERE n = 2")  # noqa: S608
        self.expect(whole, words, "footnote reindex")

    def test_a_change_of_embedder_that_stopped(self, whole) -> None:
        change(
            whole,
            "INSERT INTO next_vectors SELECT n, vector FROM vectors WHERE n <= 2",
            "INSERT INTO meta VALUES ('next_embedder', 'other:model')",
        )
        self.expect(whole, "to the embedder other:model stopped at 2 of 5", "footnote reindex")

    def test_a_restore_that_stopped(self, whole) -> None:
        (whole / "catalogue-replaced.sqlite3").write_bytes(b"x")
        self.expect(whole, "a restore was stopped", "remove that file")

    @pytest.mark.parametrize("share", [0.3, 0.6])
    def test_a_damaged_catalogue_and_nothing_else_is_told(self, whole, share: float) -> None:
        with opened(whole / FILE) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root, page = raw.execute(
                "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
                "WHERE name = 'passages'"
            ).fetchone()
        data = bytearray((whole / FILE).read_bytes())
        at = (root - 1) * page + int(page * share)
        data[at : at + 200] = b"\xff" * 200
        data[(root - 1) * page : (root - 1) * page + 8] = b"\xff" * 8
        with Library.open(whole) as library:
            (whole / FILE).write_bytes(data)
            wrong = check(library)
        assert [finding.area for finding in wrong] == ["catalogue"]
        assert "footnote restore FILE" in wrong[0].advice
        with Library.open(whole) as library:
            assert repair(library, wrong) == []


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param([("a", 1.0)], True, id="first"),
        pytest.param([("b", 1.0), ("a", 1.0)], True, id="after one that says the same"),
        pytest.param([(f"b{i}", 1.0) for i in range(NEAREST)], True, id="behind many that say the same"),
        pytest.param([(f"b{i}", 0.9) for i in range(NEAREST)], False, id="behind many that do not"),
        pytest.param([("b", 1.0)], False, id="not there though there is room"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_a_passage_finds_itself(hits, expected: bool) -> None:
    assert finds_itself("a", hits) is expected
