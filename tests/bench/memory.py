"""Resident memory of the chat after 20 questions, with and without the model's process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console

from rag.assistant import Assistant
from tests.bench.common import library_of, questions_in, settings

QUESTIONS = 20


def bench(console: Console, documents: Sequence[Path], file: Path) -> None:
    from ui.app import create_app

    with library_of(documents) as path, Assistant.open(settings=settings(path)) as assistant:
        assistant.warm()
        create_app(assistant, settings(path))
        for question in questions_in(file, QUESTIONS):
            assistant.ask(question["question"])
        own = psutil.Process()
        chat = own.memory_info().rss
        child = sum(each.memory_info().rss for each in own.children(recursive=True))
    console.rule(f"resident memory after {QUESTIONS} questions")
    console.print(f"the chat         {chat / 2**20:7,.0f} MiB")
    console.print(f"with the model   {(chat + child) / 2**20:7,.0f} MiB")
