"""Last turns of conversations: what the earlier turns help to find, and what should be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.evaluation.answering import ask, refusals
from rag.evaluation.bench import Bench, Findings, Opened
from rag.evaluation.metrics import ranking_scores
from rag.evaluation.questions import Question
from rag.evaluation.retrieval import CUTS, ranked, recall_curve
from rag.retrieval.followup import exchanges
from rag.types import EvidenceFound

MEASURES = frozenset({"retrieval", "conversation", "refusal"})
_PASSAGES = 50
"""Passages asked for, so that they are of more than five documents."""
_NAMES = {"recall_5": "recall@5", "ndcg_cut_5": "nDCG@5"}

Scores = Mapping[str, Mapping[str, float]]


def measure(bench: Bench, found: Findings) -> None:
    """Add the figures of a set of conversations."""
    if bench.wants("conversation"):
        with bench.build(found.set.sources, passages=_PASSAGES) as opened:
            _with_history(bench, found, opened)
    if not bench.wants("retrieval", "refusal"):
        return
    with bench.build(found.set.sources) as opened:
        if bench.wants("retrieval"):
            _last_turns(bench, found, opened)
        if bench.wants("refusal"):
            drawn = bench.draw(found.set.questions, model=True)
            asked = ask(bench, opened, drawn, f"{found.set.name}: answers")
            refusals(found, asked, "refused, unanswerable", curve=True)


def _last_turns(bench: Bench, found: Findings, opened: Opened) -> None:
    questions = bench.draw([q for q in found.set.questions if q.relevant], model=False)
    rankings = ranked(bench, opened, questions, f"{found.set.name}: last turns")
    scores = _scores(rankings, questions, (*_NAMES, *(f"recall_{k}" for k in CUTS)))
    for name, ours in _NAMES.items():
        found.mean(f"{ours}, last turn alone", scores[name])
        for group, ids in _groups(questions).items():
            found.mean(f"{ours}, last turn alone, {group}", {i: scores[name][i] for i in ids})
    found.curves.append(recall_curve(found.set.name, scores))


def _with_history(bench: Bench, found: Findings, opened: Opened) -> None:
    """Compare what is found after the earlier turns with what the last turn alone finds."""
    questions = bench.draw([q for q in found.set.questions if q.relevant], model=False)
    ours, theirs, understood = dict[str, list[str]](), dict[str, list[str]](), dict[str, str]()
    for question in bench.track(questions, f"{found.set.name}: follow-ups"):
        ours[question.id], understood[question.id] = _evidence(opened, question.text, question.history)
        theirs[question.id], _ = _evidence(opened, question.text, ())
    after, before = (_scores(each, questions, _NAMES) for each in (ours, theirs))
    for name, shown in _NAMES.items():
        for group, ids in _groups(questions).items():
            alone = sum(before[name][i] for i in ids) / len(ids)
            found.mean(
                f"{shown} with the history, {group}",
                {i: after[name][i] for i in ids},
                baseline=("last turn alone", alone),
            )
            gained = {i: after[name][i] - before[name][i] for i in ids}
            found.mean(f"{shown} gained by the history, {group}", gained)
    for question in questions:
        if after["recall_5"][question.id] < before["recall_5"][question.id]:
            found.fail("recall@5 gained by the history", question, understood[question.id], question.text)


def _evidence(opened: Opened, question: str, history: Sequence[tuple[str, str]]) -> tuple[list[str], str]:
    """Return the sources of the passages that an answer would rest on, best first, and what was understood.

    They are the first event of the product's stream; no answer is written.
    """
    first = next(iter(opened.assistant.stream(question, history=exchanges(history))))
    assert isinstance(first, EvidenceFound)  # noqa: S101 - a stream begins with its evidence
    found = list(dict.fromkeys(opened.ids[passage.uri] for passage in first.passages))
    return found, first.standalone_question


def _scores(
    rankings: Mapping[str, Sequence[str]],
    questions: Sequence[Question],
    names: Sequence[str] | Mapping[str, str],
) -> Scores:
    return ranking_scores(rankings, {q.id: q.relevant for q in questions}, names)


def _groups(questions: Sequence[Question]) -> dict[str, list[str]]:
    """Part the questions that follow earlier turns from those that open a conversation."""
    groups: dict[str, list[str]] = {}
    for question in questions:
        groups.setdefault("follow-ups" if question.history else "stand-alone", []).append(question.id)
    return groups
