"""Hostile files through the whole of `add`: each is named in plain words, and the next one is read.

The short run leaves out the slow ones; ``make faults`` runs all, and prints what became of each.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tally import LONG
from traps import CANARY, Trap, canary, every
from trial import JARGON, Met, Trial, tried

from ingest.files import shown
from ingest.limits import Limits
from rag.library import Library

LIMITS = Limits(load_timeout_s=float(os.environ.get("FOOTNOTE_TRAP_S", "30")))
MOST_SPENT_S = 90.0 if LONG else 10.0
MOST_MEMORY = 1_500_000_000 if LONG else 400_000_000
MOST_KEPT = 400_000_000 if LONG else 150_000_000

TRAPS = [trap for trap in every(Path("/secret")) if LONG or not trap.slow]
NEXT = "The next file is read."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traps")


@pytest.fixture(scope="module")
def trial(folder: Path, pytestconfig: pytest.Config) -> Iterator[Trial]:
    """Yield what became of every trap; each stands in a folder with a harmless file in the next."""
    (folder / "outside").mkdir()
    traps = (trap for trap in every(canary(folder / "outside")) if LONG or not trap.slow)
    for number, trap in enumerate(traps):
        own, after = (folder / "inside" / f"{number:03}{end}" for end in ("", "-next"))
        own.mkdir(parents=True)
        after.mkdir()
        trap.put(own)
        (after / "next.txt").write_text(NEXT)
    with Library.open(folder / "library", create=True) as library:
        done = tried(library, [folder / "inside"], LIMITS)
    if LONG:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stderr.write(table(done))
    yield done
    shutil.rmtree(folder)


def met_at(trial: Trial, folder: Path, trap: Trap) -> Met:
    return trial.met[folder / "inside" / f"{TRAPS.index(trap):03}" / trap.name]


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len(TRAPS) >= 100
    assert len({trap.name for trap in TRAPS}) == len(TRAPS)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: shown(trap.name).encode("ascii", "replace").decode())
def test_a_trap_is_named_in_plain_words(trial: Trial, folder: Path, trap: Trap):
    met = met_at(trial, folder, trap)

    assert re.search(trap.outcome, met.words), met.words
    assert not trap.says or met.outcome.kind == "failed" or trap.says in met.text
    if met.outcome.reason:
        assert met.outcome.reason.startswith(f"{shown(trap.name)}: ")
        assert not JARGON.search(met.outcome.reason.removeprefix(f"{shown(trap.name)}: "))
        assert met.outcome.reason.isprintable()


def test_every_next_file_is_read(trial: Trial):
    following = [met for path, met in trial.met.items() if path.name == "next.txt"]

    assert len(following) == len(TRAPS)
    assert {(met.outcome.kind, met.text) for met in following} == {("added", NEXT)}


def test_none_takes_longer_than_it_may(trial: Trial):
    """The child is stopped at its limit; what the parent does with its answer is bounded here."""
    hardest = max(trial.met.values(), key=lambda met: met.spent)

    assert hardest.spent < MOST_SPENT_S, hardest.outcome


def test_the_memory_of_the_program_stays_flat(trial: Trial):
    assert max(met.memory for met in trial.met.values()) - trial.before < MOST_MEMORY
    assert trial.after - trial.before < MOST_KEPT


def test_nothing_outside_the_folder_is_brought_in(trial: Trial):
    assert not [path for path, met in trial.met.items() if CANARY in met.text]


def test_titles_and_reasons_can_be_shown(trial: Trial):
    for met in trial.met.values():
        (met.outcome.title + met.words).encode()
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", met.outcome.title)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" More words." * 1000)


def become_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(grow, "added", id="grows"),
        pytest.param(Path.unlink, "cannot be opened (no such file", id="vanishes"),
        pytest.param(lambda path: os.truncate(path, 0), "the file is empty", id="is emptied"),
        pytest.param(become_a_pipe, "not a regular file", id="becomes a pipe"),
        pytest.param(become_a_folder, "cannot be opened (is a directory", id="becomes a folder"),
    ],
)
def test_a_file_that_changes_between_finding_and_reading(
    library: Library, tmp_path: Path, change: Callable[[Path], None], words: str
):
    folder = tmp_path / "documents"
    folder.mkdir()
    path = folder / "a.txt"
    path.write_text("Few words.")
    (folder / "next.txt").write_text(NEXT)
    trial = tried(library, [folder], LIMITS, lambda name: change(path) if name == "a.txt" else None)

    assert words in trial.met[path].words
    assert trial.met[folder / "next.txt"].text == NEXT


def test_a_file_that_grows_while_it_is_read_is_whole_or_refused(library: Library, tmp_path: Path):
    path = tmp_path / "growing.txt"
    path.write_text("Few words.")
    stop = threading.Event()

    def write() -> None:
        with path.open("ab", 0) as file:
            while not stop.wait(0.0005):
                file.write(b"\nMore words." * 100)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        met = tried(library, [path], Limits(max_file_mb=50)).met[path]
    finally:
        stop.set()
        thread.join()

    assert met.words == "added"
    assert path.read_text().startswith(met.text)


def table(trial: Trial) -> str:
    """Return a line for each trap: seconds, change of the parent's memory in MB, what was said."""
    lines = [
        f"{met.seconds:6.1f} s {met.spent:6.1f} s {(met.memory - trial.before) / 1e6:6.0f} MB "
        f"{shown(path.name)[:32]:32}  "
        f"{met.words.removeprefix(shown(path.name) + ': ')}"
        for path, met in trial.met.items()
        if path.name != "next.txt"
    ]
    total = sum(met.seconds for met in trial.met.values())
    kept, peak = (trial.after - trial.before) / 1e6, trial.peak / 1e6
    return "\n".join(
        [*lines, f"{len(lines)} traps, {total:.0f} s, {kept:.0f} MB kept, {peak:.0f} MB at most\n"]
    )
