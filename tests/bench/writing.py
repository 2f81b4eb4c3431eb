"""What the work of the local model is: tokens read, served by its cache and written, by answers at a time.

The prompts are those of the product, and each is asked for once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from rag.answer.prompt import messages, select
from rag.answer.writer import ENOUGH, Messages, Writer
from rag.assistant import Assistant
from rag.llm.local_chat import LocalChat
from rag.models import make_chat_model
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import completed
from rag.settings import Settings
from tests.bench.common import library_of, questions_in, settings

AT_ONCE = (1, 2, 4)


def bench(console: Console, documents: Sequence[Path], file: Path, limit: int) -> None:
    questions = [each["question"] for each in questions_in(file, limit, answerable=True)]
    with library_of(documents) as path:
        ours = settings(path)
        with Assistant.open(settings=ours.model_copy(update={"llm": "none"})) as assistant:
            prompts = [_prompt(assistant, question, ours.evidence_budget) for question in questions]
    console.rule(f"the local model at work, {len(prompts)} questions")
    alone = 0.0
    for slots in AT_ONCE:
        answers, seconds = _written(ours.model_copy(update={"llm_at_once": slots}), prompts)
        each = seconds / len(prompts) * slots
        alone = alone or each
        read, served = (sum(answer[name] for answer in answers) for name in ("prompt_n", "cache_n"))
        line = f"{slots} at a time: {served / (served + read):.0%} of the prompts from the cache; "
        if slots == 1:
            took = sum(answer["prompt_ms"] for answer in answers) / read
            wrote, tokens = (sum(a[name] for a in answers) for name in ("predicted_ms", "predicted_n"))
            line += f"{took:.1f} ms a token read, {wrote / tokens:.1f} ms a token written; "
        console.print(f"{line}an answer {each:.1f} s, ratio {each / alone:.2f}")


def _prompt(assistant: Assistant, question: str, budget: int) -> Messages:
    found = assistant._source.evidence(
        assistant.embedder, FollowUp(question), assistant.settings.passages, None, None
    )
    return messages(question, select(completed(found, assistant.embedder).ranked, budget, ENOUGH))


def _written(ours: Settings, prompts: Sequence[Messages]) -> tuple[list[dict[str, Any]], float]:
    """Return the model's own timings of each answer, and the seconds that all took."""
    model = make_chat_model(ours)
    if not isinstance(model, LocalChat):
        raise SystemExit("only a local model tells what its work is made of: unset FOOTNOTE_LLM")
    try:
        Writer(model, ours, None).prepare()
        url, key = model._server.ensure_running()
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(headers=headers, timeout=ours.llm_timeout_s, trust_env=False) as client:

            def written(prompt: Messages) -> dict[str, Any]:
                said = [{"role": role, "content": text} for role, text in prompt]
                order = {"messages": said, "temperature": 0, "max_tokens": ours.answer_tokens}
                return dict(client.post(f"{url}/chat/completions", json=order).json()["timings"])

            began = time.perf_counter()
            with ThreadPoolExecutor(ours.answers_at_once) as people:
                answers = list(people.map(written, prompts))
            return answers, time.perf_counter() - began
    finally:
        model.close()
