"""A file of the library is damaged behind its back; that is found when it is opened, and never believed."""

from __future__ import annotations

import json
import logging
import shutil
import time
from pathlib import Path

import pytest
from damages import GONE, WAYS, damage
from ledger import Ledger, check_index
from tally import LONG, TALLY, count
from workload import NAMES, put, small_index_steps

import ingest.local_engine
from rag.catalog import FILE
from rag.errors import FootnoteError, LibraryDamaged
from rag.library import Library

EVERY = (*WAYS, GONE)
FEW = ("cut in half", "zeros in the middle", "a flip anywhere", GONE)
CATALOGUE_FEW = ("cut to nothing", "zeros for a page", "a flip anywhere", "more at the end", GONE)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> tuple[Path, Ledger]:
    """A library that was closed cleanly, with every file that Chroma writes."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "files").mkdir()
    ledger = Ledger(folder / "files")
    small_index_steps()
    with Library.open(folder / "library", create=True) as library:
        library.require("fake:hash")
        library.open_index()
        put(library, folder / "files", list(NAMES), 1, lambda told: ledger.hear(*told))
    return folder / "library", ledger


@pytest.fixture
def copy(sound, path) -> Path:
    return Path(shutil.copytree(sound[0], path))


def index_files(library: Path) -> list[Path]:
    return sorted(file for file in library.glob("chroma-*/**/*") if file.is_file())


def as_was(path: Path, files: dict[Path, bytes]) -> None:
    """Put a library back as it was."""
    shutil.rmtree(path)
    for file, data in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@pytest.mark.parametrize("way", EVERY if LONG else FEW)
def test_a_damaged_index_is_found_and_made_again(way, sound, copy, monkeypatch, caplog) -> None:
    def forbidden(*_arguments: object) -> None:
        raise AssertionError("nothing is parsed or embedded to make an index again")

    monkeypatch.setattr(ingest.local_engine, "Worker", forbidden)
    _, ledger = sound
    whole = {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()}
    names = {file.name for file in index_files(copy)}
    assert names >= {"chroma.sqlite3", "data_level0.bin", "header.bin", "length.bin", "link_lists.bin"}
    for seed, file in enumerate(index_files(copy)):
        as_was(copy, whole)
        caplog.clear()
        if not damage(file, way, seed):
            continue
        started = time.monotonic()
        with caplog.at_level(logging.WARNING), Library.open(copy) as library:
            wrong = ledger.check(library)
            library.open_index()
            TALLY["index damage: slowest opening, ms"] = max(
                TALLY["index damage: slowest opening, ms"], round(1000 * (time.monotonic() - started))
            )
            wrong += check_index(library)
            if json.loads(library.catalog.get_meta("index") or "")["folder"] != "chroma-2":
                wrong.append(f"{file.name}: {way} is not found")
        if "damaged and is made again" not in caplog.text:
            wrong.append(f"{file.name}: {way} is not told")
        assert count("index damage", wrong) == []


def test_an_index_as_it_was_left_is_used_again(sound, copy) -> None:
    with Library.open(copy) as library:
        assert check_index(library) == []
        assert json.loads(library.catalog.get_meta("index") or "")["folder"] == "chroma-1"


@pytest.mark.parametrize("way", EVERY if LONG else CATALOGUE_FEW)
def test_a_damaged_catalogue_is_reported_with_the_way_back(way, copy) -> None:
    damage(copy / FILE, way, 7)
    started = time.monotonic()
    for create in (False, True):
        with pytest.raises(LibraryDamaged, match="damaged .*: bring it back by 'footnote restore"):
            Library.open(copy, create=create)
    TALLY["catalogue damage: slowest opening, ms"] = max(
        TALLY["catalogue damage: slowest opening, ms"], round(500 * (time.monotonic() - started))
    )
    assert count("catalogue damage", []) == []


@pytest.mark.parametrize("seed", range(20 if LONG else 4))
def test_damage_to_a_catalogue_in_use_is_an_error_of_ours_or_none(seed, sound, copy) -> None:
    """No seal vouches for it: SQLite finds what breaks its structure."""
    _, ledger = sound
    with Library.open(copy) as library:
        library.catalog.unseal()
    way = EVERY[seed % len(EVERY)]
    damage(copy / FILE, way, seed)
    told = ""
    try:
        with Library.open(copy) as library:
            ledger.check(library)
    except FootnoteError as error:
        told = str(error)
    assert "\n" not in told
    assert count("damage to a catalogue in use", []) == []
