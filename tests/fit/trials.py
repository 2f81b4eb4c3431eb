"""Questions of several kinds of libraries, with what is known of them: what the confidence is fitted on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.evaluation.questions import Question, QuestionSet, sample
from rag.evaluation.readers import read
from tests.fit.common import group_of
from ui.workshop import Opened, Workshop

ROOT = Path(__file__).parents[2]
STARTER = ROOT / ".cache" / "library"
"""The starter documents, as ``make starter`` adds them."""
FOLDS = 4
SIZES = (150, 120, 240)
"""Questions drawn: answerable, unanswerable beside their paragraph, answerable with their article absent."""
MORE = 60
"""Further ones of the first and the last kind, and of foreign questions, for the evidence alone."""
LONG = 60


@dataclass(frozen=True, slots=True)
class Trial:
    """A question to be asked; `kind` is ``answerable``, ``beside`` (its paragraph) or ``absent``."""

    opened: Opened
    question: Question
    kind: str
    domain: str
    group: str
    write: bool = True


def trials(rooms: Workshop, folder: Path, limit: int) -> Iterator[Trial]:
    """Yield the questions of the sets in a folder and of the starter documents, their library open."""
    sets = {each.kind: each for each in read([folder])}
    factoid = sets["factoid"]
    yield from paragraphs(rooms, factoid, limit)
    yield from single(rooms, factoid, "paragraph", write=False)
    yield from single(rooms, sets["injection"], "mail or table", write=True)
    yield from news(rooms, sets["multihop"])
    yield from starter(rooms, [q for q in factoid.questions if q.answerable])


def news(rooms: Workshop, asked: QuestionSet) -> Iterator[Trial]:
    """Yield long questions over several articles."""
    written = {question.id for question in sample(asked.questions, LONG, 0)}
    with rooms.build(asked.sources) as opened:
        for question in asked.questions:
            kind = "answerable" if question.answerable else "absent"
            yield Trial(opened, question, kind, "news", question.id, question.id in written)


def paragraphs(rooms: Workshop, asked: QuestionSet, limit: int) -> Iterator[Trial]:
    """Yield questions of many paragraphs: answered by one, not answered, and with their article removed."""
    draw = random.Random(7)  # noqa: S311 - no secret
    known = [q for q in asked.questions if q.answerable]
    unknown = [q for q in asked.questions if not q.answerable]
    sampled = [draw.sample(of, n) for of, n in zip((known, unknown, known), SIZES, strict=True)]
    sampled = [each[: limit * len(each) // SIZES[0]] for each in sampled]
    more = draw.sample(known, 2 * MORE)
    article = group_of(asked)

    def trial(opened, question, kind, write=True):
        return Trial(opened, question, kind, "paragraphs", article[question.relevant[0]], write)

    with rooms.build(asked.sources) as opened:
        yield from (trial(opened, question, "answerable") for question in sampled[0])
        yield from (trial(opened, question, "beside") for question in sampled[1])
        yield from (trial(opened, question, "answerable", write=False) for question in more[:MORE])
    groups = sorted(set(article.values()))
    for fold in range(FOLDS):
        absent = set(groups[fold::FOLDS])
        rest = [source for source in asked.sources if article[source.id] not in absent]
        with rooms.build(rest) as opened:
            for questions, write in ((sampled[2], True), (more[MORE:], False)):
                inside = (q for q in questions if article[q.relevant[0]] in absent)
                yield from (trial(opened, question, "absent", write) for question in inside)


def single(rooms: Workshop, asked: QuestionSet, domain: str, *, write: bool) -> Iterator[Trial]:
    """Yield questions of libraries of one document: its own, and one of another's."""
    draw = random.Random(7)  # noqa: S311 - no secret
    questions = [q for q in asked.questions if q.answerable]
    questions = draw.sample(questions, min(len(questions), 2 * MORE))
    sources = {source.id: source for source in asked.sources}
    for own, other in zip(questions, [*questions[1:], questions[0]], strict=True):
        source = sources[own.relevant[0]]
        with rooms.build([source]) as opened:
            yield Trial(opened, own, "answerable", domain, source.id, write)
            if sources[other.relevant[0]].group != source.group or not source.group:
                yield Trial(opened, other, "absent", domain, source.id, write=False)


def starter(rooms: Workshop, foreign: Sequence[Question]) -> Iterator[Trial]:
    """Yield the questions about the starter documents, and some that have nothing to do with them."""
    [golden] = read([ROOT / "seeds" / "golden.jsonl"])
    at_starter = replace(rooms, settings=rooms.settings.model_copy(update={"library": STARTER}))
    with at_starter.own() as opened:
        for question in golden.questions:
            yield Trial(
                opened, question, "answerable" if question.answerable else "beside", "guide", question.id
            )
        for question in random.Random(7).sample(foreign, MORE):  # noqa: S311 - no secret
            yield Trial(opened, question, "absent", "guide", question.id, write=False)
