"""Several people at once on the local model: what an answer costs beside three others, against one alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from rag.assistant import Assistant
from rag.types import TextWritten
from tests.bench.common import library_of, questions_in, settings
from ui.answers import Answers

PEOPLE = 4
Times = tuple[float, float]
"""Seconds to the first word and to the end."""


def bench(console: Console, documents: Sequence[Path], file: Path, rounds: int) -> None:
    questions = [each["question"] for each in questions_in(file, PEOPLE * rounds + 1, answerable=True)]
    with library_of(documents) as path, Assistant.open(settings=settings(path)) as assistant:
        answers = Answers(assistant)
        assistant.warm()

        def asked(question: str) -> Times:
            began, first = time.perf_counter(), None
            for event in answers.events(question, wanted=lambda: True, on_place=lambda _: None):
                if first is None and isinstance(event, TextWritten):
                    first = time.perf_counter() - began
            whole = time.perf_counter() - began
            return (whole if first is None else first, whole)

        asked(questions.pop())  # what is loaded by the first question is loaded
        groups = [questions[n : n + PEOPLE] for n in range(0, len(questions), PEOPLE)]
        alone = [[asked(question) for question in group] for group in groups]
        _forget(assistant)
        with ThreadPoolExecutor(PEOPLE) as people:
            together = [list(people.map(asked, group)) for group in groups]
    console.rule(f"{PEOPLE} people at once, {len(questions)} questions, {assistant.model}")
    for place, what in enumerate(("first word", "whole answer")):
        one = statistics.mean(each[place] for group in alone for each in group)
        mean = statistics.mean(each[place] for group in together for each in group)
        slowest = statistics.mean(max(each[place] for each in group) for group in together)
        console.print(
            f"{what:<13} alone {one:5.2f} s   ratio: mean {mean / one:.2f}, slowest {slowest / one:.2f}"
        )


def _forget(assistant: Assistant) -> None:
    """Have another process of the model: the old one would not read again what it has read."""
    if assistant.chat_model is not None:
        assistant.chat_model.close()
    assistant.warm()
