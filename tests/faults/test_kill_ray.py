"""Workers of a Ray cluster are killed under load, and whole nodes: nothing told is lost, nothing is twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from embeddings_server import serving_embeddings
from ray_clusters import RayCluster, running
from tally import LONG, TALLY, count, some

from ingest import add
from rag.library import Library
from rag.settings_layers import load_settings

pytestmark = [pytest.mark.shared, pytest.mark.models]

KILLS = some(20, 2)
N_FILES = some(120, 40)
PROGRAM = Path(__file__).with_name("ray_program.py")
BROKEN = "broken.pdf"
WORDS = "river moon plane minister embassy money zebra oil report winter harbour letter".split()


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Two nodes, of which each test leaves fewer."""
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("ray") / "papers"
    made.mkdir()
    draw = random.Random(5)
    for number in range(N_FILES):
        paragraphs = (" ".join(draw.choices(WORDS, k=120)) + "." for _ in range(6))
        (made / f"paper{number:03}.txt").write_text(f"Paper {number}.\n\n" + "\n\n".join(paragraphs))
    (made / BROKEN).write_bytes(b"%PDF-1.7 and nothing more")
    return made


@pytest.fixture(scope="module")
def embedder() -> Iterator[dict[str, str]]:
    """The settings of an embedder: at length the real one; else a server's, which no worker has to load."""
    with serving_embeddings() as server:
        server.pace = 0.05
        served = {
            "embedder": "openai:angles",
            "embedder_base_url": server.address,
            "embedder_api_key": "none",
        }
        yield {} if LONG else served


@pytest.fixture(scope="module")
def local(embedder, folder) -> Path:
    """The library that one machine makes of the folder."""
    path = folder.with_name("local")
    environ = {name: each for name, each in os.environ.items() if name != "FOOTNOTE_FAULTS"}
    add(path, folder, settings=load_settings({"library": path, "llm": "none", **embedder}, environ=environ))
    return path


@pytest.fixture
def adding(folder, embedder, local, cluster, tmp_path) -> Iterator[Adding]:
    given = {f"FOOTNOTE_{name.upper()}": value for name, value in embedder.items()}
    begun = Adding(tmp_path / "library", folder, cluster, os.environ | given)
    yield begun
    begun.kill()


class Adding:
    """The program that adds, and what it has acknowledged."""

    def __init__(self, library: Path, folder: Path, cluster: RayCluster, environ: dict[str, str]) -> None:
        self.library = library
        self._output = library.with_suffix(".out")
        self._errors = library.with_suffix(".err")
        with self._output.open("w") as output, self._errors.open("w") as errors:
            command = [sys.executable, PROGRAM, library, folder, cluster.address]
            self._process = subprocess.Popen(command, stdout=output, stderr=errors, env=environ)

    @property
    def told(self) -> list[str]:
        """The names that it said are in the library, in their order."""
        lines = self._output.read_text().splitlines()
        return [line.split()[1] for line in lines if line.startswith("added ")]

    @property
    def goes_on(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, n: int) -> None:
        while self.goes_on and len(self.told) < n:
            time.sleep(0.02)

    def end(self) -> tuple[int, str]:
        """Wait for its end, and return its exit code and what it said beside the outcomes."""
        code = self._process.wait(900)
        said = self._output.read_text().splitlines(keepends=True)
        noise = "".join(line for line in said if not line.startswith(("added ", "failed ")))
        return code, self._errors.read_text() + noise

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def wrong(self) -> list[str]:
        """What it acknowledged and is not in the library, or is there twice."""
        told = self.told
        with Library.open(self.library) as library:
            titles = [each.title for each in library.documents() if each.status == "ready"]
        counts = {name: titles.count(name.removesuffix(".txt")) for name in told}
        return [f"{'twice' if n else 'lost'}: {name}" for name, n in counts.items() if n != 1]


def content(path: Path) -> tuple[dict[str, object], np.ndarray]:
    """All of a library that does not depend on when and where it was made, and its vectors."""
    with Library.open(path) as library:
        documents = {
            each.id: (each.title, each.sha256, each.status, each.error) for each in library.documents()
        }
        stored = {each: library.catalog.stored(each) for each in documents}
        texts = {each: library.text(each) for each in documents}
        ids, matrix = library.catalog.vectors()
        assert len(ids) == len(set(ids)) == len(library)
    return {"documents": documents, "stored": stored, "texts": texts, "ids": sorted(ids)}, matrix[
        np.argsort(ids)
    ]


def assert_same(made: Path, local: Path) -> None:
    (ours, our_vectors), (theirs, their_vectors) = content(made), content(local)
    assert ours == theirs
    assert (our_vectors * their_vectors).sum(axis=1).min() > 0.99


def test_workers_are_killed_and_nothing_is_lost_or_twice(cluster, folder, local, adding) -> None:
    draw = random.Random(3)
    adding.wait_for(1)
    began = time.monotonic()
    kills = 0
    while adding.goes_on and kills < KILLS:
        if victims := cluster.workers():
            with suppress(psutil.NoSuchProcess):
                victim = draw.choice(victims)
                TALLY[f"Ray worker killed: {victim.cmdline()[0].partition('(')[0]}"] += 1
                victim.kill()
                kills += 1
                n = len(adding.told)
                assert count("Ray worker killed", adding.wrong()) == []
                adding.wait_for(min(n + max(1, N_FILES // (2 * KILLS)), N_FILES))
    assert (kills, *adding.end()) == (KILLS, 0, "")
    TALLY["Ray worker killed: seconds from the first to the end"] += round(time.monotonic() - began)
    TALLY["Ray worker killed: documents acknowledged"] += len(adding.told)
    assert adding.wrong() == []
    assert sorted(adding.told) == sorted({each.name for each in folder.iterdir()} - {BROKEN})
    assert_same(adding.library, local)


def test_a_node_that_is_lost_is_done_without(cluster, local, adding) -> None:
    adding.wait_for(2)
    assert adding.goes_on
    cluster.lose(cluster.nodes[-1])
    assert adding.end() == (0, "")
    assert count("Ray node killed", adding.wrong()) == []
    assert_same(adding.library, local)


def test_the_head_that_is_lost_ends_the_run_with_a_word(cluster, folder, local, adding) -> None:
    adding.wait_for(2)
    assert adding.goes_on
    cluster.lose(cluster.nodes[0])
    code, said = adding.end()
    assert code == 1
    assert said.splitlines()[-1].startswith(
        f"ClusterError: the head of the Ray cluster at {cluster.address} is gone"
    )
    assert count("Ray head killed", adding.wrong()) == []
