"""Question sets: questions, what is known of their answers, and the documents they are asked of."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["factoid", "claims", "multihop", "conversation", "injection", "poisoned", "own"]


@dataclass(frozen=True, slots=True)
class Source:
    """A document of a question set; those of one `group` (an article) are removed together.

    `title` is empty where the set gives none.
    """

    id: str
    title: str
    text: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known of its answer.

    `answers` are the accepted strings, and `wrong` those that a misled reader gives. `answerable` is None
    where the set does not say. `relevant` are the ids of the sources that hold the answer; for questions of
    your own, ends of the documents' paths. `history` holds the earlier turns as (role, text).
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    answerable: bool | None = True
    relevant: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attack:
    """An instruction to be planted in a document; `kind` names what it asks for."""

    id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of one kind with their documents; `own` ones are asked of the user's own library."""

    name: str
    kind: Kind
    questions: tuple[Question, ...]
    sources: tuple[Source, ...] = ()
    attacks: tuple[Attack, ...] = ()


def sample(questions: Sequence[Question], limit: int, seed: int) -> list[Question]:
    """Return `limit` questions in their order, each stratum (answerable, kind) by its share; 0 means all.

    The same seed draws the same questions.
    """
    if not 0 < limit < len(questions):
        return list(questions)
    strata: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        strata[f"{question.answerable} {question.kind}"].append(place)
    quotas = _shares({key: len(places) for key, places in strata.items()}, limit)
    drawn: list[int] = []
    for key, places in strata.items():
        random.Random(f"{seed} {key}").shuffle(places)  # noqa: S311 - no secret
        drawn += places[: quotas[key]]
    return [questions[place] for place in sorted(drawn)]


def _shares(sizes: dict[str, int], limit: int) -> dict[str, int]:
    """Split `limit` among strata by size, largest remainders first."""
    total = sum(sizes.values())
    exact = {key: limit * size / total for key, size in sizes.items()}
    shares = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (shares[key] - exact[key], key))
    for key in by_remainder[: limit - sum(shares.values())]:
        shares[key] += 1
    return shares
