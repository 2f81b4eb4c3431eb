"""A report as one HTML file that asks nothing of anywhere (pure)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.resources import files

from rag.evaluation.html import plots
from rag.evaluation.html.cases import cases
from rag.evaluation.html.markup import Html, element, void
from rag.evaluation.html.table import number, table, verdict
from rag.evaluation.report import Curve, Figure, Report
from rag.text.wording import counted

_FALSE_REFUSALS = (0.0, 0.01, 0.02, 0.05, 0.08, 0.1, 0.2, 0.5)
"""Shares of answerable questions refused at which the refusal curve is read off."""
_READING = {
    "recall": "How many of the right documents are among the best k.",
    "refusal": "What is refused of the questions that the documents do not answer, against what is refused "
    "of those that they do. The closer to the upper left corner, the better.",
    "reliability": "Whether answers are right as often as their confidence says. Each dot is a bin of "
    "questions, its whisker the 95% interval.",
}
_TITLES = {
    "recall": "Recall at k",
    "refusal": "Refusal curve",
    "reliability": "Reliability of the confidence",
}


def page(report: Report) -> str:
    """Return the report as a page: what was measured with, figures and plots of each set, failed cases.

    It is readable without its script, which only filters the cases.
    """
    style, script = (files(__package__).joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    allowed = f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=allowed),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        element("title", f"Footnote evaluation, {report.about.get('date', 'undated')}"),
        void("link", rel="icon", href="data:,"),
        element("style", Html(style)),
    )
    sets = _sets(report)
    body = element(
        "body",
        element("a", "Skip to the figures", href="#figures", class_="skip"),
        _masthead(report, sets),
        element(
            "main",
            *(_set(report, name, f"set-{i}") for i, name in enumerate(sets)),
            cases(report.cases),
            id="figures",
        ),
        element("script", Html(script)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _sets(report: Report) -> list[str]:
    return list(dict.fromkeys(each.set for part in (report.figures, report.curves) for each in part))


# -- masthead --------------------------------------------------------------------------------------------


def _masthead(report: Report, sets: Sequence[str]) -> Html:
    links = [element("a", name, href=f"#set-{i}") for i, name in enumerate(sets)]
    if report.cases:
        links.append(element("a", "Cases to read", href="#cases"))
    return element(
        "header",
        element("p", "Footnote", element("sup", "1", aria_hidden="true"), class_="wordmark"),
        element("h1", "How far the answers can be trusted"),
        element("p", _headline(report, sets), class_="lead"),
        _about(report.about),
        element("nav", *links, aria_label="Question sets") if links else None,
        _legend() if report.figures else None,
    )


def _legend() -> Html:
    return element(
        "p",
        element("span", "value", class_="key mark"),
        element("span", "95% bootstrap interval", class_="key band"),
        element("span", "trivial baseline", class_="key baseline"),
        class_="legend",
        aria_hidden="true",
    )


def _headline(report: Report, sets: Sequence[str]) -> str:
    verdicts = [said for said in map(verdict, report.figures) if said is not None]
    better, worse = verdicts.count("better"), verdicts.count("worse")
    said = f"{counted(len(report.figures), 'figure')} from {counted(len(sets), 'question set')}. "
    if verdicts:
        said += f"Of {len(verdicts)} with a trivial baseline that can be beaten, {better} "
        said += f"{'is' if better == 1 else 'are'} better than it beyond noise and {worse} worse. "
    return said + f"{counted(len(report.cases), 'failed case')} to read."


def _about(about: Mapping[str, object]) -> Html:
    plain = {key: value for key, value in about.items() if value is not None}
    nested = {key: value for key, value in plain.items() if isinstance(value, Mapping)}
    return element(
        "div",
        _facts({key: value for key, value in plain.items() if key not in nested}),
        *(
            element("details", element("summary", _words(key)), _facts(value))
            for key, value in nested.items()
        ),
        class_="about",
    )


def _facts(facts: Mapping[str, object]) -> Html:
    shown = {key: value for key, value in facts.items() if value is not None}
    return element(
        "dl",
        *(
            element("div", element("dt", _words(key)), element("dd", _fact(key, value)))
            for key, value in shown.items()
        ),
    )


def _words(key: str) -> str:
    words = "time taken" if key == "seconds" else key.replace("_", " ")
    return words[:1].upper() + words[1:]


def _fact(key: str, value: object) -> str:
    if key == "seconds" and isinstance(value, int | float):
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {seconds} s"
    if key == "date":
        with suppress(ValueError):
            return f"{datetime.fromisoformat(str(value)):%-d %B %Y, %H:%M %Z}"
    return str(value)


# -- a set -----------------------------------------------------------------------------------------------


def _set(report: Report, name: str, anchor: str) -> Html:
    figures = [figure for figure in report.figures if figure.set == name]
    drawn = [_plot(curve, figures) for curve in report.curves if curve.set == name and curve.points]
    return element(
        "section",
        element("h2", name, id=anchor),
        table(figures, f"Figures of {name}") if figures else None,
        element("div", *drawn, class_="plots") if drawn else None,
        aria_labelledby=anchor,
    )


def _plot(curve: Curve, figures: Sequence[Figure]) -> Html:
    draw: Mapping[str, Callable[[], Html]] = {
        "recall": lambda: plots.recall(curve.points, curve.set),
        "refusal": lambda: plots.refusal(curve.points, curve.set, _operating(figures)),
        "reliability": lambda: plots.reliability(curve.points, curve.set),
    }
    return element(
        "figure",
        element("figcaption", element("b", _TITLES[curve.kind]), " ", _READING[curve.kind]),
        draw[curve.kind](),
        element("details", element("summary", "The numbers"), _numbers(curve)),
    )


def _operating(figures: Iterable[Figure]) -> tuple[float, float] | None:
    """Return where on the refusal curve the product stands: (false refusals, refusals), as measured."""
    wrong = next((each.value for each in figures if each.measure == "false refusals"), None)
    right = next((each.value for each in figures if each.measure.startswith("refused, ")), None)
    return None if wrong is None or right is None else (wrong, right)


def _numbers(curve: Curve) -> Html:
    if curve.kind == "recall":
        names: Sequence[str] = ("k", "recall", "questions")
        rows = [(f"{k:g}", number(y), f"{n:,.0f}") for k, y, n in curve.points]
    elif curve.kind == "refusal":
        names = ("answerable refused, at most", "unanswerable refused", "threshold")
        best = {limit: max(p for p in curve.points if p[0] <= limit) for limit in _FALSE_REFUSALS}
        rows = [(f"{limit:g}", number(y), number(at)) for limit, (_, y, at) in best.items()]
    else:
        names = ("confidence", "share right", "questions")
        rows = [(number(x), number(y), f"{n:,.0f}") for x, y, n in curve.points]
    return element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
        element("tbody", *(element("tr", *(element("td", each) for each in row)) for row in rows)),
        class_="numbers",
    )
