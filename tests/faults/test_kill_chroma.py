"""A Chroma server is killed under load: nothing acknowledged is lost, and nothing is there twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from chroma_servers import ChromaProcess
from drawn_lines import collections, in_collection, lost_of, put_lines, served_state
from tally import TALLY, count, some
from under_load import CHANGING, LINES, STEADY, quickly, reading, writing

import rag.dense.served_keeper
import rag.dense.served_making
from rag.library import Library
from rag.settings import Settings

KILLS = some(20, 3)
_PATIENCE_S = 300.0

pytestmark = pytest.mark.shared


@pytest.fixture
def server(tmp_path):
    process = ChromaProcess(tmp_path / "disk")
    process.start()
    yield process
    process.kill()


@pytest.fixture
def settings(path, server, monkeypatch) -> Settings:
    for module, name in (
        (rag.dense.served_keeper, "LOOK_S"),
        (rag.dense.served_keeper, "AGAIN_S"),
        (rag.dense.served_keeper, "MOST_S"),
        (rag.dense.served_keeper, "AT_ONCE"),
        (rag.dense.served_making, "GRACE_S"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))  # and back at the end
    quickly()
    made = Settings(library=path, chroma=server.url)
    with Library.of(made, create=True) as library:
        for name in STEADY:
            put_lines(library, name, LINES)
        library.open_index()
    return made


def test_a_server_that_is_killed_under_load(processes, settings, server) -> None:
    draw = random.Random(3)
    told: dict[str, list[tuple]] = {}
    children = {}
    for target in (writing, reading):
        ours, theirs = processes.Pipe()
        child = processes.Process(target=target, args=(settings.library, settings.chroma, theirs))
        child.start()
        theirs.close()
        children[target.__name__], told[target.__name__] = (child, ours), []
    listen(children, told, 1.0)
    for _ in range(KILLS):
        listen(children, told, 0.3 + draw.random())
        server.kill()
        listen(children, told, 0.2 * draw.random())
        server.start()
    listen(children, told, 0.5)
    for name, (child, pipe) in children.items():
        pipe.send("end")
        while not told[name] or told[name][-1][0] != "end":
            assert pipe.poll(_PATIENCE_S), f"{name} does not end"
            told[name].append(pipe.recv())
        child.join(_PATIENCE_S)
        assert child.exitcode == 0
    wrong = [f"{kind}: {name} {what}" for kind, name, what in told["reading"] if kind != "end"]
    wrong += lost_documents(settings.library, told["writing"]) + differences(settings)
    for _ in range(KILLS - 1):
        count("Chroma server killed", [])
    TALLY["Chroma server killed: documents written meanwhile"] += sum(t[0] == "done" for t in told["writing"])
    TALLY["Chroma server killed: questions asked meanwhile"] += told["reading"][-1][2]
    assert count("Chroma server killed", wrong) == []


def listen(children: dict, told: dict[str, list[tuple]], seconds: float) -> None:
    """Hear what the children tell for a while; they are still at it then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, (child, pipe) in children.items():
            while pipe.poll():
                told[name].append(pipe.recv())
            assert child.exitcode is None, f"{name} ended"
        time.sleep(0.01)


def lost_documents(path: Path, told: list[tuple]) -> list[str]:
    """Return what was acknowledged and is not there."""
    last = {name: version for kind, name, version in told if kind == "done"}
    with Library.open(path) as library:
        wrong = []
        for name in (*STEADY, *CHANGING):
            version = last.get(name, 0)
            there = [each.id for each in library.catalog.stored(name)[0]]
            wanted = name in STEADY or version
            expected = [f"{name}.{version}.{i}" for i in range(LINES)] if wanted else []
            if there != expected:
                wrong.append(f"lost: {name} should be {expected}, and is {there}")
    return wrong


def differences(settings: Settings) -> list[str]:
    """Return where the index on the server differs from the catalogue, once it was opened."""
    with Library.of(settings) as library:
        library.lock("a check")
        library.open_index()
        if library._index._held is None:
            return ["the index on the server does not answer"]
        wrong = [f"lost: {each} does not find itself" for each in lost_of(library)]
        held, want = in_collection(library, settings), set(library.catalog.passage_ids())
        if held != want:
            wrong.append(f"half: the index lacks {want - held} and has {held - want}")
        if collections(settings) != [served_state(library)["collection"]]:
            wrong.append(f"left over: {collections(settings)}")
    return wrong
