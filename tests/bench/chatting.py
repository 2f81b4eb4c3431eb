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

from rag.conversations import Conversations
from rag.library import Library
from tests.askers import all_ask, percentiles
from tests.bench.common import library_of, questions_in

STOP_S = 60


@contextmanager
def chat_over(library: Path) -> Iterator[str]:
    """Run the chat over a library, and yield its address."""
    command = [sys.executable, "-m", "ui.cli", "chat", "--port", "0", "--library", str(library)]
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
            turns = [turn for conversation, _ in heard for turn in kept.turns(conversation, "")]
    every = [one for _, own in heard for one in own]
    answers = [turn.answer for turn in turns if turn.answer is not None]
    console.rule(
        f"{people} people at once, {len(every)} questions, {answers[0].model if answers else 'none'}"
    )
    console.print(f"passages found       {percentiles([a.timings['retrieve_s'] or 0.0 for a in answers])}")
    console.print(
        f"key quotes shown     {percentiles([one.quoted_s for one in every if one.quoted_s is not None])}"
    )
    console.print(f"answer complete      {percentiles([one.answered_s for one in every])}")
    console.print(f"answers              {len(answers)} of {len(every)}")
