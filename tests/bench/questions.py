"""Questions with known answers: contained, cited from the right document, refused."""

from __future__ import annotations

import re
import statistics
import string
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from rich.console import Console
from rich.table import Table

from rag.assistant import Assistant
from rag.types import Answer, Citation
from tests.bench.common import Question, library_of, questions_in, settings


def normal(text: str) -> str:
    """Return the text in lower case without punctuation and articles, as SQuAD compares answers."""
    plain = "".join(" " if c in string.punctuation + "–—“”’" else c for c in text.casefold())
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", plain).split())


def holds(text: str, question: Question) -> bool:
    return any(normal(answer) in normal(text) for answer in question["answers"])


def from_right_document(citations: Sequence[Citation], question: Question) -> bool:
    right = question["document"] if isinstance(question["document"], list) else [question["document"]]
    return bool(citations) and unquote(citations[0].uri).endswith(tuple(right))


def bench(console: Console, documents: Sequence[Path], file: Path, limit: int) -> None:
    questions = questions_in(file, limit)
    with library_of(documents) as path, Assistant.open(settings=settings(path)) as assistant:
        assistant.warm()
        answers = [(question, assistant.ask(question["question"])) for question in questions]
        exact = _exact(assistant, [answer for _, answer in answers])
    console.rule(f"{len(questions)} questions of {file.name}, {answers[0][1].model}")
    console.print(_figures(answers, exact))
    for question, answer in answers:
        console.print(_line(question, answer), style="dim", markup=False)


def _exact(assistant: Assistant, answers: Sequence[Answer]) -> float:
    citations = [c for answer in answers for c in answer.sources]
    text = assistant.library.text
    return sum(text(c.document_id)[c.start : c.end] == c.quote for c in citations) / max(len(citations), 1)


def _figures(answers: Sequence[tuple[Question, Answer]], exact: float) -> Table:
    known = [(q, a) for q, a in answers if q["answerable"]]
    unknown = [a for q, a in answers if not q["answerable"]]
    written = [(q, a) for q, a in known if not a.refused]
    cited = [(q, [c for s in a.sentences for c in s.citations]) for q, a in written]
    cited = [(q, citations) for q, citations in cited if citations]
    table = Table(show_header=False, box=None)

    def row(name: str, hits: int, of: int) -> None:
        table.add_row(name, f"{hits / of:.2f}" if of else "–", f"{hits} of {of}")

    row("written answer holds the accepted one", sum(holds(a.text, q) for q, a in known), len(known))
    for n in (1, 3):
        hits = sum(holds(" ".join(c.quote for c in a.quotes[:n]), q) for q, a in known)
        row(f"key quotes hold it, best {n}", hits, len(known))
    both = sum(holds(" ".join((a.text, *(c.quote for c in a.quotes))), q) for q, a in known)
    row("answer and quotes together hold it", both, len(known))
    row(
        "first citation is from the right document",
        sum(from_right_document(c, q) for q, c in cited),
        len(cited),
    )
    row(
        "a citation holds the accepted answer",
        sum(holds(" ".join(c.quote for c in cs), q) for q, cs in cited),
        len(cited),
    )
    row("refused, of unanswerable", sum(a.refused for a in unknown), len(unknown))
    row("refused, of answerable", sum(a.refused for _, a in known), len(known))
    table.add_row("quotes exact", f"{exact:.2f}", "")
    for name in ("retrieve_s", "first_token_s", "total_s"):
        values = [a.timings[name] for _, a in answers if a.timings[name] is not None]
        table.add_row(f"median {name}", f"{statistics.median(values):.2f}" if values else "–", "")
    return table


def _line(question: Question, answer: Answer) -> str:
    if not question["answerable"]:
        verdict = "right refusal" if answer.refused else "SHOULD REFUSE"
    elif answer.refused:
        verdict = "FALSE REFUSAL"
    else:
        verdict = "right" if holds(answer.text, question) else "WRONG"
    support = ",".join(sentence.support for sentence in answer.sentences)
    return f"{verdict:<14} {answer.confidence:.2f} {question['question']} → {answer.text} ({support})"
