"""Questions over several facts: are the facts found, is the answer right, are null questions refused?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.evaluation.answering import Asked, ask, refusals
from rag.evaluation.bench import Bench, Findings
from rag.evaluation.metrics import holds, normal
from rag.evaluation.retrieval import retrieval

MEASURES = frozenset({"retrieval", "answers", "refusal"})
_RETRIEVAL = {"recall_10": "facts in the top 10"}
_OPPOSITE = {"yes": "no", "no": "yes", "true": "false", "false": "true"}


def measure(bench: Bench, found: Findings) -> None:
    """Add the figures of a multi-hop set."""
    with bench.build(found.set.sources) as opened:
        if bench.wants("retrieval"):
            retrieval(bench, found, opened, _RETRIEVAL, "facts in the top 10", 10)
        if not bench.wants("answers", "refusal"):
            return
        drawn = bench.draw(found.set.questions, model=True)
        asked = ask(bench, opened, drawn, f"{found.set.name}: answers")
    if bench.wants("answers"):
        accuracy(found, asked)
    if bench.wants("refusal"):
        refusals(found, asked, "refused, null questions", curve=True)


def accuracy(found: Findings, asked: Sequence[Asked]) -> None:
    """Add the share of right answers, null questions excluded, beside that of the most frequent answer."""
    known = [each for each in asked if each.question.answerable]
    if not known:
        return
    scores = {each.question.id: float(agrees(each)) for each in known}
    given = Counter(normal(each.question.answers[0]) for each in known)
    answer, times = given.most_common(1)[0]
    found.mean("accuracy", scores, baseline=(f"always “{answer}”", times / len(known)))
    for each in known:
        if not scores[each.question.id]:
            found.fail("accuracy", each.question, each.got)


def agrees(asked: Asked) -> bool:
    """Tell whether an answer says what it should; yes must not stand beside no, nor true beside false."""
    opposite = _OPPOSITE.get(normal(asked.question.answers[0]))
    if opposite is None or not asked.right:
        return asked.right
    return normal(asked.answer.text).split()[0] != opposite and not holds(asked.answer.text, [opposite])
