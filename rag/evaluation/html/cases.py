"""The failed cases as HTML: grouped by set and measure, with a form that filters them (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.evaluation.html.markup import Html, element, join, void
from rag.evaluation.report import Case
from rag.text.wording import counted


def cases(failed: Sequence[Case]) -> Html | None:
    """Return the section of the failed cases, by set and measure; None without any."""
    if not failed:
        return None
    sets = list(dict.fromkeys(case.set for case in failed))
    measures = list(dict.fromkeys(case.measure for case in failed))
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in sorted(failed, key=lambda case: sets.index(case.set)):
        groups.setdefault((case.set, case.measure), []).append(case)
    return element(
        "section",
        element("h2", "Cases to read", id="cases"),
        element("p", "Questions that went wrong, with what was expected and what came.", class_="lead"),
        element(
            "form",
            element("label", "Search", void("input", type="search", name="words", autocomplete="off")),
            element("label", "Set", _choice("set", sets)),
            element("label", "Measure", _choice("measure", measures)),
            element("button", "Open all", type="button"),
            element("output", counted(len(failed), "case"), aria_live="polite"),
            id="filter",
            role="search",
            hidden=True,
        ),
        *(_group(*key, some) for key, some in groups.items()),
        aria_labelledby="cases",
    )


def _choice(name: str, values: Iterable[str]) -> Html:
    every = element("option", "all", value="")
    return element("select", every, *(element("option", value) for value in values), name=name)


def _group(name: str, measure: str, cases: Sequence[Case]) -> Html:
    title = join(element("b", measure), " ", element("span", name), " ", element("i", f"{len(cases):,}"))
    return element(
        "details",
        element("summary", title),
        element("ol", *map(_case, cases)),
        class_="group",
        data_set=name,
        data_measure=measure,
    )


def _case(case: Case) -> Html:
    return element(
        "li",
        element("p", case.id, class_="id"),
        element("p", case.question, class_="question", dir="auto"),
        element(
            "dl",
            element("div", element("dt", "Expected"), element("dd", case.expected or "–", dir="auto")),
            element("div", element("dt", "Got"), element("dd", case.got or "–", dir="auto"), class_="got"),
        ),
    )
