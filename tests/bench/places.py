"""Where a library is that is measured: in a folder, or on servers that are started for it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import sqlalchemy as sa

from rag.storage.postgres_engine import engine_for
from tests.bench.drawn import CACHE
from tests.chroma_servers import PROGRAM, ChromaProcess
from tests.clusters import HOW_TO_GET_ONE, Cluster, programs

Figures = dict[str, float]

_OURS = ("FOOTNOTE_CATALOG", "FOOTNOTE_CHROMA")
"""Settings that say where a library is: what the user has there is not touched."""

_TABLES = sa.text(
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)"
)


@dataclass(frozen=True)
class Place:
    """Where a library is, which processes open by these settings in their environment.

    Attributes:
        library: its folder.
        environment: all of a process's.
        making: the file for what making it took; there from another run where the library is.
        room: returns what catalogue and index take of the disk, in MB.
        resident: returns the memory of servers, in MB.
    """

    library: Path
    environment: Mapping[str, str]
    making: Path
    room: Callable[[], Figures]
    resident: Callable[[], Figures] = dict


@contextmanager
def embedded(name: str) -> Iterator[Place]:
    """Yield a folder in the cache, where the library is kept."""
    library = CACHE / f"library-{name}"

    def room() -> Figures:
        index = _size_mb(library, "chroma-*/**/*")
        return {"catalogue_mb": _size_mb(library) - index, "index_mb": index}

    yield Place(library, _environment(), library.with_suffix(".json"), room)


@contextmanager
def shared(name: str) -> Iterator[Place]:
    """Yield a library on a PostgreSQL and a Chroma server of its own, which go at the end with all of it.

    PostgreSQL is as its package sets it, but for its place; both write to the disk.
    """
    found = _required()
    with tempfile.TemporaryDirectory() as folder:
        cluster, chroma = Cluster(found, tempfile.gettempdir()), ChromaProcess(Path(folder) / "chroma")
        try:
            chroma.start()

            def room() -> Figures:
                engine = engine_for(cluster.url)
                with engine.connect() as connection:
                    n_bytes = connection.scalar(_TABLES)
                engine.dispose()
                return {"catalogue_mb": float(n_bytes) / 1e6, "index_mb": _size_mb(chroma.disk)}

            def resident() -> Figures:
                return {"chroma_mb": _memory_mb([chroma.pid]), "postgresql_mb": _memory_mb(cluster.pids())}

            settings = {"FOOTNOTE_CATALOG": cluster.url, "FOOTNOTE_CHROMA": chroma.url}
            library = Path(folder) / f"library-{name}"
            yield Place(library, _environment() | settings, library.with_suffix(".json"), room, resident)
        finally:
            chroma.kill()
            cluster.stop()


ENGINES: Mapping[str, Callable[[str], AbstractContextManager[Place]]] = {
    "embedded": embedded,
    "shared": shared,
}


def _required() -> Path:
    """Return the folder of PostgreSQL's programs; what is missing ends the run in words."""
    found = programs()
    missing = [] if found else [HOW_TO_GET_ONE]
    if not PROGRAM.exists():
        missing.append("the program 'chroma' is not beside Python: pip install chromadb")
    if find_spec("psycopg") is None:
        missing.append("PostgreSQL's driver is not installed: pip install 'footnote[postgres]'")
    if found is None or missing:
        sys.exit("--engine shared needs more:\n  " + "\n  ".join(missing))
    return found


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def _size_mb(folder: Path, pattern: str = "**/*") -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / 1e6


def _memory_mb(pids: list[int]) -> float:
    """Return the resident memory of processes; what they share counts once, and who has ended not at all."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_full_info().pss
    return total / 1e6
