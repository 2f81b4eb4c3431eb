"""The dense index on a real Chroma server: one collection for all processes, made again when it is lost."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from chroma_servers import ChromaProcess
from drawn_lines import DIMENSIONS, collections, drawn, in_collection, lost_of, put_lines, served_state

import rag.dense.served_keeper
import rag.dense.served_making
import rag.dense.without_index
from rag.catalog import FILE
from rag.checking import check
from rag.dense.chroma_server import UPKEEP_S, ChromaServer
from rag.dense.index_records import ServedRecords
from rag.errors import IndexDamaged, IndexUnavailable
from rag.library import Library
from rag.maintenance.backup import write_backup
from rag.maintenance.restoring import restore
from rag.settings import Settings

pytestmark = pytest.mark.shared


@pytest.fixture(autouse=True)
def _quickly(monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.served_keeper, "LOOK_S", 0.3)
    monkeypatch.setattr(rag.dense.served_keeper, "AGAIN_S", 0.2)
    monkeypatch.setattr(rag.dense.served_making, "GRACE_S", 0.0)


@pytest.fixture
def own(tmp_path):
    """A server that a test may kill."""
    server = ChromaProcess(tmp_path / "disk")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def shared(chroma, tmp_path) -> Settings:
    return Settings(library=tmp_path / "library", chroma=chroma.url)


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def answers(library: Library) -> bool:
    return library._index._held is not None


def test_what_is_added_and_removed_is_in_the_collection_and_found(shared) -> None:
    with Library.of(shared, create=True) as library:
        for name in ("a", "b", "c"):
            put_lines(library, name)
        library.open_index()
        assert answers(library)
        assert in_collection(library, shared) == set(library.catalog.passage_ids())
        put_lines(library, "d")  # waits, and is compared
        library.remove("a")
        assert lost_of(library) == []
        library.open_index()
        assert in_collection(library, shared) == set(library.catalog.passage_ids())
    with Library.of(shared) as library:
        library.open_index()
        assert answers(library)
        assert not library._lock.held
        assert lost_of(library) == []


def test_enough_that_waits_goes_together(shared, monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.served_keeper, "AT_ONCE", 10)
    with Library.of(shared, create=True) as library:
        for i in range(7):
            put_lines(library, f"d{i}")
        until(
            lambda: (
                bool(served_state(library).get("collection")) and len(in_collection(library, shared)) >= 10
            )
        )
        assert lost_of(library) == []
    with Library.of(shared) as library:  # what waited was given at the end
        assert in_collection(library, shared) == set(library.catalog.passage_ids())


def test_a_reader_sees_what_another_process_adds_and_removes(shared) -> None:
    with Library.of(shared, create=True) as writer:
        put_lines(writer, "a")
        writer.open_index()
        with Library.of(shared) as reader:
            reader.open_index()
            put_lines(writer, "b")
            writer.remove("a")
            assert lost_of(reader) == []
            assert {i for i, _ in reader.search_dense(drawn("a.0", 5)[0], 10)} == {
                f"b.0.{i}" for i in range(5)
            }
            writer.open_index()
            assert lost_of(reader) == []


def test_a_reader_goes_over_to_an_index_that_was_made_again(shared) -> None:
    with Library.of(shared, create=True) as writer:
        put_lines(writer, "a")
        writer.open_index()
        with Library.of(shared) as reader:
            reader.open_index()
            before = reader._index._held.index.name
            writer.rebuild_index()
            assert lost_of(reader) == []
            until(lambda: reader._index._held is not None and reader._index._held.index.name != before)
            assert lost_of(reader) == []
        owner = served_state(writer)["owner"]
        assert collections(shared, f"footnote-{owner}-") == [served_state(writer)["collection"]]


def test_an_index_answers_while_it_is_made_again(shared, monkeypatch) -> None:
    """What comes and goes meanwhile is in the answers, and then in the new index."""
    monkeypatch.setattr(rag.dense.served_making, "_AT_ONCE", 5)
    with Library.of(shared, create=True) as library:
        for name in ("a", "b", "c"):
            put_lines(library, name)
        library.open_index()

        def step(done: int, _total: int) -> None:
            if done == 5:
                put_lines(library, "d")
                library.remove("a")
                assert lost_of(library) == []

        library.rebuild_index(step)
        assert lost_of(library) == []
        library.open_index()
        assert in_collection(library, shared) == set(library.catalog.passage_ids())


def test_two_libraries_on_one_server_do_not_see_each_other(shared, tmp_path) -> None:
    other = shared.model_copy(update={"library": tmp_path / "other"})
    with Library.of(shared, create=True) as one, Library.of(other, create=True) as two:
        put_lines(one, "a")
        put_lines(two, "b")
        one.open_index()
        two.open_index()
        assert {i[0] for i, _ in one.search_dense(drawn("b.0", 5)[0], 10)} == {"a"}
        two.rebuild_index()
        one.purge()
        assert lost_of(two) == []
        assert collections(shared, f"footnote-{served_state(one)['owner']}-") == []


def test_a_copy_of_a_library_makes_an_index_of_its_own(shared, tmp_path) -> None:
    with Library.of(shared, create=True) as library:
        put_lines(library, "a")
        library.open_index()
    shutil.copytree(shared.library, tmp_path / "copy")
    copy = shared.model_copy(update={"library": tmp_path / "copy"})
    with Library.of(shared) as library, Library.of(copy) as copied:
        copied.open_index()
        put_lines(copied, "b")
        copied.rebuild_index()
        library.open_index()
        assert served_state(copied)["owner"] != served_state(library)["owner"]
        assert in_collection(library, shared) == {f"a.0.{i}" for i in range(5)}


def test_a_server_that_is_away_is_done_without_and_taken_up_again(own, shared, caplog) -> None:
    settings = shared.model_copy(update={"chroma": own.url})
    with caplog.at_level(logging.WARNING), Library.of(settings, create=True) as library:
        put_lines(library, "a")
        library.open_index()
        own.kill()
        assert lost_of(library) == []
        put_lines(library, "b")
        library.remove("a")
        assert lost_of(library) == []
        own.start()
        until(lambda: answers(library))
        assert lost_of(library) == []
        assert in_collection(library, settings) == {f"b.0.{i}" for i in range(5)}
    assert "): an exact scan answers" in caplog.text
    assert "answers again" in caplog.text


def test_a_server_that_was_never_there_is_done_without(shared) -> None:
    settings = shared.model_copy(update={"chroma": "http://127.0.0.1:9"})
    with Library.of(settings, create=True) as library:
        put_lines(library, "a")
        library.open_index()
        assert lost_of(library) == []
        with pytest.raises(IndexUnavailable, match="does not answer"):
            library.rebuild_index()
        with pytest.raises(IndexUnavailable, match="does not answer"):
            library.purge()


def test_a_server_that_hangs_is_given_up_in_time(own, shared, monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.served_keeper, "QUESTION_S", 0.5)
    monkeypatch.setattr(rag.dense.served_keeper, "UPKEEP_S", 2.0)
    settings = shared.model_copy(update={"chroma": own.url})
    with Library.of(settings, create=True) as library:
        put_lines(library, "a")
        library.open_index()
        own.freeze()
        put_lines(library, "b")
        library.remove("a")
        assert lost_of(library) == []
        assert "no answer in time" in library._index._trouble.what
        own.thaw()
        until(lambda: answers(library))
        assert lost_of(library) == []


def test_a_library_too_large_to_do_without_says_what_is_missing(own, shared, monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.without_index, "MOST_BYTES", 8 * 4 * DIMENSIONS)
    settings = shared.model_copy(update={"chroma": own.url})
    with Library.of(settings, create=True) as library:
        put_lines(library, "a")
        put_lines(library, "b")
        with pytest.raises(IndexUnavailable, match="not made yet; of 10 passages no more than 8 can be"):
            library.search_dense(drawn("a.0", 5)[0], 3)
        library.open_index()
        assert lost_of(library) == []
        own.kill()
        with pytest.raises(IndexUnavailable, match="does not answer .*; of 10 passages") as error:
            library.search_dense(drawn("a.0", 5)[0], 3)
        assert error.value.retryable


def test_a_reader_of_a_large_library_is_told_of_a_loss(own, shared, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.without_index, "MOST_BYTES", 8 * 4 * DIMENSIONS)
    settings = shared.model_copy(update={"chroma": own.url})
    with Library.of(settings, create=True) as library:
        put_lines(library, "a")
        put_lines(library, "b")
        library.open_index()
    with Library.of(settings) as reader:
        reader.open_index()
        own.restart(tmp_path / "empty")
        until(lambda: isinstance(reader._index._trouble, IndexDamaged))
        with pytest.raises(IndexDamaged, match="has lost the index; of 10 passages.*footnote check --repair"):
            reader.search_dense(drawn("a.0", 5)[0], 3)
        with Library.of(settings) as writer:
            writer.rebuild_index()
        until(lambda: answers(reader))
        assert lost_of(reader) == []


@pytest.mark.parametrize("which", ["empty", "older"])
def test_a_server_with_another_disk_is_noticed_and_the_index_made_again(
    own, shared, tmp_path, which, caplog
) -> None:
    settings = shared.model_copy(update={"chroma": own.url})
    with caplog.at_level(logging.WARNING), Library.of(settings, create=True) as library:
        put_lines(library, "a")
        put_lines(library, "b")
        library.open_index()
        old = own.copy_disk(tmp_path / "old")
        until(lambda: answers(library))
        put_lines(library, "c")
        library.remove("a")  # the counts are the same
        library.open_index()
        first = served_state(library)["collection"]
        own.restart(old if which == "older" else tmp_path / "empty")
        until(lambda: answers(library) and served_state(library)["collection"] != first)
        assert lost_of(library) == []
        assert in_collection(library, settings) == set(library.catalog.passage_ids())
        assert collections(settings) == [served_state(library)["collection"]]
    assert "is made again beside the old one" in caplog.text


def test_vectors_that_the_server_lost_are_noticed_when_it_is_opened(shared, caplog) -> None:
    with Library.of(shared, create=True) as library:
        put_lines(library, "a", 40)
        library.open_index()
        first = served_state(library)["collection"]
        server = ChromaServer(shared, UPKEEP_S)
        index = server.open(first)
        index.remove(["a.0.7", "a.0.8"])
        index.add(["ghost", "another"], drawn("ghost", 2))  # the count is right
        server.close()
    with caplog.at_level(logging.WARNING), Library.of(shared) as library:
        library.open_index()
        assert served_state(library)["collection"] != first
        assert lost_of(library) == []
    assert "does not find 2 of 40 passages by their own vectors" in caplog.text


def test_what_a_killed_process_left_is_removed(shared) -> None:
    with Library.of(shared, create=True) as library:
        put_lines(library, "a")
        library.open_index()
        owner = served_state(library)["owner"]
        server = ChromaServer(shared, UPKEEP_S)
        leftover = server.create(f"footnote-{owner}-leftover").name
        ServedRecords(library.catalog).change(lambda now: replace(now, making=leftover, until=1e12))
        server.open(served_state(library)["collection"]).add(["ghost"], drawn("a", 1))
        server.close()
        assert lost_of(library) == []  # a stranger is passed over
        library.open_index()
        assert in_collection(library, shared) == set(library.catalog.passage_ids())
        assert collections(shared, f"footnote-{owner}-") == [served_state(library)["collection"]]
        library.rebuild_index()
        assert collections(shared, f"footnote-{owner}-") == [served_state(library)["collection"]]


def test_an_index_from_which_much_was_removed_is_made_again(shared) -> None:
    with Library.of(shared, create=True) as library:
        for i in range(12):
            put_lines(library, f"d{i}")
        library.open_index()
        first = served_state(library)["collection"]
        library.remove("d0")
        library.open_index()
        assert served_state(library)["collection"] == first
        library.remove("d1")
        library.open_index()
        assert served_state(library)["collection"] != first


def test_a_document_that_went_and_came_back_is_there_once(shared) -> None:
    with Library.of(shared, create=True) as library:
        put_lines(library, "a", 40)
        put_lines(library, "b", 2)
        library.open_index()
        library.remove("b")
        put_lines(library, "b", 2)
        assert lost_of(library) == []
        library.open_index()
        assert lost_of(library) == []
        assert in_collection(library, shared) == set(library.catalog.passage_ids())


class TestCare:
    def found(self, settings: Settings) -> list[str]:
        with Library.of(settings) as library:
            return [f"{each.what}: {each.advice}" for each in check(library) if each.area == "index"]

    @pytest.fixture
    def made(self, own, shared) -> Settings:
        settings = shared.model_copy(update={"chroma": own.url})
        with Library.of(settings, create=True) as library:
            put_lines(library, "a", 20)
            library.open_index()
        return settings

    def test_a_check_finds_nothing_wrong_with_a_good_index(self, made) -> None:
        assert self.found(made) == []
        with Library.of(made) as library:
            assert library.told_of_index() == f"index of 20 vectors on {made.chroma}"

    def test_a_check_tells_that_the_server_is_away(self, made, own) -> None:
        own.kill()
        [what] = self.found(made)
        assert what.startswith(
            f"the Chroma server {made.chroma} does not answer (connection refused): start it"
        )

    def test_a_check_tells_what_the_server_lost(self, made, own, tmp_path) -> None:
        own.restart(tmp_path / "empty")
        [what] = self.found(made)
        assert what == f"the Chroma server {made.chroma} has lost the index: run 'footnote check --repair'"

    def test_a_restored_library_makes_its_index_and_the_old_one_goes(self, made, tmp_path) -> None:
        file = tmp_path / "kept.backup"
        write_backup(made.library / FILE, file)
        restore(file, made.library, replace=True)
        with Library.of(made) as library:
            assert not served_state(library)["collection"]
            library.open_index()
            assert lost_of(library) == []
            assert collections(made) == [served_state(library)["collection"]]

    def test_nothing_of_what_was_removed_is_left_on_the_server_after_a_purge(self, made) -> None:
        with Library.of(made) as library:
            library.open_index()
            library.remove("a")
            library.purge()
        assert collections(made) == []


class TestTheWay:
    """What goes with each request, and what is said where it is refused."""

    @pytest.fixture
    def proxy(self):
        seen: list[dict[str, str]] = []

        class Refusing(BaseHTTPRequestHandler):
            status = 401

            def do_GET(self) -> None:
                seen.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(self.status)
                self.end_headers()
                self.wfile.write(b"<html>hunter2</html>")

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}", seen, Refusing
            server.shutdown()
            thread.join()

    def test_token_and_headers_go_with_requests_and_into_no_message(self, proxy) -> None:
        url, seen, _ = proxy
        secret = {"chroma_token": "hunter2", "chroma_headers": {"X-Team": "hunter3", "x-chroma-token": "own"}}
        server = ChromaServer(Settings(chroma=f"{url}/team?tenant=a&database=b", **secret), UPKEEP_S)
        with pytest.raises(IndexUnavailable, match="refuses the request: set 'chroma_token'") as error:
            server.names("any")
        server.close()
        assert "hunter" not in str(error.value)
        assert (seen[0]["authorization"], seen[0]["x-team"]) == ("Bearer hunter2", "hunter3")
        assert seen[0]["x-chroma-token"] == "own"

    def test_what_a_proxy_answers_is_told_by_its_status(self, proxy) -> None:
        url, _, refusing = proxy
        refusing.status = 502
        server = ChromaServer(Settings(chroma=url), UPKEEP_S)
        with pytest.raises(IndexUnavailable, match=r"does not answer \(status 502\)") as error:
            server.names("any")
        server.close()
        assert "hunter" not in str(error.value)

    def test_a_database_of_ones_own(self, chroma) -> None:
        name = f"papers-{secrets.token_hex(4)}"
        settings = Settings(chroma=f"{chroma.url}?tenant=default_tenant&database={name}")
        server = ChromaServer(settings, UPKEEP_S)
        with pytest.raises(
            IndexUnavailable, match=f"has no database '{name}' of the tenant 'default_tenant'"
        ):
            server.names("")
        made = {"name": name}
        httpx.post(f"{chroma.url}/api/v2/tenants/default_tenant/databases", json=made).raise_for_status()
        server.create("only-here")
        assert server.names("") == ["only-here"]
        server.close()
        elsewhere = ChromaServer(Settings(chroma=chroma.url), UPKEEP_S)
        assert "only-here" not in elsewhere.names("")
        elsewhere.close()
