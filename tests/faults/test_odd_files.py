"""A folder of odd files, broken, locked, scanned or mislabelled, through the whole of `add`.

The folder is that of ``FOOTNOTE_ODD_FILES``; without it there is nothing here to test. In the long run
(see `tally`) the table of what became of each file is printed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tally import LONG
from trial import JARGON, Trial, tried

from ingest.files import shown
from ingest.limits import Limits
from ingest.load import SUPPORTED
from rag.library import Library

FOLDER = Path(os.environ["FOOTNOTE_ODD_FILES"])
LIMITS = Limits(load_timeout_s=float(os.environ.get("FOOTNOTE_TRAP_S", "30")))
GRACE_S = 60.0
LEAST_READ = 0.95
NO_TEXT = ("locked with a password", "no text on", "there is no text in it", "is encrypted")
"""What is said of files that have no text to be had; any other refusal counts as text that is lost."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Trial:
    with Library.open(tmp_path_factory.mktemp("odd") / "library", create=True) as library:
        done = tried(library, [FOLDER], LIMITS)
    if LONG:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stderr.write(table(done))
    return done


def table(trial: Trial) -> str:
    lines = [
        f"{met.seconds:5.1f} s  {len(met.text):8,}  {path.relative_to(FOLDER).as_posix()[-50:]:50}  "
        f"{met.words.removeprefix(shown(path.name) + ': ')}"
        for path, met in trial.met.items()
    ]
    return "\n".join(["", *lines, ""])


def test_every_file_is_named_in_plain_words(trial: Trial):
    for path, met in trial.met.items():
        if met.outcome.kind == "failed":
            assert met.words.startswith(f"{shown(path.name)}: ")
            assert not JARGON.search(met.words.removeprefix(f"{shown(path.name)}: ")), met.words
        else:
            assert any(map(str.isalnum, met.text))


def test_none_takes_longer_than_it_may(trial: Trial):
    assert max(met.seconds for met in trial.met.values()) < LIMITS.load_timeout_s + GRACE_S


def test_the_text_of_files_that_have_one_is_found(trial: Trial):
    known = {path: met for path, met in trial.met.items() if path.suffix.lower() in SUPPORTED}
    having = {p: m for p, m in known.items() if not any(words in m.words for words in NO_TEXT)}
    lost = [path.name for path, met in having.items() if not met.text]

    assert len(lost) <= (1 - LEAST_READ) * len(having), lost
