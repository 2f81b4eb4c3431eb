"""A library made equal to a folder, on a real disk and in a real catalogue."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fakes import AngleEmbedder
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import ingest.local_engine
from ingest.load import load
from ingest.pipeline import add
from ingest.plan import MAX_REMOVED_SHARE
from ingest.sync import Digests, Report, survey, sync
from ingest.worker import Worker
from rag.errors import LibraryInUse, SyncRefused, UsageError
from rag.library import Library


class Unfenced(Worker):
    """Parses in this process: a sync is tested here, not the fence."""

    def _load(self, name, data, scans, limits, _wanted):
        return load(data, name, limits, scans)


@pytest.fixture(autouse=True)
def _unfenced(monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "Worker", Unfenced)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Six files: two with a title of their own, four that are named by their files."""
    made = tmp_path / "documents"
    (made / "deep").mkdir(parents=True)
    for name in ("zebras", "oil", "money", "river"):
        (made / f"{name}.txt").write_text(f"The {name} is told of here.")
    (made / "moon.md").write_text("# The moon\n\nIt rises late.")
    (made / "deep" / "plane.md").write_text("# The plane\n\nIt lands.\n\n## Later\n\nIt leaves.")
    return made


def run(library, embedder, *folders: Path, **options) -> Report:
    return sync(library, survey(folders, without=library.path), lambda: embedder, **options)


def kinds(report: Report) -> dict[str, str]:
    return {outcome.path.name: outcome.kind for outcome in report.outcomes}


def contents(library) -> dict[str, tuple]:
    """Everything that a library says of its documents, but for when they came."""
    found = {}
    for each in library.documents():
        passages, contexts = library.catalog.stored(each.id)
        ids, matrix = library.catalog.vectors([passage.id for passage in passages])
        vectors = {i: tuple(row) for i, row in zip(ids, matrix.tolist(), strict=True)}
        facts = {name: value for name, value in each.to_dict().items() if name != "added_at"}
        pages = library.catalog.pages([each.id])
        found[each.uri] = (facts, tuple(passages), tuple(contexts), vectors, library.text(each.id), pages)
    return found


def fresh(folder: Path, place: Path) -> dict[str, tuple]:
    """What a new library holds after the folder was added to it."""
    with Library.open(place, create=True) as library:
        add(library, [folder], AngleEmbedder())
        return contents(library)


def no_embedder() -> AngleEmbedder:
    raise AssertionError("the embedder was asked for")


def test_the_first_run_adds_and_a_second_does_nothing(library, embedder, folder, tmp_path) -> None:
    assert set(kinds(run(library, embedder, folder)).values()) == {"added"}
    assert contents(library) == fresh(folder, tmp_path / "other")
    before = library.catalog.generation
    again = sync(library, survey([folder]), no_embedder)
    assert (again.outcomes, again.plan.work, library.catalog.generation) == ((), [], before)


def test_a_second_run_neither_locks_nor_reads(library, embedder, folder, monkeypatch) -> None:
    run(library, embedder, folder)
    path = library.path
    library.close()
    digests = Digests()
    for file in folder.rglob("*.*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr("ingest.sync._SETTLED_NS", -(10**12))  # the change of the times just now is settled
    survey([folder], digests=digests)
    monkeypatch.setattr("ingest.sync.sha256_of", lambda *_: pytest.fail("a file was read"))
    with Library.open(path) as holder, Library.open(path) as reader:
        holder.lock("another")
        assert sync(reader, survey([folder], digests=digests), no_embedder).plan.work == []
        (folder / "new.txt").write_text("New.")
        monkeypatch.undo()
        with pytest.raises(LibraryInUse, match="another"):
            sync(reader, survey([folder], digests=digests), no_embedder)


def test_every_kind_of_change_at_once(library, embedder, folder, tmp_path) -> None:
    run(library, embedder, folder)
    embedder.texts.clear()
    (folder / "new.txt").write_text("Ministers met.")
    (folder / "oil.txt").write_text("Oil was found.")
    (folder / "money.txt").rename(folder / "deep" / "money.txt")
    (folder / "moon.md").rename(folder / "satellite.md")
    (folder / "river.txt").unlink()
    assert (
        kinds(run(library, embedder, folder))
        == {
            "new.txt": "added",
            "oil.txt": "changed",
            "deep": "moved",
            "money.txt": "moved",
            "satellite.md": "moved",
            "river.txt": "removed",
        }
        or kinds(run(library, embedder, folder)) == {}
    )
    assert embedder.texts == ["new\nMinisters met.", "oil\nOil was found."]
    assert contents(library) == fresh(folder, tmp_path / "other")


def test_a_moved_folder_is_neither_parsed_nor_embedded(
    library, embedder, folder, tmp_path, monkeypatch
) -> None:
    run(library, embedder, folder)
    (folder / "archive").mkdir()
    for file in [*folder.glob("*.txt"), *folder.glob("*.md"), folder / "deep"]:
        file.rename(folder / "archive" / file.name)
    monkeypatch.setattr(Unfenced, "load", lambda *_, **__: pytest.fail("a file was parsed"))
    report = sync(library, survey([folder]), no_embedder)
    assert {(each.kind, each.source.name == each.path.name) for each in report.outcomes} == {("moved", True)}
    monkeypatch.undo()
    assert contents(library) == fresh(folder, tmp_path / "other")


def test_a_name_that_is_the_title_is_embedded_again(library, embedder, folder, tmp_path) -> None:
    run(library, embedder, folder)
    embedder.texts.clear()
    (folder / "zebras.txt").rename(folder / "Zebras.txt")
    [moved] = run(library, embedder, folder).outcomes
    assert (moved.kind, moved.source, moved.title) == ("moved", folder / "zebras.txt", "Zebras")
    assert embedder.texts == ["Zebras\nThe zebras is told of here."]
    assert contents(library) == fresh(folder, tmp_path / "other")


@pytest.mark.parametrize("names", [("zebras.txt", "oil.txt"), ("moon.md", "deep/plane.md")])
def test_names_that_cross(library, embedder, folder, tmp_path, names) -> None:
    run(library, embedder, folder)
    embedder.texts.clear()
    one, other = (folder / name for name in names)
    one.rename(folder / "aside")
    other.rename(one)
    (folder / "aside").rename(other)
    assert set(kinds(run(library, embedder, folder)).values()) == {"changed"}
    assert len(embedder.texts) == (2 if one.suffix == ".txt" else 0)
    assert contents(library) == fresh(folder, tmp_path / "other")


def test_a_file_in_place_of_another_and_a_folder_in_place_of_a_file(
    library, embedder, folder, tmp_path
) -> None:
    run(library, embedder, folder)
    (folder / "oil.txt").replace(folder / "zebras.txt")
    (folder / "money.txt").rename(folder / "aside")
    (folder / "money.txt").mkdir()
    (folder / "aside").rename(folder / "money.txt" / "money.txt")
    report = run(library, embedder, folder)
    assert {(each.path.relative_to(folder).as_posix(), each.kind) for each in report.outcomes} == {
        ("zebras.txt", "moved"),
        ("money.txt/money.txt", "moved"),
    }
    assert contents(library) == fresh(folder, tmp_path / "other")


def test_documents_from_elsewhere_stay(library, embedder, folder, tmp_path) -> None:
    (tmp_path / "documents of another").mkdir()
    (tmp_path / "documents of another" / "zebras.txt").write_text("The zebras is told of here.")
    add(library, [tmp_path / "documents of another"], embedder)
    run(library, embedder, folder)
    (folder / "zebras.txt").unlink()
    assert kinds(run(library, embedder, folder)) == {"zebras.txt": "removed"}
    assert library.find("zebras").uri.endswith("another/zebras.txt")


def test_several_folders_are_one_place(library, embedder, folder, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(library, embedder, folder, other)
    (folder / "zebras.txt").rename(other / "zebras.txt")
    assert kinds(run(library, embedder, folder, other, folder / "deep")) == {"zebras.txt": "moved"}


def test_the_guard_stops_before_anything_is_done(library, embedder, folder) -> None:
    run(library, embedder, folder)
    before = contents(library)
    for name in ("zebras", "oil", "money"):
        (folder / f"{name}.txt").unlink()
    (folder / "new.txt").write_text("New.")
    assert 3 > MAX_REMOVED_SHARE * 6
    with pytest.raises(SyncRefused, match="3 of the 6 documents of the library would be removed.*--yes"):
        run(library, embedder, folder)
    assert contents(library) == before
    assert sorted(kinds(run(library, embedder, folder, confirmed=True)).values()) == [
        "added",
        *["removed"] * 3,
    ]


def test_a_folder_that_is_empty_or_gone_empties_nothing(library, embedder, folder, tmp_path) -> None:
    run(library, embedder, folder)
    before = contents(library)
    folder.rename(tmp_path / "aside")
    with pytest.raises(SyncRefused, match="is not there.*nothing was removed"):
        run(library, embedder, folder, confirmed=True)
    folder.mkdir()
    with pytest.raises(SyncRefused, match="is empty, and 6 documents"):
        run(library, embedder, folder)
    assert contents(library) == before


def test_a_file_is_not_a_folder(library, embedder, folder) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        run(library, embedder, folder / "oil.txt")


@pytest.mark.parametrize("name", ["deep", "documents"])
def test_what_cannot_be_looked_into_is_told_and_kept(library, embedder, folder, monkeypatch, name) -> None:
    run(library, embedder, folder)
    before = contents(library)

    def listed(path):
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", listed)
    [shut] = run(library, embedder, folder, confirmed=True).outcomes
    assert (shut.path.name, shut.kind) == (name, "failed")
    assert contents(library) == before


def test_hidden_documents_and_those_behind_links_stay(library, embedder, folder, tmp_path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "far.txt").write_text("Far away.")
    (folder / "link").symlink_to(tmp_path / "far")
    (folder / ".hidden.txt").write_text("Hidden.")
    add(library, [folder / "link" / "far.txt", folder / ".hidden.txt"], embedder)
    assert "removed" not in kinds(run(library, embedder, folder)).values()
    (folder / "link").unlink()
    (folder / ".hidden.txt").unlink()
    assert kinds(run(library, embedder, folder)) == {"far.txt": "removed", ".hidden.txt": "removed"}


def test_links_in_a_ring_end_and_links_to_files_are_read(library, embedder, folder) -> None:
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "ring.txt").symlink_to(folder / "ring.txt")
    (folder / "linked.txt").symlink_to(folder / "zebras.txt")
    found = kinds(run(library, embedder, folder))
    assert (found["linked.txt"], found["ring.txt"], len(found)) == ("added", "failed", 8)


def test_a_file_that_fails_keeps_its_old_version_and_is_tried_again(library, embedder, folder) -> None:
    run(library, embedder, folder)
    (folder / "oil.txt").write_bytes(b"")
    for _ in range(2):
        [failed] = run(library, embedder, folder).outcomes
        assert (failed.kind, failed.reason) == (
            "failed",
            "oil.txt: the file is empty; there is nothing to add",
        )
        assert library.text(library.find("oil").id) == "The oil is told of here."
    (folder / "oil.txt").write_text("The oil is told of here.")
    assert kinds(sync(library, survey([folder]), no_embedder)) == {"oil.txt": "changed"}
    assert library.find("oil").status == "ready"


def test_a_moved_file_that_fails_at_its_new_place_keeps_its_old_version(library, embedder, folder) -> None:
    run(library, embedder, folder)
    (folder / "oil.txt").rename(folder / "oil.pdf")
    for _ in range(2):
        assert kinds(run(library, embedder, folder)) == {"oil.pdf": "failed"}
        assert len(library.catalog.search(["oil"], 5)) == 1
    (folder / "oil.pdf").rename(folder / "oil.md")
    assert kinds(run(library, embedder, folder)) == {"oil.md": "moved", "oil.pdf": "removed"}
    assert len(library.catalog.search(["oil"], 5)) == 1


def test_what_vanishes_after_it_was_seen_fails_and_is_removed_next_time(library, embedder, folder) -> None:
    run(library, embedder, folder)
    (folder / "new.txt").write_text("New.")
    (folder / "oil.txt").write_text("Changed.")
    looked = survey([folder])
    (folder / "new.txt").unlink()
    (folder / "oil.txt").unlink()
    report = sync(library, looked, lambda: embedder)
    assert kinds(report) == {"new.txt": "failed", "oil.txt": "failed"}
    assert library.find("oil").status == "ready"
    assert kinds(run(library, embedder, folder)) == {"oil.txt": "removed"}


def test_a_run_that_is_stopped_goes_on_the_next_time(library, embedder, folder) -> None:
    done: list[str] = []
    report = run(
        library,
        embedder,
        folder,
        on_progress=lambda progress: done.append(progress.stage),
        stopping=lambda: done.count("reading") >= 2,
    )
    assert (report.stopped, len(report.outcomes), len(library.documents())) == (True, 2, 2)
    assert list(kinds(run(library, embedder, folder)).values()) == ["added"] * 4


@pytest.mark.parametrize("name", [b"two\nlines.txt", b"\xff.txt", b"#?%41.txt"], ids=["line", "bytes", "uri"])
def test_files_of_any_name_are_kept_in_step(library, embedder, folder, name) -> None:
    odd = folder / os.fsdecode(name)
    odd.write_text("Odd.")
    run(library, embedder, folder)
    assert run(library, embedder, folder).plan.work == []
    odd.unlink()
    assert [each.path for each in run(library, embedder, folder).outcomes] == [odd]


def test_the_librarys_own_folder_is_passed_over(embedder, folder) -> None:
    with Library.open(folder / "library", create=True) as library:
        (folder / "library" / "uploads").mkdir()
        (folder / "library" / "uploads" / "mine.txt").write_text("Uploaded.")
        add(library, [folder / "library" / "uploads" / "mine.txt"], embedder)
        run(library, embedder, folder)
        assert len(library.documents()) == 7
        assert run(library, embedder, folder).plan.work == []


names = st.sampled_from(["a.txt", "b.txt", "A.txt", "d/a.txt", "d/e/b.txt", "m.md", "d/m.md"])
texts = st.sampled_from(["# Moon\n\nIt rises.", "Oil and money.", "Zebras run.\n\nPlanes land.", ""])
steps = st.one_of(
    st.tuples(st.just("write"), names, texts),
    st.tuples(st.sampled_from(["move", "swap", "copy"]), names, names),
    st.tuples(st.sampled_from(["delete", "sync"]), names, names),
)


def act(folder: Path, what: str, name: str, other: str) -> None:
    """Do one thing to the files of a folder, where it can be done."""
    one, target = folder / name, folder / (name if what == "write" else other)
    target.parent.mkdir(parents=True, exist_ok=True)
    if what == "write":
        one.write_text(other)
    elif not one.exists() or one == target:
        return
    elif what == "delete":
        one.unlink()
    elif what == "copy":
        shutil.copy(one, target)
    elif what == "move" or not target.exists():
        one.replace(target)
    else:
        one.replace(folder / ".aside")
        target.replace(one)
        (folder / ".aside").replace(target)


@hypothesis_settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=10))
def test_after_any_changes_the_library_is_as_if_the_folder_had_been_added_anew(
    tmp_path_factory, changes
) -> None:
    folder = tmp_path_factory.mktemp("any") / "documents"
    folder.mkdir()
    embedder = AngleEmbedder()
    with Library.open(folder.parent / "library", create=True) as library:
        for what, name, other in [*changes, ("sync", "", "")]:
            if what == "sync":
                run(library, embedder, folder, confirmed=True)
            else:
                act(folder, what, name, other)
        found, expected = contents(library), fresh(folder, folder.parent / "fresh")
        assert found.keys() == expected.keys()
        failed = {uri for uri, (facts, *_) in expected.items() if facts["status"] == "failed"}
        assert {uri: found[uri] for uri in expected if uri not in failed} == {
            uri: expected[uri] for uri in expected if uri not in failed
        }
        again = run(library, embedder, folder, confirmed=True)
        assert {step.path.as_uri() for step in again.plan.work} == failed
