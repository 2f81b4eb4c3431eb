"""A catalogue on a real PostgreSQL server: several writers, who follows whom, and what goes wrong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import sqlalchemy as sa
from clusters import PASSWORD
from fakes import AngleEmbedder, put
from pydantic import SecretStr

from rag.errors import BackupError, CatalogRefused, CatalogUnavailable, LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance import migrations
from rag.maintenance.backup import require_file
from rag.maintenance.migrations import Step, migrate
from rag.maintenance.temporary import temporary_catalog
from rag.reindexing import reindex
from rag.settings_layers import load_settings
from rag.storage import postgres_engine
from rag.storage.schema import SCHEMA_VERSION

pytestmark = pytest.mark.shared


@pytest.fixture
def shared(settings, catalog_url):
    """The settings of a library whose catalogue is on a server."""
    return settings.model_copy(update={"catalog": SecretStr(catalog_url)})


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for another."""
    quick = postgres_engine._SESSION.replace(f"'{postgres_engine.WAIT_S}s'", "'300ms'")
    monkeypatch.setattr(postgres_engine, "_SESSION", quick)
    monkeypatch.setattr("rag.storage.database.PATIENCE_S", 0.3)


def machine(shared, tmp_path, name: str) -> Library:
    """Open the library as another machine does, with a folder of its own."""
    return Library.of(shared.at(tmp_path / name), create=True)


@contextmanager
def claimed(library, *names: str):
    """Change what has these names in another thread, and not come to an end."""
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with library.catalog.transaction(write=True) as connection:
            library.catalog.claim(connection, *names)
            begun.set()
            end.wait(60)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        begun.wait(60)
        yield
        end.set()
        held.result()


class TestSeveralWriters:
    def test_make_the_tables_once(self, shared, tmp_path) -> None:
        with ThreadPoolExecutor(4) as pool:
            for made in pool.map(lambda n: machine(shared, tmp_path, str(n)), range(4)):
                made.close()

    def test_store_other_documents_at_once_and_the_same_one_in_turn(
        self, shared, tmp_path, embedder, impatient
    ) -> None:
        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "b") as other:
            put(one, "first", "A zebra ran.", embedder)
            with claimed(one, "first"):
                put(other, "second", "The moon rose.", embedder)
                with pytest.raises(LibraryInUse, match="another process that changes the same"):
                    put(other, "first", "A zebra slept.", embedder)
            put(other, "first", "A zebra slept.", embedder)
            assert {each.id for each in one.documents()} == {"first", "second"}

    def test_lose_nothing_and_count_each_change(self, shared, tmp_path) -> None:
        def write(number: int) -> None:
            with machine(shared, tmp_path, str(number)) as mine:
                for i in range(12):
                    put(mine, f"d{i}", f"A zebra ran {i}.\nThe moon rose.", AngleEmbedder())
                    put(mine, f"own-{number}-{i}", f"Of {number}: river {i}.", AngleEmbedder())
                mine.remove(f"own-{number}-0")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        with machine(shared, tmp_path, "all") as library:
            assert (len(library.documents()), len(library)) == (56, 12 * 2 + 4 * 11)
            assert library.catalog.generation == 4 * 25
            assert library.catalog.document_frequency(["zebra", "river"]) == {"zebra": 12, "river": 44}
            with library.catalog.transaction(write=False) as connection:
                assert library.catalog.lexical.fits(connection)

    def test_wait_while_one_needs_the_library_alone(self, shared, tmp_path, embedder, impatient) -> None:
        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "b") as other:
            put(one, "first", "A zebra ran.", embedder)
            with one.catalog.alone("footnote reindex"):
                with pytest.raises(LibraryInUse, match=r"in use by 'footnote reindex on .*\(\d+\)'"):
                    put(other, "second", "The moon rose.", embedder)
                with pytest.raises(LibraryInUse, match="footnote reindex"), other.catalog.alone("a purge"):
                    pass
                one.catalog.set_meta({"alone": "may write"})
            put(other, "second", "The moon rose.", embedder)

    def test_are_told_that_the_embedder_was_changed(self, shared, tmp_path, embedder) -> None:
        class Other(AngleEmbedder):
            fingerprint = "fake:other"

        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "b") as other:
            put(one, "first", "A zebra ran.", embedder)
            other.require(embedder.fingerprint)
            reindex(one, Other())
            with pytest.raises(Exception, match="fake:other"):
                put(other, "second", "The moon rose.", embedder)
            assert [each.id for each in one.documents()] == ["first"]

    def test_bring_it_up_to_date_once(self, shared, tmp_path) -> None:
        steps = [Step(SCHEMA_VERSION + 1, lambda c: c.exec_driver_sql("CREATE TABLE came_later (n INT)"))]
        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "b") as other:
            with ThreadPoolExecutor(2) as pool:
                assert list(pool.map(lambda each: migrate(each.catalog, steps), (one, other))) == [None, None]
            assert one.catalog.version == SCHEMA_VERSION + 1
            assert migrations.KEPT.format(SCHEMA_VERSION) not in {f.name for f in one.path.iterdir()}


class TestIndexes:
    def test_follow_what_other_machines_change(self, shared, tmp_path, embedder) -> None:
        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "b") as other:
            put(one, "first", "A zebra ran.", embedder)
            for each in (one, other):
                each.open_index()
            cut = put(other, "second", "The moon rose.\nA river froze.", embedder)
            for each in (one, other):
                assert nearest(each, embedder, "moon") == cut[0].id
            one.remove("second")
            put(one, "third", "Oil.", embedder)
            for each in (one, other):
                assert each._index.current is not each._index._exact
                assert {i for i, _ in each.search_dense(embedder.embed(["moon"])[0], 9)} == ids(each)

    def test_go_on_where_they_were_closed(self, shared, tmp_path, embedder) -> None:
        with machine(shared, tmp_path, "a") as one:
            put(one, "first", "A zebra ran.", embedder)
            one.open_index()
        with machine(shared, tmp_path, "b") as other:
            put(other, "second", "The moon rose.", embedder)
            other.remove("first")
        before = sorted(each.name for each in (tmp_path / "a").glob("chroma-*"))
        with machine(shared, tmp_path, "a") as one:
            one.open_index()
            assert one._index.current.ids() == ids(one)
            assert sorted(each.name for each in (tmp_path / "a").glob("chroma-*")) == before

    def test_are_made_again_where_the_vectors_are_others(self, shared, tmp_path, embedder) -> None:
        class Other(AngleEmbedder):
            fingerprint = "fake:other"

            def _one(self, text: str) -> list[float]:
                return super()._one(text)[::-1]

        with machine(shared, tmp_path, "a") as one:
            put(one, "first", "A zebra ran.\nThe moon rose.", embedder)
            one.open_index()
        with machine(shared, tmp_path, "b") as other:
            reindex(other, Other())
        with machine(shared, tmp_path, "a") as one:
            one.open_index()
            vector = Other().embed(["First\nThe moon rose."])[0]
            assert one.search_dense(vector, 1)[0][1] == pytest.approx(1.0, abs=1e-4)

    def test_of_one_folder_are_kept_by_one_process(self, shared, tmp_path, embedder) -> None:
        with machine(shared, tmp_path, "a") as one, machine(shared, tmp_path, "a") as other:
            one.open_index()
            put(other, "first", "A zebra ran.", embedder)
            other.open_index()
            assert other._index.current is other._index._exact
            assert nearest(one, embedder, "zebra") == nearest(other, embedder, "zebra")
            with pytest.raises(LibraryInUse):
                other.rebuild_index()


def nearest(library, embedder, word: str) -> str:
    return library.search_dense(embedder.embed([word])[0], 1)[0][0]


def ids(library) -> set[str]:
    return set(library.catalog.passage_ids())


class TestErrors:
    def test_a_server_that_is_away_may_come_back(self, shared, catalog_url, impatient) -> None:
        url = sa.make_url(catalog_url).set(port=1).render_as_string(hide_password=False)
        with pytest.raises(CatalogUnavailable, match="cannot be reached") as told:
            Library.of(shared.model_copy(update={"catalog": SecretStr(url)}))
        assert told.value.retryable
        assert PASSWORD not in str(told.value)

    @pytest.mark.parametrize(
        ("part", "message"),
        [({"password": "wrong-word"}, "password authentication failed"), ({"database": "none"}, "not exist")],
    )
    def test_a_login_that_is_refused(self, shared, catalog_url, part, message, caplog) -> None:
        url = sa.make_url(catalog_url).set(**part).render_as_string(hide_password=False)
        with pytest.raises(CatalogRefused, match=message) as told:
            Library.of(shared.model_copy(update={"catalog": SecretStr(url)}), create=True)
        assert not {"wrong-word", PASSWORD} & set(f"{told.value} {caplog.text}".replace("'", " ").split())

    def test_a_login_that_may_only_read_reads(self, shared, catalog_url, tmp_path, embedder) -> None:
        with machine(shared, tmp_path, "a") as one:
            put(one, "first", "A zebra ran.", embedder)
            with one.catalog.transaction(write=True) as connection:
                schema = connection.scalar(sa.select(sa.func.current_schema()))
                for statement in (
                    f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
                    f"GRANT USAGE ON SCHEMA {schema} TO reader",
                    f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader",
                ):
                    connection.exec_driver_sql(statement)
        url = sa.make_url(catalog_url).set(username="reader").render_as_string(hide_password=False)
        reading = shared.model_copy(update={"catalog": SecretStr(url)})
        with Library.of(reading) as library:
            assert library.read_only
            assert len(library.catalog.search(["zebra"], 5)) == 1
            with pytest.raises(StorageError, match="no permission to write"):
                library.remove("first")
        with machine(shared, tmp_path, "a") as one, one.catalog.transaction(write=True) as connection:
            connection.exec_driver_sql("DROP OWNED BY reader")
            connection.exec_driver_sql("DROP ROLE reader")

    def test_connections_that_broke_are_made_again(self, shared, embedder) -> None:
        with Library.of(shared, create=True) as library:
            put(library, "first", "A zebra ran.", embedder)
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() "
            with library.catalog.transaction(write=True) as connection:
                connection.exec_driver_sql(f"{ended} AND backend_type = 'client backend'")
            assert [each.id for each in library.documents()] == ["first"]

    def test_a_file_is_no_place_for_a_backup(self, shared) -> None:
        with pytest.raises(BackupError, match=r"pg_dump .* postgresql://anna@127") as told:
            require_file(shared)
        assert PASSWORD not in str(told.value)


def test_settings_never_show_the_password(shared, monkeypatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CATALOG", shared.catalog_url)
    loaded = load_settings()
    assert PASSWORD not in f"{loaded!r} {loaded} {loaded.model_dump_json()} {loaded.place}"
    assert loaded.place.startswith("postgresql://anna@127.0.0.1:")


def test_a_temporary_catalogue_leaves_nothing(shared, embedder) -> None:
    with temporary_catalog(shared) as passing:
        assert passing.catalog_url != shared.catalog_url
        with Library.of(passing, create=True) as library:
            put(library, "first", "A zebra ran.", embedder)
    with pytest.raises(CatalogRefused, match="no schema"):
        Library.of(passing)


def test_the_rank_is_that_of_bm25(shared, settings, embedder) -> None:
    """Of drawn words, nearly the same passages are found in nearly the same order as by FTS5's own bm25."""
    rng = np.random.default_rng(3)
    drawn = [f"word{int(n)}" for n in rng.zipf(1.3, 40_000) if n < 3000]
    lengths = iter(rng.integers(20, 200, 1000).tolist())
    lines, at = [], 0
    while at < len(drawn) - 200:
        n = next(lengths)
        lines.append(" ".join(drawn[at : at + n]))
        at += n
    found = []
    for each in (settings, shared):
        with Library.of(each, create=True) as library:
            put(library, "drawn", "\n".join(lines), embedder)
            found.append([library.catalog.search(drawn[i : i + 5], 10) for i in range(0, 5000, 100)])
    same = [len({i for i, _ in a} & {i for i, _ in b}) / len(a) for a, b in zip(*found, strict=True)]
    assert np.mean(same) > 0.9
    off = [abs(dict(b)[i] / s - 1) for a, b in zip(*found, strict=True) for i, s in a if i in dict(b)]
    assert np.mean(off) < 0.05
