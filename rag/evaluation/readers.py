"""Folders and files to question sets; a layout is recognised by its files.

passages.jsonl and questions.jsonl     paragraphs with questions, answerable or not (SQuAD 2.0)
corpus.jsonl and queries.jsonl         abstracts with claims (SciFact, as BEIR has it)
facts.jsonl and questions.jsonl        news with questions over several facts (MultiHop-RAG)
passages.jsonl and turns.jsonl         passages with the last turns of conversations (MTRAG)
attacks.jsonl, email.jsonl, table.jsonl   instructions to be planted in mails and tables (BIPIA)
poisoned.jsonl                         questions with false passages (PoisonedRAG)
NAME.jsonl                             questions of your own
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from rag.errors import EvaluationError
from rag.evaluation.lines import Line, read_lines
from rag.evaluation.questions import Attack, Question, QuestionSet, Source

_NULL = "null_query"
_LONGEST_TITLE = 120


def read(paths: Iterable[Path]) -> list[QuestionSet]:
    """Return the question sets in files and folders; a folder is one set, or holds several.

    Raises:
        EvaluationError: there is none, or a line of one is malformed.
    """
    sets: list[QuestionSet] = []
    for path in paths:
        sets += _folder(path) if path.is_dir() else [_own(path)]
    return _distinct(sets)


def _folder(path: Path) -> list[QuestionSet]:
    sets = _layout(path)
    if not sets:
        below = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
        sets = [each for folder in below for each in _layout(folder)]
    if not sets:
        raise EvaluationError(
            f"{path}: no question set in it; a set has for example passages.jsonl and questions.jsonl, "
            "and questions of your own are given as a file"
        )
    return sets


def _layout(path: Path) -> list[QuestionSet]:
    name = path.resolve().name
    found: list[QuestionSet] = []
    for files, make in _LAYOUTS:
        if all((path / file).is_file() for file in files):
            found.append(make(name, *(read_lines(path / file) for file in files)))
    return found


def _distinct(sets: Sequence[QuestionSet]) -> list[QuestionSet]:
    names = [each.name for each in sets]
    for name in names:
        if names.count(name) > 1:
            raise EvaluationError(
                f"two question sets are called '{name}': rename one, or evaluate one at a time"
            )
    for each in sets:
        seen: set[str] = set()
        for question in each.questions:
            if question.id in seen:
                raise EvaluationError(f"the set '{each.name}' has two questions with the id {question.id}")
            seen.add(question.id)
    return list(sets)


def _factoid(name: str, passages: Sequence[Line], questions: Sequence[Line]) -> QuestionSet:
    sources = _sources(
        (line, Source(line.text("id"), line.text("title", ""), line.filled("text"), line.text("title", "")))
        for line in passages
    )
    return QuestionSet(
        name,
        "factoid",
        tuple(
            Question(
                _identity(line),
                line.filled("question"),
                line.texts("answers"),
                line.flag("answerable"),
                _known(line, line.texts("passage"), sources),
            )
            for line in questions
        ),
        tuple(sources.values()),
    )


def _claims(name: str, corpus: Sequence[Line], queries: Sequence[Line]) -> QuestionSet:
    sources = _sources(
        (line, Source(line.text("_id"), line.text("title", ""), line.filled("text"))) for line in corpus
    )
    return QuestionSet(
        name,
        "claims",
        tuple(
            Question(
                _identity(line),
                line.filled("query"),
                answerable=None,
                relevant=_known(line, line.texts("relevant"), sources),
            )
            for line in queries
        ),
        tuple(sources.values()),
    )


def _multihop(name: str, facts: Sequence[Line], questions: Sequence[Line]) -> QuestionSet:
    sources = _sources((line, _fact(line)) for line in facts)
    places = {line.text("fact"): line.text("id") for line in facts}

    def relevant(line: Line) -> tuple[str, ...]:
        return _known(line, [places.get(fact, fact) for fact in line.texts("facts")], sources)

    return QuestionSet(
        name,
        "multihop",
        tuple(
            Question(
                _identity(line),
                line.filled("question"),
                (line.filled("answer"),),
                line.text("type") != _NULL,
                relevant(line),
                kind=line.text("type"),
            )
            for line in questions
        ),
        tuple(sources.values()),
    )


def _fact(line: Line) -> Source:
    """A news item as a user would have it: headline, then source and date, then what it says."""
    origin = ", ".join(part for part in (line.text("source", ""), line.text("published_at", "")[:10]) if part)
    text = "\n\n".join(part for part in (origin, line.filled("fact")) if part)
    return Source(line.text("id"), line.text("title", ""), text)


def _conversation(name: str, passages: Sequence[Line], turns: Sequence[Line]) -> QuestionSet:
    sources = _sources((line, _titled(line.text("id"), line.filled("text"))) for line in passages)
    answerable = {"ANSWERABLE": True, "UNANSWERABLE": False}
    return QuestionSet(
        name,
        "conversation",
        tuple(
            Question(
                _identity(line),
                line.filled("question"),
                answerable=answerable.get(line.text("answerability")),
                relevant=_known(line, line.texts("relevant"), sources),
                history=line.turns("history"),
                kind=line.text("answerability"),
            )
            for line in turns
        ),
        tuple(sources.values()),
    )


def _titled(identity: str, text: str) -> Source:
    """A passage whose first line is its title, where that reads like one."""
    first, _, rest = text.strip().partition("\n")
    is_title = rest.strip() and len(first) <= _LONGEST_TITLE and not first.rstrip().endswith((".", ":", ","))
    return Source(identity, first.strip(), rest.strip()) if is_title else Source(identity, "", text)


def _injection(
    name: str, attacks: Sequence[Line], mails: Sequence[Line], tables: Sequence[Line]
) -> QuestionSet:
    sources, questions = [], []
    for kind, lines in (("E-mail", mails), ("Table", tables)):
        for line in lines:
            identity = f"{kind.lower()}-{line.number}"
            ideal = line.filled("ideal")
            known = ideal.strip().casefold() != "unknown"
            asked = line.filled("question").removeprefix("Q:").strip()
            sources.append(Source(identity, kind, line.filled("context").strip()))
            questions.append(
                Question(identity, asked, (ideal,) if known else (), known, (identity,), kind=kind)
            )
    planted = tuple(Attack(str(line.number), line.text("kind"), line.filled("text")) for line in attacks)
    return QuestionSet(name, "injection", tuple(questions), tuple(sources), planted)


def _poisoned(name: str, lines: Sequence[Line]) -> QuestionSet:
    sources, questions = [], []
    for line in lines:
        identity, asked, right = line.text("id"), line.filled("question"), line.filled("correct answer")
        texts = (f"{asked} {right}.", *line.texts("adv_texts"))
        own = [Source(f"{identity}-{n}", "", text, identity) for n, text in enumerate(texts)]
        sources += own
        questions.append(
            Question(
                identity,
                asked,
                (right,),
                relevant=tuple(source.id for source in own),
                wrong=(line.filled("incorrect answer"),),
            )
        )
    return QuestionSet(f"{name}-poisoned", "poisoned", tuple(questions), tuple(sources))


def _own(path: Path) -> QuestionSet:
    questions = tuple(
        Question(
            line.text("id", str(line.number)),
            line.filled("question"),
            line.texts("answers"),
            line.flag("answerable", True),
            tuple(filter(None, line.texts("document"))),
        )
        for line in read_lines(path)
    )
    return QuestionSet(path.stem, "own", questions)


def _identity(line: Line) -> str:
    return line.text("id", str(line.number))


def _sources(pairs: Iterator[tuple[Line, Source]] | Iterable[tuple[Line, Source]]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for line, source in pairs:
        if source.id in sources:
            raise line.error(f"a second document with the id {source.id}")
        sources[source.id] = source
    return sources


def _known(line: Line, ids: Sequence[str], sources: dict[str, Source]) -> tuple[str, ...]:
    for each in ids:
        if each not in sources:
            raise line.error(f"no document '{each[:60]}' in this set")
    return tuple(ids)


_LAYOUTS: Sequence[tuple[Sequence[str], Callable[..., QuestionSet]]] = (
    (("passages.jsonl", "questions.jsonl"), _factoid),
    (("corpus.jsonl", "queries.jsonl"), _claims),
    (("facts.jsonl", "questions.jsonl"), _multihop),
    (("passages.jsonl", "turns.jsonl"), _conversation),
    (("attacks.jsonl", "email.jsonl", "table.jsonl"), _injection),
    (("poisoned.jsonl",), _poisoned),
)
