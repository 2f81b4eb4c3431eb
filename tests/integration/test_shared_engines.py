"""The catalogue on a real PostgreSQL and the index on a real Chroma server, and several processes at both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from chroma_servers import ChromaProcess
from drawn_lines import collections, put_lines, served_state
from members import LINES, PATIENCE_S, Member, Told, pair, quickly
from pydantic import SecretStr

from rag.checking import check
from rag.dense.index_records import ServedRecords
from rag.dense.self_finding import lost
from rag.library import Library
from rag.settings import Settings

pytestmark = pytest.mark.shared

THERE = tuple(f"there{i}" for i in range(40))
"""Documents that are in the library before the two come."""


@pytest.fixture
def server(tmp_path):
    process = ChromaProcess(tmp_path / "disk")
    process.start()
    yield process
    process.kill()


@pytest.fixture
def shared(settings, catalog_url, server, monkeypatch) -> Settings:
    made = settings.model_copy(update={"catalog": SecretStr(catalog_url), "chroma": server.url})
    with Library.of(made, create=True) as library:
        for name in THERE:
            put_lines(library, name, LINES)
    quickly(monkeypatch.setattr)
    return made


@pytest.fixture
def both(shared) -> Iterator[tuple[Member, Member]]:
    with pair(shared) as members:
        yield members


@pytest.fixture
def started(both) -> tuple[Member, Member]:
    for each in both:
        each.start()
    return both


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.mark.parametrize("known", [False, True])
def test_what_is_known_of_the_index_is_changed_by_one_after_the_other(settings, catalog_url, known) -> None:
    own = settings.model_copy(update={"catalog": SecretStr(catalog_url)})
    with Library.of(own, create=True) as library, Library.of(own) as same:
        records = [ServedRecords(each.catalog) for each in (library, same)]
        before = records[0].change(lambda now: now) if known else None

        def count(own: ServedRecords) -> None:
            for _ in range(20):
                own.change(lambda now: replace(now, sure=now.sure + 1))

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(count, records)) == [None, None]
        after = records[0].read()
    assert (after.sure, after.version) == (40, 40 + known)
    assert before is None or after.owner == before.owner


def test_two_write_and_ask_at_once_while_the_server_is_started_anew(shared, server, started) -> None:
    with Library.of(shared) as library:
        for _ in range(2):
            write(library, started, 3)
            server.kill()
            write(library, started, 3)
            server.start()
        write(library, started, 3)
    look_at(shared, [each.end() for each in started])


def test_one_makes_the_index_again_while_the_other_writes_and_asks(shared, started) -> None:
    one, other = started
    with Library.of(shared) as library:
        write(library, started, 2)
        one.hold.touch()
        one.order("rebuild")
        before = served_state(library)["collection"]
        until(lambda: served_state(library)["making"])
        write(library, [other], 6)
        one.hold.unlink()
        until(lambda: served_state(library)["collection"] != before)
        write(library, started, 2)
    look_at(shared, [each.end() for each in (one, other)])


def test_a_server_that_comes_back_with_an_empty_disk_is_filled_once(
    shared, server, tmp_path, started
) -> None:
    with Library.of(shared) as library:
        until(lambda: served_state(library).get("collection"))
        before = served_state(library)["collection"]
        server.restart(tmp_path / "empty")
        until(lambda: served_state(library)["collection"] != before)
        write(library, started, 2)
    look_at(shared, [each.end() for each in started])


def test_what_one_was_making_when_it_was_killed_the_other_makes(shared, both) -> None:
    one, other = both
    one.hold.touch()
    one.start()
    with Library.of(shared) as library:
        until(lambda: served_state(library).get("making"))
        other.start()
        write(library, [other], 2)
        one.kill()
        assert not served_state(library)["collection"]
        until(lambda: served_state(library)["collection"])
    look_at(shared, [other.end()])


def test_a_check_finds_nothing_wrong_while_others_write(shared, started) -> None:
    with Library.of(shared) as library:
        until(lambda: served_state(library).get("collection"))
        for _ in range(3):
            assert [each for each in check(library) if each.area != "sources"] == []
    look_at(shared, [each.end() for each in started])


def write(library: Library, members: Iterable[Member], number: int) -> None:
    """Wait until each of these has stored so many documents more."""
    for each in members:
        wanted = stored(library, each) + number

        def has_stored(each: Member = each, wanted: int = wanted) -> bool:
            assert each.process.is_alive()
            return stored(library, each) >= wanted

        until(has_stored)


def stored(library: Library, member: Member) -> int:
    return sum(each.id.startswith(member.name) for each in library.documents())


def look_at(settings: Settings, every: Sequence[Told]) -> None:
    """Make sure that nobody missed anything, and all is there once, in the catalogue and on the server."""
    assert [told.wrong for told in every] == [[] for _ in every]
    assert min(told.looked for told in every) > 2
    with Library.of(settings) as library:
        names = {each.id for each in library.documents()}
        kept = {name for told in every for name in told.kept}
        assert names >= kept | set(THERE)
        assert not names & {name for told in every for name in told.removed}
        if (index := library.inspect_index()) is None:  # so much was removed that it is to be made again
            library.rebuild_index()
            index = library.inspect_index()
        ids, vectors = library.catalog.vectors()
        assert index.ids() == set(ids)
        assert lost(index, ids, vectors) == []
        assert collections(settings) == [served_state(library)["collection"]]
