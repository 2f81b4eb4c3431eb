"""`footnote add` is told to end: it finishes the files at hand, says so, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from ledger import Ledger, check_index
from tally import TALLY
from workload import NAMES, adding, put, text_of

from rag.errors import LibraryMissing
from rag.library import Library


@pytest.mark.parametrize(
    ("number", "code"),
    [pytest.param(signal.SIGTERM, 143, id="SIGTERM"), pytest.param(signal.SIGINT, 130, id="Ctrl-C")],
)
def test_a_signal_lets_the_files_at_hand_be_finished(number, code, processes, path, files, tmp_path) -> None:
    for name in NAMES:
        (files / f"{name}.txt").write_text(text_of(name, 1))
    said = tmp_path / "said.txt"
    child = processes.Process(target=adding, args=(path, files, said))
    child.start()
    while n_documents(path) == 0 and child.is_alive():
        time.sleep(0.01)
    os.kill(child.pid, number)
    (tmp_path / "go").touch()
    child.join()
    assert child.exitcode == code
    assert "Stopped." in said.read_text()
    ledger = Ledger(files, {name: {0, 1} for name in NAMES})
    with Library.open(path) as library:
        assert ledger.check(library) == []
        known = {document.title for document in library.documents()}
        assert 0 < len(known) < len(NAMES)
        assert all(name in said.read_text() for name in known)
        put(library, files, list(NAMES), 1, lambda told: ledger.hear(*told))
        assert ledger.check(library) + check_index(library) == []
    TALLY["stopped by a signal: runs"] += 1


def n_documents(path) -> int:
    try:
        with Library.open(path) as library:
            return len(library.documents())
    except LibraryMissing:
        return 0
