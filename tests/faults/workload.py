"""What the children of these tests do to a library until something stops them.

Every text follows from a document's name and version, so that the parent knows what must be there.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import numpy as np
from fakes import AngleEmbedder

import ingest.local_engine
import rag.dense.index
from ingest.entry import document_id
from ingest.limits import Limits
from ingest.pipeline import Outcome, add
from ingest.worker import Worker
from rag.errors import FootnoteError, LibraryInUse
from rag.library import Library

NAMES = tuple(f"doc{i}" for i in range(8))
PARAGRAPHS = 5
PRODUCT = f"{Path(rag.__file__).parent}{os.sep}"


class HashEmbedder(AngleEmbedder):
    """Texts as directions drawn from their hashes: cheap, always the same, and never near each other."""

    fingerprint = "fake:hash"
    dimensions = 16

    def _one(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=self.dimensions)
        return list(vector / np.linalg.norm(vector))


def patient(limits: Limits) -> Worker:
    """Return what reads files on a machine that may be busy with a hundred other children."""
    return Worker(replace(limits, load_timeout_s=600))


def words(name: str, version: int) -> list[str]:
    """Return the words that no other document or version has: one for each paragraph."""
    return [f"{name}v{version}p{i}q" for i in range(PARAGRAPHS)]


def text_of(name: str, version: int) -> str:
    """Return a text of some passages; a new version keeps the first paragraph's filling."""
    filling = [f"Paragraph {i} of {name} goes on and on. " * 18 for i in range(PARAGRAPHS)]
    return "\n\n".join(
        f"The word is {word}. {f}" for word, f in zip(words(name, version), filling, strict=True)
    )


def sha256(name: str, version: int) -> str:
    return hashlib.sha256(text_of(name, version).encode()).hexdigest()


def identity(files: Path, name: str) -> str:
    return document_id((files / f"{name}.txt").as_uri())


def small_index_steps() -> None:
    """Let Chroma write its graph to the disk after every few vectors, instead of every thousand."""
    rag.dense.index.HNSW["batch_size"] = 4
    rag.dense.index.SYNC = 8


def churn(library: Path, files: Path, seed: int, tell: Callable[[tuple[str, str, int]], None]) -> None:
    """Add, change and remove documents at random, and tell before and after each: version 0 is none."""
    small_index_steps()
    draw = random.Random(seed)
    with Library.open(library, create=True) as opened:
        opened.require(HashEmbedder.fingerprint)
        opened.open_index()
        for step in range(1, 30):
            chosen = draw.sample(NAMES, draw.choice((1, 1, 3)))
            if draw.random() < 0.3:
                remove(opened, files, chosen[0], tell)
            else:
                put(opened, files, chosen, seed * 1000 + step, tell)


def put(
    library: Library,
    files: Path,
    names: list[str],
    version: int,
    tell: Callable[[tuple[str, str, int]], None] = lambda _: None,
) -> None:
    paths = [files / f"{name}.txt" for name in names]
    for name, path in zip(names, paths, strict=True):
        path.write_text(text_of(name, version))
        tell(("begin", name, version))

    def acknowledge(outcome: Outcome) -> None:
        assert outcome.kind != "failed", outcome.reason
        tell(("done", outcome.path.stem, version))

    with patch.object(ingest.local_engine, "Worker", patient):
        add(library, paths, HashEmbedder(), on_outcome=acknowledge)


def remove(
    library: Library, files: Path, name: str, tell: Callable[[tuple[str, str, int]], None] = lambda _: None
) -> None:
    if library.catalog.document(identity(files, name)):
        tell(("begin", name, 0))
        library.remove(identity(files, name))
        tell(("done", name, 0))


# -- targets of child processes ----------------------------------------------------------------------------


def churning(library: Path, files: Path, seed: int, pipe: Any) -> None:
    churn(library, files, seed, pipe.send)


def stepping(library: Path, files: Path, seed: int, pipe: Any, last: int) -> None:
    """Rebuild, remove, change and close, and die at line number `last` of what the product runs."""
    small_index_steps()
    HashEmbedder().embed(["numpy's own imports"])
    steps = 0

    def at_line(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal steps
        if event == "line":
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return at_line

    def at_call(frame: FrameType, _event: str, _argument: object) -> Any:
        return at_line if frame.f_code.co_filename.startswith(PRODUCT) else None

    sys.settrace(at_call)
    with Library.open(library) as opened:
        opened.open_index()
        remove(opened, files, NAMES[seed % len(NAMES)], pipe.send)
        put(opened, files, [NAMES[(seed + 1) % len(NAMES)]], seed * 1000 + 1, pipe.send)
    sys.settrace(None)
    pipe.send(("steps", "", steps))


def holding(library: Path, pipe: Any) -> None:
    """Hold a library until told to let go."""
    with Library.open(library) as opened:
        opened.lock("a holder")
        pipe.send("held")
        pipe.recv()


def racing(library: Path, start: Any, pipe: Any) -> None:
    """Try to write to a library at the same time as another process."""
    with Library.open(library) as opened:
        start.wait()
        began = time.monotonic()
        try:
            opened.lock("a race")
        except LibraryInUse as error:
            pipe.send((str(error), time.monotonic() - began))
        else:
            pipe.send(("", time.monotonic() - began))
        pipe.recv()


def adding(library: Path, files: Path, said: Path) -> None:
    """Run `footnote add`, a batch for each file; the second one waits for a file ``go`` beside `said`."""
    import rag.models
    import ui.cli

    class Waiting(HashEmbedder):
        batches = 0

        def embed(self, texts: Sequence[str]) -> Any:
            self.batches += 1
            end = time.monotonic() + 300
            while self.batches > 1 and not said.with_name("go").exists() and time.monotonic() < end:
                time.sleep(0.02)
            return super().embed(texts)

    output = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    rag.models.make_embedder = lambda *_: Waiting()
    ingest.local_engine.EMBED_AT_ONCE = 1
    ingest.local_engine.Worker = patient
    sys.argv = ["footnote", "add", str(files), "--library", str(library)]
    ui.cli.main()


def drop_privileges() -> None:
    """Go on as a user who owns nothing; who is not root stays who it is."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def visiting(library: Path, pipe: Any) -> None:
    """Read and write as a user who is not root, and send what is said to that."""
    with tempfile.TemporaryDirectory() as folder, Library.open(folder, create=True) as opened:
        opened.lock()
        opened.documents()
    drop_privileges()
    pipe.send((_said(library, Library.documents), _said(library, Library.lock)))


def _said(library: Path, act: Callable[[Library], object]) -> str:
    try:
        with Library.open(library) as opened:
            return f"nothing: {act(opened)}"
    except FootnoteError as error:
        return f"{type(error).__name__}: {error}"
