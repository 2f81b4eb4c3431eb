from __future__ import annotations

from fakes import document
from markup import parse

from ui.frame import EXAMPLES, fitting_examples, library_facts, masthead, welcome
from ui.parts import Facts


def test_an_empty_library_leads_to_the_documents():
    root = parse(welcome(Facts(0, 0, "m")))
    assert root.one("a").attributes["data-view"] == "library"
    assert not parse(welcome(Facts(1, 1, "m"))).all("a")


def test_facts_say_what_there_is_and_who_writes():
    assert parse(library_facts(Facts(1, 1200, "<m>"))).text == "1,200 passages in 1 document<m>"
    assert parse(library_facts(Facts(0, 0, "none"))).text == "no documents yetkey quotes only, no model"


def test_all_views_can_be_reached():
    links = parse(masthead()).one("nav").all("a")
    assert [link.attributes["data-view"] for link in links] == ["ask", "library", "settings"]
    assert [link.attributes["href"] for link in links] == ["#ask", "#library", "#settings"]


def test_examples_are_offered_where_the_starter_documents_are():
    assert fitting_examples([document("mine", "x")]) == []
    starters = [document(str(n), "x", uri=f"file:///x/seeds/{end}") for n, end in enumerate(EXAMPLES)]
    assert fitting_examples(starters) == list(EXAMPLES.values())
    assert fitting_examples(starters[:1]) == list(EXAMPLES.values())[:1]
