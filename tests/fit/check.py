"""Prints how the check of sentences judges claims of which it is known whether their source carries them."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from rag.evaluation.questions import Question
from rag.evaluation.readers import read
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import Found, find
from rag.text.words import stems
from rag.verification.citations import align, claim
from tests.fit.claims import Claim, claims_of
from tests.fit.common import library_of

SEED = 5
SENTENCES = 2
"""Sentences of the passage that a question is about, of which claims are made."""
VERDICTS = ("supported", "partly", "unsupported")


def measure(console: Console, folder: Path, limit: int) -> None:
    """Make claims of the passages that questions are about, judge them, and print a table."""
    [asked] = [each for each in read([folder]) if each.kind == "factoid"]
    draw = Random(SEED)
    questions = draw.sample(asked.questions, min(limit, len(asked.questions)))
    counts: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    with library_of(console, asked.sources) as opened:
        library, embedder = opened.assistant.library, opened.assistant.embedder
        for question in questions:
            found = find(library, embedder, FollowUp(question.text), 6)
            made = _made(found, question, opened.ids, draw)
            seen = embedder.embed_tokens([claim(each.text, question.text) for each in made])
            for each, tokens in zip(made, seen, strict=True):
                verdict = align(each.text, tokens, found.spans, found.tokens, question.text)
                counts[each.true, each.kind][verdict.support] += 1
    console.print(_table(counts))


def _made(found: Found, question: Question, ids, draw: Random) -> list[Claim]:
    """Return claims of some sentences of the passage that a question is about, where it was found."""
    about = [each.text for each in found.spans if ids[each.passage.uri] in question.relevant]
    fit = [" ".join(text.split()) for text in about if 5 <= len(stems(text)) <= 40]
    return [each for text in draw.sample(fit, min(SENTENCES, len(fit))) for each in claims_of(text)]


def _table(counts) -> Table:
    table = Table("claim", "n", *VERDICTS, box=None)
    for true in (True, False):
        kinds = {kind: of for (carried, kind), of in counts.items() if carried is true}
        for kind, of in kinds.items():
            table.add_row(*_row(kind, of))
        table.add_row(
            *_row("all true" if true else "all false", sum(kinds.values(), Counter())), style="bold"
        )
    return table


def _row(name: str, of: Counter[str]) -> list[str]:
    return [name, f"{of.total():,}", *(f"{of[each] / max(1, of.total()):.3f}" for each in VERDICTS)]
