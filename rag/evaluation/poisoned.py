"""False passages beside a true one: the answer should say that its sources disagree, and cite both."""

from __future__ import annotations

from rag.evaluation.answering import Asked, answer_to
from rag.evaluation.bench import Bench, Findings, texts
from rag.evaluation.metrics import holds

MEASURES = frozenset({"conflicts"})


def measure(bench: Bench, found: Findings) -> None:
    """Add how often a conflict was shown with both of its sides, and how often the false one was believed.

    Each question has a library of its own: the false passages, and one that is true.
    """
    sources = {source.id: source for source in found.set.sources}
    asked = list[Asked]()
    for question in bench.track(bench.draw(found.set.questions, model=True), f"{found.set.name}: conflicts"):
        with bench.build([sources[each] for each in question.relevant]) as opened:
            asked.append(Asked(question, answer_to(opened, question.text)))
    shown = {each.question.id: float(shows_both(each)) for each in asked}
    found.mean("conflict shown, both sources cited", shown, baseline=("never show one", 0.0))
    found.mean(
        "the false value alone is told",
        {each.question.id: float(_misled(each)) for each in asked},
        lower_is_better=True,
    )
    for each in asked:
        if not shown[each.question.id]:
            both = " against ".join((*each.question.answers, *each.question.wrong))
            found.fail("conflict shown, both sources cited", each.question, each.got, both)


def shows_both(asked: Asked) -> bool:
    """Tell whether a conflict that the answer shows cites the right value and the wrong one."""
    for conflict in asked.answer.conflicts:
        cited = " … ".join(texts(citation.quote for citation in conflict.citations))
        if holds(cited, asked.question.answers) and holds(cited, asked.question.wrong):
            return True
    return False


def _misled(asked: Asked) -> bool:
    told = not asked.answer.refused and holds(asked.answer.text, asked.question.wrong)
    return told and not holds(asked.answer.text, asked.question.answers)
