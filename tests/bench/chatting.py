"""Many people at once: how soon each has the key quotes while the model writes for one after the other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console

from rag.library import Library
from rag.people.conversation import StoredTurn
from rag.people.conversations import Conversations
from tests.askers import Heard, all_ask, percentiles
from tests.bench.common import library_of, questions_in

STOP_S = 60


@contextmanager
def chat_over(library: Path, *options: str) -> Iterator[str]:
    """Run the chat over a library, and yield its address."""
    command = [sys.executable, "-m", "ui.cli", "chat", "--port", "0", "--library", str(library), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        found = next((url for line in process.stdout or () if (url := re.search(r"http://\S+", line))), None)
        if found is None:
            raise SystemExit("the chat did not start")
        yield found.group()
    finally:
        process.terminate()
        process.communicate(timeout=STOP_S)


def bench(console: Console, documents: Sequence[Path], file: Path, people: int, each: int) -> None:
    asked = [question["question"] for question in questions_in(file, answerable=True)]
    endless = cycle(asked)
    questions = [list(islice(endless, each)) for _ in range(people)]
    with library_of(documents) as path:
        with chat_over(path) as url:
            all_ask(url, [asked[:1]])  # what is loaded by the first question is loaded
            heard = all_ask(url, questions)
        with Library.open(path) as library:
            kept = Conversations(library.catalog)
            turns = [kept.turns(conversation, "") for conversation, _ in heard]
    writer = next((turn.answer.model for own in turns for turn in own if turn.answer is not None), "nobody")
    console.rule(f"{people} people at once, {each} questions each, {writer} writes")
    _tell(console, "the first, all at once", [own[:1] for _, own in heard], [own[:1] for own in turns])
    if each > 1:
        _tell(console, "the others, as they come", [own[1:] for _, own in heard], [own[1:] for own in turns])


def _tell(
    console: Console, label: str, heard: Sequence[Sequence[Heard]], turns: Sequence[Sequence[StoredTurn]]
) -> None:
    every = [each for own in heard for each in own]
    answers = [turn.answer for own in turns for turn in own if turn.answer is not None]
    console.print(f"{label}: {len(answers)} answers to {len(every)} questions")
    console.print(f"  passages found   {percentiles([a.timings['retrieve_s'] or 0.0 for a in answers])}")
    console.print(
        f"  key quotes shown {percentiles([each.quoted_s for each in every if each.quoted_s is not None])}"
    )
    console.print(f"  answer complete  {percentiles([each.answered_s for each in every])}")
