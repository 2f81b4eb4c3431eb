"""What is whole of a damaged catalogue is saved, exactly as it was; what is not is named."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from damages import GONE, WAYS, damage
from tally import TALLY, some
from workload import HashEmbedder

from ingest.entry import document_id, identified
from rag.catalog import FILE
from rag.checking.salvage import salvage
from rag.errors import LibraryDamaged
from rag.library import Library
from rag.storage import page_sums
from rag.types import Document, Passage, Text

N_DOCUMENTS = 30
PAGE = 4096
PLACES = 20

Content = dict[str, tuple]


def fill(library: Library) -> None:
    """Add documents of one to twelve passages, as the pipeline would; the last one could not be read."""
    from ingest.chunk import passage_id

    draw = random.Random(1)
    library.require(HashEmbedder.fingerprint)
    for number in range(N_DOCUMENTS):
        uri = f"file:///documents/number%20{number}.txt"
        identity, title = document_id(uri), f"Number {number}"
        text, cut = "", []
        for n in range(draw.randint(1, 12)):
            words = " ".join(f"w{draw.randrange(10**6)}é" for _ in range(draw.randint(5, 200)))
            start = len(text)
            text += f"{words}\n\n"
            key = passage_id(identity, start, title, words)
            cut.append(Passage(key, identity, words, start, start + len(words), 1, (f"Part {n}",)))
        vectors = HashEmbedder().embed([passage.text for passage in cut])
        facts = Document(
            id=identity,
            uri=uri,
            title=title,
            media_type="text/plain",
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            n_chars=len(text),
            n_pages=1,
            n_passages=len(cut),
            added_at="2026-01-01T00:00:00+00:00",
        )
        library.put(facts, Text(text, "text/plain", pages=(0,)), cut, [title] * len(cut), vectors)
    lost = "file:///documents/unread.pdf"
    library.fail(Document(document_id(lost), lost, "Unread", "x", "", 0, None, 0, "now", "failed", "broken"))


def content(folder: Path) -> Content:
    """Return all that a library holds, by the uris of the documents."""
    with Library.open(folder) as library:
        assert identical(library)
        ids, matrix = library.catalog.vectors()
        of = dict(zip(ids, matrix, strict=True))
        found = {}
        for document in library.documents():
            cut, contexts = library.catalog.stored(document.id)
            pages = library.catalog.pages([document.id]).get(document.id)
            vectors = [of[passage.id].tobytes() for passage in cut]
            found[document.uri] = (document, library.text(document.id), pages, cut, contexts, vectors)
        return found


def identical(library: Library) -> bool:
    """Return whether SQLite, and the lexical index, find no fault with a library."""
    with closing(sqlite3.connect(library.path / FILE)) as raw:
        raw.execute("INSERT INTO passage_index(passage_index, rank) VALUES ('integrity-check', 1)")
        return raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> tuple[Path, Content]:
    folder = tmp_path_factory.mktemp("sound") / "library"
    with Library.open(folder, create=True) as library:
        fill(library)
    return folder, content(folder)


@pytest.fixture
def copy(sound, path) -> Path:
    return Path(shutil.copytree(sound[0], path))


def close_to(one: tuple, other: tuple) -> bool:
    """Return whether two documents differ at most in what nothing but a checksum tells."""
    near = all(
        np.linalg.norm(np.frombuffer(a, np.float32) - np.frombuffer(b, np.float32)) < 0.2
        for a, b in zip(one[5], other[5], strict=True)
    )
    same = [_place(each) for each in one[3]] == [_place(each) for each in other[3]]
    return near and same and one[0].uri == other[0].uri and len(one[1]) == len(other[1])


def _place(passage: Passage) -> tuple:
    return passage.id, passage.text, passage.start, passage.end


def saved_of(folder: Path, before: bytes, original: Content, kind: str, *, exact: bool) -> int:
    """Salvage a library, check all that came of it, and return how many documents were saved."""
    try:
        made = salvage(folder, identified)
    except LibraryDamaged:
        assert (folder / FILE).read_bytes() == before
        TALLY[f"salvage, {kind}: nothing saved"] += 1
        return 0
    assert made.exact == exact
    assert made.kept.read_bytes() == before
    assert not [file for file in folder.iterdir() if ".part" in file.name]
    saved = content(folder)
    for uri, held in saved.items():
        assert held == original[uri] if exact else close_to(held, original[uri]), uri
    assert len(saved) == made.n_documents
    assert sum(len(held[3]) for held in saved.values()) == made.n_passages
    named = {lost.uri for lost in made.lost if lost.uri}
    assert not named & set(saved)
    assert len(saved) + len(made.lost) <= len(original)
    TALLY[f"salvage, {kind}: cases"] += 1
    TALLY[f"salvage, {kind}: documents that were there"] += len(original)
    TALLY[f"salvage, {kind}: documents saved"] += len(saved)
    return len(saved)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << (at % 8))]) + data[at + 1 :]


def zero(data: bytes, at: int) -> bytes:
    start = at // PAGE * PAGE
    return data[:start] + bytes(PAGE) + data[start + PAGE :]


def cut(data: bytes, at: int) -> bytes:
    return data[:at]


@pytest.mark.parametrize("sums", [True, False], ids=["with checksums", "without"])
@pytest.mark.parametrize("way", [flip, zero, cut], ids=["a flip", "a page of zeros", "cut"])
def test_damage_at_every_place(way, sums: bool, sound, copy) -> None:
    whole = (copy / FILE).read_bytes()
    beside = page_sums.sums_file(copy / FILE).read_bytes()
    draw = random.Random(way.__name__)
    kind = f"{way.__name__} {'with' if sums else 'without'} checksums"
    for _ in range(some(10 * PLACES, PLACES)):
        while (data := way(whole, draw.randrange(len(whole)))) == whole:
            continue  # a page that was zeros before
        laid(copy, data, beside if sums else None)
        with pytest.raises(LibraryDamaged, match="or save what is whole by 'footnote check --repair'"):
            Library.open(copy)
        n_saved = saved_of(copy, data, sound[1], kind, exact=sums)
        if sums and way is flip:
            assert n_saved == N_DOCUMENTS + 1, "one bit is flipped back"


@pytest.mark.parametrize("way", [*WAYS, GONE])
def test_every_way_of_damage(way, sound, copy) -> None:
    whole = (copy / FILE).read_bytes()
    beside = page_sums.sums_file(copy / FILE).read_bytes()
    for seed in range(some(10, 1)):
        laid(copy, whole, beside)
        damage(copy / FILE, way, seed)
        if way == GONE:
            with pytest.raises(LibraryDamaged, match="nothing of the catalogue"):
                salvage(copy, identified)
            continue
        data = (copy / FILE).read_bytes()
        saved_of(copy, data, sound[1], f"'{way}'", exact=True)


@pytest.mark.parametrize("seed", range(some(40, 4)))
def test_a_catalogue_in_use_with_its_log(seed, sound, copy) -> None:
    """It has no checksums, and some of it is in the log of a writer that was killed."""
    with Library.open(copy) as library:
        library.lock()
        gone = library.find("Number 3")
        library.remove(gone.id)
        assert (copy / f"{FILE}-wal").stat().st_size
        left = {file: file.read_bytes() for file in copy.glob(f"{FILE}*")}
    page_sums.forget(copy / FILE)
    for file, each in left.items():
        file.write_bytes(each)
    whole = left[copy / FILE]
    data = flip(whole, random.Random(seed).randrange(len(whole)))
    (copy / FILE).write_bytes(data)
    original = {uri: held for uri, held in sound[1].items() if uri != gone.uri}
    saved_of(copy, data, original, "a flip beside a log", exact=False)
    assert (copy / "catalogue-damaged-1-wal").read_bytes() == left[copy / f"{FILE}-wal"]


def laid(folder: Path, data: bytes, beside: bytes | None) -> None:
    """Make a library's folder one with this catalogue alone, and with these checksums."""
    for each in folder.iterdir():
        each.unlink()
    (folder / FILE).write_bytes(data)
    if beside is not None:
        page_sums.sums_file(folder / FILE).write_bytes(beside)
