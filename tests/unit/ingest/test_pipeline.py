import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.entry import document_id
from ingest.pipeline import add
from rag.errors import LibraryIncompatible, StorageError
from rag.library import Library
from rag.text.naming import path_of


def kinds(outcomes) -> dict[str, str]:
    return {outcome.path.name: outcome.kind for outcome in outcomes}


def test_a_folder_is_added_to_its_ends(library, embedder, folder) -> None:
    assert kinds(add(library, [folder], embedder)) == {"moon.md": "added", "zebras.txt": "added"}
    assert [(d.title, d.status) for d in library.documents()] == [("The moon", "ready"), ("zebras", "ready")]


def test_a_second_run_does_nothing(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    before, embedded = library.catalog.generation, len(embedder.texts)
    assert set(kinds(add(library, [folder], embedder)).values()) == {"same"}
    assert (library.catalog.generation, len(embedder.texts)) == (before, embedded)


def test_a_changed_file_replaces_its_old_version(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    (folder / "zebras.txt").write_text("Lions sleep.")
    assert kinds(add(library, [folder], embedder))["zebras.txt"] == "changed"
    assert library.text(library.find("zebras").id) == "Lions sleep."
    assert library.catalog.search(["river"], 5) == []


def test_what_stays_of_a_changed_file_is_not_embedded_again(library, embedder, folder) -> None:
    paragraphs = [f"Paragraph {i}. " + "word " * 150 for i in range(4)]
    (folder / "zebras.txt").write_text("\n\n".join(paragraphs))
    add(library, [folder], embedder)
    before = len(embedder.texts)
    (folder / "zebras.txt").write_text("\n\n".join([*paragraphs, "And a new one."]))
    add(library, [folder], embedder)
    assert [text.splitlines()[-1] for text in embedder.texts[before:]] == ["And a new one."]


def test_a_file_that_fails_does_not_stop_the_others(library, embedder, folder) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "song.mp3").write_bytes(b"ID3")
    outcomes = {
        outcome.path.name: outcome for outcome in add(library, [folder, folder / "none.txt"], embedder)
    }
    failed = {name: outcome.reason for name, outcome in outcomes.items() if outcome.kind == "failed"}
    assert set(failed) == {"broken.pdf", "empty.txt", "song.mp3", "none.txt"}
    assert all(reason.startswith(name) and "\n" not in reason for name, reason in failed.items())
    assert {d.title: d.status for d in library.documents()} == {
        "The moon": "ready",
        "zebras": "ready",
        "broken": "failed",
        "empty": "failed",
    }


def test_a_version_that_fails_leaves_the_old_one_and_is_tried_again(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    (folder / "zebras.txt").write_bytes(b"\n\n")
    assert kinds(add(library, [folder], embedder))["zebras.txt"] == "failed"
    assert len(library.catalog.search(["zebra"], 5)) == 1
    assert kinds(add(library, [folder], embedder))["zebras.txt"] == "failed"
    (folder / "zebras.txt").write_text("Zebras run.\n\nThey cross the river.")
    assert kinds(add(library, [folder], embedder))["zebras.txt"] == "changed"
    assert library.find("zebras.txt").status == "ready"


def test_a_file_named_twice_is_added_once(library, embedder, folder) -> None:
    assert len(add(library, [folder, folder / "zebras.txt", folder], embedder)) == 2


def test_a_pipe_is_refused_at_once(library, embedder, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    [outcome] = add(library, [tmp_path / "pipe.txt"], embedder)
    assert (outcome.kind, "not a regular file" in outcome.reason) == ("failed", True)


def test_a_file_that_is_too_large_or_of_an_unknown_kind_is_not_read(library, embedder, tmp_path) -> None:
    for name in ("huge.txt", "film.mp4"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(50 * 10**9)  # a hole: it takes no space, but reading it would take all memory
    outcomes = add(library, [tmp_path / "huge.txt", tmp_path / "film.mp4"], embedder)
    assert ["larger than 100 MB" in outcomes[0].reason, "does not read .mp4" in outcomes[1].reason] == [
        True,
        True,
    ]
    assert [(d.title, d.status) for d in library.documents()] == [("huge", "failed")]


def test_progress_names_each_file(library, embedder, folder) -> None:
    seen = []
    add(library, [folder], embedder, on_progress=seen.append)
    assert [p.name for p in seen if p.stage == "reading"] == ["zebras.txt", "moon.md"]
    assert seen[0].stage == "finding"
    assert [p.stage for p in seen][-2:] == ["embedding", "indexing"]


def test_the_dense_index_is_up_to_date_afterwards(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    path = library.path
    library.close()
    with Library.open(path) as again:
        again.open_index()
        assert again._index.current.count() == len(again) == 2


def test_another_embedder_is_refused_before_anything_is_read(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    other = type(embedder)()
    other.fingerprint = "other:model"
    with pytest.raises(LibraryIncompatible, match="other:model"):
        add(library, [folder], other)


def test_documents_that_were_told_survive_a_full_disk(library, embedder, folder, monkeypatch) -> None:
    put = library.put

    def full(document, *rest, **more) -> None:
        if document.title == "zebras":
            raise StorageError("no space left")
        put(document, *rest, **more)

    monkeypatch.setattr(library, "put", full)
    with pytest.raises(StorageError, match="no space left"):
        add(library, [folder / "deep", folder], embedder)
    assert [document.title for document in library.documents()] == ["The moon"]


def test_a_second_file_of_the_same_content_is_not_embedded_again(library, embedder, tmp_path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.txt").write_text("Zebras run.")
    add(library, [tmp_path / "one"], embedder)
    assert kinds(add(library, [tmp_path / "two", tmp_path / "three"], embedder)) == {"same.txt": "added"}
    assert embedder.texts == ["same\nZebras run."]
    first, *others = library.documents()
    for other in others:
        assert (other.title, other.n_chars, other.sha256) == (first.title, first.n_chars, first.sha256)
        assert library.text(other.id) == "Zebras run."
    assert len(library.catalog.search(["zebra"], 5)) == 3


def test_equal_files_of_one_run_are_embedded_once(library, embedder, tmp_path) -> None:
    for name in ("one.md", "two.md"):
        (tmp_path / name).write_text("# Zebras\n\nThey run.")
    add(library, [tmp_path / "one.md", tmp_path / "two.md"], embedder)
    assert len(embedder.texts) == 1
    assert len(library.catalog.search(["zebra"], 5)) == 2


def test_a_content_that_comes_back_after_a_failure_is_ready_again(library, embedder, folder) -> None:
    add(library, [folder], embedder)
    before = [(each.id, each.title, each.sha256, each.status) for each in library.documents()]
    (folder / "zebras.txt").write_bytes(b"")
    add(library, [folder], embedder)
    embedder.texts.clear()
    (folder / "zebras.txt").write_text("Zebras run.\n\nThey cross the river.")
    assert kinds(add(library, [folder], embedder))["zebras.txt"] == "changed"
    assert [(each.id, each.title, each.sha256, each.status) for each in library.documents()] == before
    assert embedder.texts == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param(b"not \xff utf-8.txt", "not \ufffd utf-8", id="not-utf-8"),
        pytest.param(b"two\nlines.txt", "two lines", id="line-feed"),
        pytest.param(b"red \x1b[31m.txt", "red \ufffd[31m", id="escape"),
        pytest.param(b"a%20b#c?d.txt", "a%20b#c?d", id="uri-characters"),
    ],
)
def test_files_of_any_name_are_added_and_found(library, embedder, tmp_path, name: bytes, title: str) -> None:
    good, bad = (tmp_path / os.fsdecode(prefix + name) for prefix in (b"", b"empty "))
    good.write_text("Zebras run.")
    bad.write_bytes(b"")
    assert [each.kind for each in add(library, [good, bad], embedder)] == ["added", "failed"]
    assert library.find(title).title == title
    assert path_of(library.find(title).uri) == good
    assert library.find(str(bad)).error.startswith(f"empty {title}")


def test_a_file_has_one_name_however_it_is_written(library, embedder, folder, monkeypatch) -> None:
    add(library, [folder / "deep" / ".." / "zebras.txt"], embedder)
    monkeypatch.chdir(folder / "deep")
    assert kinds(add(library, [folder, Path("..")], embedder))["zebras.txt"] == "same"
    assert library.find("../zebras.txt").uri == (folder / "zebras.txt").as_uri()


def test_a_folder_that_holds_the_library_is_added_without_it(library, embedder, tmp_path) -> None:
    (tmp_path / "note.txt").write_text("Zebras run.")
    assert kinds(add(library, [tmp_path], embedder)) == {"note.txt": "added"}


def test_a_folder_that_cannot_be_looked_into_is_told(library, embedder, folder, monkeypatch) -> None:
    def listed(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", listed)
    added, shut = add(library, [folder], embedder)
    assert (added.kind, shut.kind) == ("added", "failed")
    assert "deep: it cannot be listed (permission denied)" in shut.reason


def test_ids_depend_on_the_place_alone() -> None:
    assert document_id("file:///a.txt") == document_id("file:///a.txt") != document_id("file:///b.txt")


@hypothesis_settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=400)
)
def test_adding_anything_twice_changes_nothing(tmp_path_factory, text: str) -> None:
    from fakes import AngleEmbedder

    made = tmp_path_factory.mktemp("any")
    (made / "any.txt").write_bytes(("word " + text).encode())
    with Library.open(made / "library", create=True) as library:
        add(library, [made / "any.txt"], AngleEmbedder())
        before = (library.catalog.generation, library.catalog.vectors()[0], library.documents())
        add(library, [made / "any.txt"], AngleEmbedder())
        assert (library.catalog.generation, library.catalog.vectors()[0], library.documents()) == before
        for passage in library.catalog.passages(before[1]).values():
            assert library.text(passage.document_id)[passage.start : passage.end] == passage.text


def test_a_stop_finishes_the_file_at_hand_and_leaves_the_others(library, embedder, folder) -> None:
    (folder / "zoo.txt").write_text("Lions sleep.")
    reported: list[str] = []
    started: list[str] = []
    outcomes = add(
        library,
        [folder],
        embedder,
        on_progress=lambda progress: started.append(progress.stage),
        on_outcome=lambda outcome: reported.append(outcome.path.name),
        stopping=lambda: started.count("reading") == 2,
    )
    assert reported == list(kinds(outcomes)) == ["zebras.txt", "zoo.txt"]
    assert len(library.documents()) == 2
    assert library.catalog.get_meta("index") is None  # it catches up when it is next opened
    assert sorted(kinds(add(library, [folder], embedder)).values()) == ["added", "same", "same"]


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        pytest.param("The oﬃce of ﬁnance", "office", id="ligature"),
        pytest.param("em\xadbas\xadsy", "embassy", id="soft hyphen"),
        pytest.param("Li\u200bbya", "libya", id="zero width"),
        pytest.param("in ２０２４", "2024", id="full width"),
    ],
)
def test_words_are_found_as_they_read(raw: str, asked: str, library, embedder, tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text(f"Of the zebra it says: {raw}.", "utf-8")
    add(library, [path], embedder)
    [(found, _)] = library.catalog.search([asked], 5)
    document = library.find("odd.txt")
    passage = library.catalog.passages([found])[found]
    assert raw in passage.text
    assert passage.text == library.text(document.id)[passage.start : passage.end]
    assert add(library, [path], embedder)[0].kind == "same"
    assert f"odd\n{passage.text}" in embedder.texts
