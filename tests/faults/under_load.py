"""What processes do to a library whose index is on a Chroma server, while that is killed again and again."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from drawn_lines import drawn, put_lines
from workload import small_index_steps

import rag.dense.served_keeper
from rag.library import Library
from rag.settings import Settings

STEADY = tuple(f"steady{i}" for i in range(40))
"""Documents that stay as they are all the time."""

CHANGING = tuple(f"changing{i}" for i in range(30))
LINES = 5


def quickly() -> None:
    """Look after the index often, and give it what waits soon."""
    small_index_steps()
    keeper = rag.dense.served_keeper
    keeper.LOOK_S, keeper.AGAIN_S, keeper.MOST_S, keeper.AT_ONCE = 0.5, 0.1, 0.5, 20


def writing(library: Path, url: str, pipe: Any) -> None:
    """Add, change and remove documents at random until told to end; tell before and after each."""
    quickly()
    draw = random.Random(7)
    with Library.of(Settings(library=library, chroma=url)) as opened:
        opened.lock("a writer")
        opened.open_index()
        version = 1
        while not pipe.poll():
            name, version = draw.choice(CHANGING), version + 1
            if draw.random() < 0.3 and opened.catalog.document(name):
                pipe.send(("begin", name, 0))
                opened.remove(name)
                pipe.send(("done", name, 0))
            else:
                pipe.send(("begin", name, version))
                put_lines(opened, name, LINES, version)
                pipe.send(("done", name, version))
            time.sleep(0.005)
    pipe.send(("end", "", version))


def reading(library: Path, url: str, pipe: Any) -> None:
    """Ask for what must be there at every moment until told to end; tell what was wrong, and how much."""
    quickly()
    draw = random.Random(11)
    asked, longest = 0, 0.0
    with Library.of(Settings(library=library, chroma=url)) as opened:
        opened.open_index()
        while not pipe.poll():
            name, line = draw.choice(STEADY), draw.randrange(LINES)
            began = time.monotonic()
            hits = [i for i, _ in opened.search_dense(drawn(f"{name}.0", LINES)[line], 20)]
            longest = max(longest, time.monotonic() - began)
            asked += 1
            if hits[:1] != [f"{name}.0.{line}"]:
                pipe.send(("lost", name, f"{line}: {hits[:3]}"))
            if len(set(hits)) != len(hits):
                pipe.send(("twice", name, str(hits)))
    pipe.send(("end", f"{longest:.2f}", asked))
