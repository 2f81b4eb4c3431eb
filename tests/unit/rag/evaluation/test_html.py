from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markup import Node, parse

from rag.evaluation.html import page
from rag.evaluation.html.markup import Html, element, text, void
from rag.evaluation.html.plots import wilson
from rag.evaluation.html.table import domain, number, verdict
from rag.evaluation.report import Case, Curve, Figure, Report

FIGURE = Figure("facts", "recall@5", 0.9, 0.85, 0.95, 200, "chance", 0.5)
REFUSED = Figure("facts", "refused, unanswerable", 0.6, 0.5, 0.7, 50, "always refuse", 1.0)
WRONGLY = Figure("facts", "false refusals", 0.05, 0.02, 0.08, 90, "always refuse", 1.0, lower_is_better=True)
CURVES = (
    Curve("facts", "recall", ((1.0, 0.7, 200.0), (5.0, 0.9, 200.0), (10.0, 0.95, 200.0))),
    Curve("facts", "refusal", ((0.0, 0.0, 0.0), (0.02, 0.5, 0.3), (1.0, 1.0, 1.0))),
    Curve("facts", "reliability", ((0.2, 0.25, 40.0), (0.8, 0.75, 10.0))),
)
CASES = (
    Case("facts", "recall@5", "q1", "Who came first?", "Ida", "Rollo"),
    Case("news", "accuracy", "q2", "Which is older?", "the first", ""),
    Case("facts", "recall@5", "q3", "When was it?", "1998", "1989"),
)
ABOUT = {
    "version": "0.1.0",
    "date": "2026-01-12T17:41:03+00:00",
    "model": "a-model",
    "limit": None,
    "seed": 0,
    "seconds": 3725.0,
    "settings": {"passages": 6, "offline": False},
}
REPORT = Report((FIGURE, REFUSED, WRONGLY), CURVES, CASES, ABOUT)


def tree(report: Report = REPORT) -> Node:
    source = page(report)
    assert source.startswith("<!doctype html>\n")
    return parse(source.removeprefix("<!doctype html>\n"))


def words(node: Node) -> str:
    return " ".join(node.text.split())


def test_it_asks_nothing_of_anywhere():
    source = page(REPORT)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bimport\b|fetch\(|srcset", source)
    root = tree()
    assert not [node for node in root.all() if "src" in node.attributes]
    assert {node.attributes["href"] for node in root.all("link")} == {"data:,"}
    assert all(node.attributes["href"].startswith("#") for node in root.all("a"))
    anchors = {node.attributes.get("id") for node in root.all()}
    assert all(node.attributes["href"][1:] in anchors for node in root.all("a"))


def test_only_its_own_style_and_script_may_run():
    root = tree()
    [policy] = [node.attributes["content"] for node in root.all("meta") if node.attributes.get("http-equiv")]
    assert policy.startswith("default-src 'none';")
    for name in ("style", "script"):
        digest = hashlib.sha256(root.one(name).text.encode()).digest()
        assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert not [
        key for node in root.all() for key in node.attributes if key == "style" or key.startswith("on")
    ]


def test_the_head_says_what_was_measured_and_with_what():
    header = tree().one("header")
    assert words(header.one(".lead")) == (
        "3 figures from 1 question set. Of 2 with a trivial baseline that can be beaten, 2 are better than "
        "it beyond noise and 0 worse. 3 failed cases to read."
    )
    facts = {words(each.one("dt")): words(each.one("dd")) for each in header.one(".about").all("div")}
    assert facts == {
        "Version": "0.1.0",
        "Date": "12 January 2026, 17:41 UTC",
        "Model": "a-model",
        "Seed": "0",
        "Time taken": "1 h 2 min",
        "Passages": "6",
        "Offline": "False",
    }


def test_a_row_says_all_of_a_figure():
    rows = [each for each in tree().all("section")[0].all("tr") if each.all(".value")]
    said = [[words(cell) for cell in row.children] for row in rows]
    assert said[1:] == [
        ["recall@5", "0.900", "", "0.850 – 0.950", "200", "chance 0.500better"],
        ["refused, unanswerable", "0.600", "", "0.500 – 0.700", "50", "always refuse 1.000"],
        ["false refusalslower is better", "0.050", "", "0.020 – 0.080", "90", "always refuse 1.000better"],
    ]


def test_a_bar_shows_interval_value_and_baseline():
    row = tree().all("section")[0].all("tr")[1]
    assert row.one(".band").attributes["x"] == "85.00%"
    assert row.one(".band").attributes["width"] == "10.00%"
    assert row.one(".mark").attributes["x1"] == row.one(".mark").attributes["x2"] == "90.00%"
    assert row.one(".baseline").attributes["cx"] == "50.00%"


def test_plots_have_titles_and_say_what_they_show():
    plots = tree().all(".plot")
    assert [each.one("desc").text for each in plots] == [
        "Recall rises from 0.700 at k = 1 to 0.950 at k = 10. The vertical axis starts at 0.6.",
        "A curve above the diagonal separates better than chance. As it answers now: 0.600 of the "
        "unanswerable refused, 0.050 of the answerable.",
        "50 questions in 2 bins by confidence. On the diagonal, answers are right as often as the confidence "
        "says. Whiskers are 95% intervals.",
    ]
    for each in plots:
        assert each.attributes["role"] == "img"
        title = next(node for node in each.children if isinstance(node, Node))
        assert each.attributes["aria-label"] == f"{title.text}. {each.one('desc').text}"


def test_plots_lie_within_their_frame():
    for plot in tree().all(".plot"):
        _, _, width, height = map(float, plot.attributes["viewbox"].split())
        for node in plot.all():
            for x, y in (("cx", "cy"), ("x1", "y1"), ("x2", "y2"), ("x", "y")):
                if x in node.attributes:
                    assert 0 <= float(node.attributes[x]) <= width
                    assert 0 <= float(node.attributes[y]) <= height


def test_the_numbers_of_each_plot_can_be_read():
    tables = [
        [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")]
        for table in tree().all(".numbers")
    ]
    assert tables[0] == [["1", "0.700", "200"], ["5", "0.900", "200"], ["10", "0.950", "200"]]
    assert tables[1][:3] == [
        ["0", "0.000", "0.000"],
        ["0.01", "0.000", "0.000"],
        ["0.02", "0.500", "0.300"],
    ]
    assert tables[2] == [["0.200", "0.250", "40"], ["0.800", "0.750", "10"]]


def test_where_the_product_stands_is_marked_only_if_it_is_known():
    assert len(tree().all(".here")) == 1
    assert tree(replace(REPORT, figures=(FIGURE,))).all(".here") == []


def test_cases_are_grouped_by_set_and_measure():
    groups = tree().all(".group")
    assert [(each.attributes["data-set"], each.attributes["data-measure"]) for each in groups] == [
        ("facts", "recall@5"),
        ("news", "accuracy"),
    ]
    assert [[words(case) for case in group.all("li")] for group in groups] == [
        ["q1Who came first?ExpectedIdaGotRollo", "q3When was it?Expected1998Got1989"],
        ["q2Which is older?Expectedthe firstGot–"],
    ]
    form = tree().one("form")
    assert "hidden" in form.attributes
    assert [[option.text for option in each.all("option")] for each in form.all("select")] == [
        ["all", "facts", "news"],
        ["all", "recall@5", "accuracy"],
    ]


@pytest.mark.parametrize(
    "report",
    [
        Report((), (), (), {}),
        Report((FIGURE,), (), (), ABOUT),
        Report((), CURVES, (), {"date": "yesterday"}),
        Report((), (), CASES, {}),
        Report((replace(FIGURE, low=float("nan"), high=float("nan")),), (), (), {}),
        Report((), (Curve("a", "recall", ((1.0, 0.0, 0.0),)),), (), {}),
        Report((), (Curve("a", "reliability", ()),), (), {}),
    ],
    ids=["nothing", "a figure", "curves", "cases", "no interval", "one point", "no points"],
)
def test_there_need_not_be_everything(report):
    root = tree(report)
    assert root.one("h1")
    assert len(root.all(".plot")) == sum(bool(curve.points) for curve in report.curves)
    assert len(root.all("li")) == len(report.cases)


HOSTILE = st.text() | st.sampled_from(
    ["<script>alert(1)</script>", "</style><b>", '" onload="x', "&lt;", "\0", "\ud800", "<!--", "]]>"]
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_stands_in_a_report_is_only_words(one, two, three):
    report = Report(
        (replace(FIGURE, set=one, measure=two, baseline=three),),
        tuple(replace(curve, set=one) for curve in CURVES),
        (Case(one, two, three, one, two, three),),
        {one: two, "settings": {two: three}, "date": three},
    )
    usual = Report((FIGURE,), CURVES, CASES[:1], {"model": "m", "settings": {"a": "b"}, "date": "x"})
    page(report).encode()
    root = tree(report)
    assert {each.name for each in root.all()} == {each.name for each in tree(usual).all()}
    assert len(root.all("script")) == 1
    assert not [key for node in root.all() for key in node.attributes if key.startswith("on")]


@pytest.mark.parametrize(
    ("value", "baseline", "lower", "said"),
    [
        (0.9, 0.5, False, "better"),
        (0.9, 0.86, False, "within noise"),
        (0.9, 0.99, False, "worse"),
        (0.9, 1.0, False, None),
        (0.1, 0.5, True, "better"),
        (0.1, 0.06, True, "within noise"),
        (0.3, 0.1, True, "worse"),
        (0.3, 0.0, True, None),
        (0.9, None, False, None),
        (float("nan"), 0.5, False, None),
    ],
)
def test_verdicts(value, baseline, lower, said):
    figure = Figure("a", "b", value, value - 0.05, value + 0.05, 9, "x", baseline, lower_is_better=lower)
    assert verdict(figure) == said


@pytest.mark.parametrize(("n", "said"), [(2, "within noise"), (200, "better")])
def test_a_few_scores_all_alike_are_no_proof(n, said):
    assert verdict(Figure("a", "b", 1.0, 1.0, 1.0, n, "chance", 0.5)) == said


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.70249, "0.702"), (-0.002, "−0.002"), (1.0, "1.000"), (1234.56, "1,234.6"), (float("nan"), "–")],
)
def test_numbers(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("values", "scores", "ends"),
    [
        ((0.5, 0.4, 0.6), {}, (0, 1)),
        ((-0.01, -0.03, 0.02), {}, (-0.05, 0.05)),
        ((0.04, 0.02, 0.06), {"q": -1.0}, (-0.1, 0.1)),
        ((3.9, 3.1, 5.2), {}, (0, 6)),
        ((-3.0, -4.0, 1.0), {}, (-4, 4)),
        ((0.0, 0.0, 0.0), {}, (0, 1)),
        ((float("nan"),) * 3, {}, (0, 1)),
    ],
)
def test_the_line_a_figure_is_drawn_on(values, scores, ends):
    assert domain(Figure("a", "b", *values, 9, scores=scores)) == ends


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.5, 10, 0.2366, 0.7634), (0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.5, 0, 0.0, 1.0)],
)
def test_wilson(share, n, low, high):
    assert wilson(share, n) == pytest.approx((low, high), abs=1e-4)


def test_elements():
    made = element(
        "a", "x<y", None, Html("<b></b>"), class_="k", aria_label='"', hidden=True, id=None, n=1.25
    )
    assert made == '<a class="k" aria-label="&quot;" hidden n="1.25">x&lt;y<b></b></a>'
    assert void("meta", name="a", content="&") == '<meta name="a" content="&amp;">'
    assert text(Html("<i>")) == "<i>"
    assert text("\ud800\0") == "?\N{REPLACEMENT CHARACTER}"
