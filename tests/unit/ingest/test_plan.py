"""What a sync would do: pure, over what is on the disk and what is in the library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import document
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.entry import document_id
from ingest.plan import Disk, Plan, objection, plan

ROOT = Path("/root")


def held(path: str, content: str, **facts):
    uri = Path(path).as_uri()
    return document(document_id(uri), content, uri=uri, sha256=content, **facts)


def made(files: dict[str, str], documents: list, *, passed_over: tuple[str, ...] = (), **options) -> Plan:
    on_disk = Disk(
        (ROOT,), {Path(path): content for path, content in files.items()}, {Path(p) for p in passed_over}
    )
    return plan(on_disk, documents, **options)


def told(steps: Plan) -> dict[str, str]:
    """Each file with what is to be done; of a moved one, where it was."""
    return {
        str(step.path.relative_to(ROOT)): f"{step.kind} {Path(step.source.uri).name}"
        if step.source
        else step.kind
        for step in steps.steps
    }


A, B = held("/root/a.txt", "A"), held("/root/b.txt", "B")
FAILED = {"status": "failed", "error": "a.txt: there is no text in it"}


@pytest.mark.parametrize(
    ("files", "documents", "expected"),
    [
        pytest.param({"/root/a.txt": "A"}, [], {"a.txt": "added"}, id="added"),
        pytest.param({"/root/a.txt": "A"}, [A], {"a.txt": "same"}, id="same"),
        pytest.param({"/root/a.txt": "X"}, [A], {"a.txt": "changed"}, id="changed"),
        pytest.param({}, [A], {"a.txt": "removed"}, id="gone"),
        pytest.param({"/root/c.txt": "A"}, [A], {"c.txt": "moved a.txt"}, id="moved"),
        pytest.param({"/root/A.txt": "A"}, [A], {"A.txt": "moved a.txt"}, id="renamed-in-case-only"),
        pytest.param({"/root/a.txt": "B"}, [A, B], {"a.txt": "moved b.txt"}, id="moved-over-another"),
        pytest.param(
            {"/root/a.txt": "B", "/root/b.txt": "A"},
            [A, B],
            {"a.txt": "changed", "b.txt": "changed"},
            id="crossed",
        ),
        pytest.param(
            {"/root/a.txt": "A", "/root/c.txt": "A"}, [A], {"a.txt": "same", "c.txt": "added"}, id="copied"
        ),
        pytest.param(
            {"/root/c.txt": "A", "/root/d.txt": "A"},
            [A],
            {"c.txt": "moved a.txt", "d.txt": "added"},
            id="moved-and-copied",
        ),
        pytest.param(
            {"/root/d/y.txt": "S", "/root/d/x.txt": "S"},
            [held("/root/x.txt", "S"), held("/root/y.txt", "S")],
            {"d/y.txt": "moved y.txt", "d/x.txt": "moved x.txt"},
            id="equal-files-move-by-name",
        ),
        pytest.param(
            {"/root/a.txt/b.txt": "B"},
            [A, B],
            {"a.txt/b.txt": "moved b.txt", "a.txt": "removed"},
            id="folder",
        ),
        pytest.param({"/root/a.txt": "X"}, [replace(A, **FAILED)], {"a.txt": "again"}, id="failed-before"),
        pytest.param({"/root/a.txt": "A"}, [replace(A, **FAILED)], {"a.txt": "again"}, id="back-to-the-old"),
        pytest.param({"/root/a.txt": ""}, [A], {"a.txt": "unread"}, id="unreadable"),
        pytest.param({"/root/a.mp4": None}, [], {"a.mp4": "other"}, id="not-a-kind-that-is-read"),
        pytest.param(
            {"/root/c.txt": "A"},
            [A, held("/root/c.txt", "A", n_passages=0, status="failed")],
            {"c.txt": "moved a.txt"},
            id="moved-but-failed-there-before",
        ),
        pytest.param(
            {"/root/c.txt": "A"},
            [replace(A, n_passages=0, status="failed")],
            {"c.txt": "added", "a.txt": "removed"},
            id="nothing-to-move",
        ),
        pytest.param(
            {"/root/a.txt": "A"},
            [held("/root/deep/../a.txt", "A")],
            {"a.txt": "moved a.txt"},
            id="named-with-dots",
        ),
        pytest.param({}, [held("/rooted/a.txt", "A"), held("/other/a.txt", "A")], {}, id="elsewhere"),
        pytest.param({}, [replace(A, uri="https://example.org/a.txt")], {}, id="not-a-file"),
    ],
)
def test_each_case(files, documents, expected) -> None:
    assert told(made(files, documents)) == expected


@pytest.mark.parametrize(
    ("path", "passed_over"),
    [
        pytest.param("/root/.a.txt", "/root/.a.txt", id="hidden-file"),
        pytest.param("/root/link/deep/a.txt", "/root/link", id="below-a-link"),
    ],
)
def test_what_was_not_looked_into_is_left_alone(path, passed_over) -> None:
    assert made({}, [held(path, "A")], passed_over=(passed_over,)).steps == ()
    assert [step.kind for step in made({}, [held(path, "A")]).steps] == ["removed"]


def test_a_folder_named_for_itself_is_looked_into_though_another_passes_it_over() -> None:
    disk = Disk((ROOT, ROOT / ".hidden"), {}, {ROOT / ".hidden"})
    assert [s.kind for s in plan(disk, [held("/root/.hidden/deep/a.txt", "A")]).steps] == ["removed"]


def test_what_failed_just_now_is_tried_again_only_when_it_changes() -> None:
    failed = held("/root/a.txt", "X", n_passages=0, status="failed")
    assert told(made({"/root/a.txt": "X"}, [failed], tried={ROOT / "a.txt": "X"})) == {"a.txt": "failing"}
    assert told(made({"/root/a.txt": "Y"}, [failed], tried={ROOT / "a.txt": "X"})) == {"a.txt": "again"}


@pytest.mark.parametrize(
    ("n_documents", "n_removed", "stops"),
    [
        pytest.param(3, 1, False, id="a-third"),
        pytest.param(4, 2, True, id="more"),
        pytest.param(100, 33, False, id="less"),
        pytest.param(100, 34, True, id="a-bit-more"),
        pytest.param(1, 1, True, id="all"),
        pytest.param(5, 0, False, id="none"),
    ],
)
def test_the_guard_stops_at_more_than_a_third(n_documents, n_removed, stops) -> None:
    documents = [held(f"/root/{i}.txt", str(i)) for i in range(n_documents)]
    kept = {f"/root/{i}.txt": str(i) for i in range(n_removed, n_documents)}
    assert (objection(made(kept or {"/root/new.txt": "new"}, documents)) is not None) == stops


def test_the_guard_counts_the_whole_library_and_no_moves() -> None:
    elsewhere = [held(f"/other/{i}.txt", str(i)) for i in range(4)]
    assert objection(made({"/root/b.txt": "B"}, [A, B, *elsewhere])) is None
    moved = made({f"/root/new/{x}.txt": x for x in "AB"}, [A, B])
    assert (told(moved), objection(moved)) == (
        {"new/A.txt": "moved a.txt", "new/B.txt": "moved b.txt"},
        None,
    )


def test_the_guard_stops_at_an_empty_folder_however_little_it_held() -> None:
    elsewhere = [held(f"/other/{i}.txt", str(i)) for i in range(50)]
    assert "/root is empty, and 1 document of" in (objection(made({}, [A, *elsewhere])) or "")
    assert objection(made({}, elsewhere)) is None


def test_a_document_with_pages_that_were_not_read_is_tried_again() -> None:
    [step] = made({"/root/a.txt": "A"}, [A], blank={A.id}).steps
    assert (step.kind, step.document) == ("again", A)


names = st.sampled_from(["a.txt", "b.txt", "A.txt", "d/a.txt", "d/b.txt", "a.txt/c.txt", "film.mp4"])
contents = st.sampled_from(["1", "2", "3"])
in_library = st.dictionaries(names, st.tuples(contents, st.sampled_from(["ready", "failed", "empty"])))


def _document(path: str, content: str, state: str):
    status = "ready" if state == "ready" else "failed"
    return held(f"/root/{path}", content, status=status, n_passages=int(state != "empty"))


def _applied(done: Plan, documents: list, files: dict[Path, str | None]) -> list:
    """Carry out a plan in which nothing fails."""
    after = {each.uri: each for each in documents}
    for step in done.work:
        if step.source is not None:
            del after[step.source.uri]
        if step.kind == "removed":
            del after[step.document.uri]
        else:
            after[step.path.as_uri()] = held(str(step.path), files[step.path])
    return list(after.values())


@hypothesis_settings(deadline=None)
@given(st.dictionaries(names, contents), in_library)
def test_a_plan_makes_the_library_equal_to_the_folder(on_disk, known) -> None:
    files = {ROOT / path: None if path == "film.mp4" else content for path, content in on_disk.items()}
    others = [held("/other/a.txt", "1"), held("/root.txt", "2")]
    documents = [_document(path, *each) for path, each in known.items()] + others
    done = plan(Disk((ROOT,), files), documents)
    after = _applied(done, documents, files)
    read = {path.as_uri(): content for path, content in files.items() if content is not None}
    kept = {each.uri: each.sha256 for each in documents if each in others or each.uri.endswith(".mp4")}
    expected = read | {u: s for u, s in kept.items() if not u.endswith(".mp4") or "film.mp4" in on_disk}
    assert {each.uri: each.sha256 for each in after} == expected
    assert plan(Disk((ROOT,), files), after).work == []


@hypothesis_settings(deadline=None)
@given(st.dictionaries(names, contents), in_library)
def test_no_content_that_stays_is_removed_and_none_moves_twice(on_disk, known) -> None:
    files = {ROOT / path: content for path, content in on_disk.items()}
    done = plan(Disk((ROOT,), files), [_document(path, *each) for path, each in known.items()])
    moved = [step.source.uri for step in done.of("moved")]
    removed = {step.document.uri for step in done.of("removed")}
    assert len(moved) == len(set(moved))
    assert not removed & set(moved)
    assert not {path.as_uri() for path in files} & {*moved, *removed}
    assert all(files[step.path] == step.source.sha256 for step in done.of("moved"))
    assert len(done.steps) == len(files) + len(removed)
