"""Question sets to a report."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rag.errors import EvaluationError
from rag.evaluation.bench import MEASURES, WITHOUT_MODEL, Bench, Findings
from rag.evaluation.questions import Kind, QuestionSet
from rag.evaluation.report import Report


def check_measures(names: Iterable[str], sets: Sequence[QuestionSet]) -> frozenset[str]:
    """Return the measures that can be taken on the sets: of `names`, or all when none is named.

    Raises:
        EvaluationError: a name is unknown, or fits none of the sets.
    """
    wanted = frozenset(names) or frozenset(MEASURES)
    for name in sorted(wanted - MEASURES.keys()):
        raise EvaluationError(f"no measure '{name}': there are {', '.join(MEASURES)}")
    possible = frozenset[str]().union(*(measures_of(each.kind) for each in sets))
    if not wanted & possible:
        ordered = ", ".join(name for name in MEASURES if name in possible)
        raise EvaluationError(f"these questions have no such measure: they have {ordered}")
    return wanted & possible


def needs_model(measures: Iterable[str]) -> bool:
    """Tell whether a model has to write for these measures."""
    return not WITHOUT_MODEL.issuperset(measures)


def measures_of(kind: Kind) -> frozenset[str]:
    """Return the measures of a kind of question set."""
    measures: frozenset[str] = _module(kind).MEASURES
    return measures


def evaluate(bench: Bench, sets: Sequence[QuestionSet], about: Mapping[str, Any]) -> Report:
    """Return the figures, curves and cases of all sets.

    Args:
        bench: what to measure, on how many questions, and how libraries are made.
        sets: from `rag.evaluation.readers.read`.
        about: becomes part of the report.

    Raises:
        FootnoteError: a library or a model fails.
    """
    done = list[Findings]()
    for each in sets:
        module = _module(each.kind)
        if bench.wants(*module.MEASURES):
            found = Findings(each, bench.seed)
            module.measure(bench, found)
            done.append(found)
    return Report(
        tuple(figure for found in done for figure in found.figures),
        tuple(curve for found in done for curve in found.curves),
        tuple(case for found in done for case in found.cases),
        about,
    )


def _module(kind: Kind) -> Any:
    return importlib.import_module(f"rag.evaluation.{kind}")
