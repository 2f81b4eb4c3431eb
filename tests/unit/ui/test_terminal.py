"""What is drawn: answers and tables, at any width; words from outside act on nothing and hide nothing."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from fakes import document
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from rag.types import (
    Answer,
    Citation,
    Conflict,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)
from ui import terminal
from ui.terminal import AnswerView, documents_table, flat, footer, found_words, place, visible, words

SOURCE = Citation("p1", "d1", "file:///news.txt", "News", 3, 0, 38, "A plane came from Libya on 26 October.")
OTHER = Citation(
    "p2", "d2", "file:///blog.txt", "Blog", None, 5, 40, "A plane came from Libya on 27 October."
)
PASSAGE = FoundPassage("p1", "d1", SOURCE.quote, 0, 38, 3, uri=SOURCE.uri, title="News")
SUPPORTED = Sentence(SOURCE.quote, (SOURCE,), "supported", 0.9)
PARTLY = Sentence("It landed at noon.", (SOURCE, OTHER), "partly", 0.6)
UNSUPPORTED = Sentence("It left in July.", (), "unsupported", 0.1, ("juli",))
ANSWER = Answer(
    question="When?",
    standalone_question="When?",
    quotes=(SOURCE,),
    text=f"{SOURCE.quote} It landed at noon. It left in July.",
    sentences=(SUPPORTED, PARTLY, UNSUPPORTED),
    passages=(PASSAGE,),
    refused=False,
    confidence=0.9,
    model="scripted",
    timings={"retrieve_s": 0.41, "first_token_s": 1.0, "total_s": 9.52},
)
REFUSAL = replace(ANSWER, text="Not in here.", sentences=(), quotes=(), refused=True)
HEBREW = "המטוס הגיע מלוב ב-26 באוקטובר"
ACTING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What acts on a terminal, or turns round what it shows; a line break and a tab may stand in a text."""


def drawn(what: object, width: int = 80, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    console.print(what)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("a\x1b[31mb", "a⟦U+001B⟧[31mb", id="escape"),
        pytest.param("a\x9b31mb", "a⟦U+009B⟧31mb", id="eight-bit-escape"),
        pytest.param("paid\rfree", "paid\nfree", id="carriage-return"),
        pytest.param("a\r\nb\x0bc\x0cd\x85e\u2028f", "a\nb\nc\nd\ne\nf", id="line-breaks"),
        pytest.param("a\u202eb", "a⟦U+202E⟧b", id="turned-round"),
        pytest.param("\udcff.txt", "\ufffd.txt", id="no-character"),
        pytest.param(HEBREW, HEBREW, id="right-to-left"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="joiner-that-belongs"),
    ],
)
def test_words_from_outside(text: str, printed: str) -> None:
    assert visible(text) == printed
    assert flat(text) == printed.replace("\n", " ")


@given(st.text())
def test_nothing_acts_on_the_terminal(text: str) -> None:
    assert not ACTING.search(visible(text))
    assert "\n" not in flat(text)
    assert not ACTING.search(drawn(words(text)))


def test_words_keep_their_style_and_are_no_markup() -> None:
    assert words("a\u200b", "red").plain == "a⟦U+200B⟧"
    assert words("a", "red").style == "red"
    assert drawn(words("[bold]a[/]")) == "[bold]a[/]\n"


@pytest.mark.parametrize(
    ("passages", "said"),
    [
        pytest.param((), "No passage was found.", id="none"),
        pytest.param((PASSAGE,), "1 passage found: News, page 3", id="one"),
        pytest.param(
            (PASSAGE, replace(PASSAGE, page=1), replace(PASSAGE, document_id="d2", title="Blog", page=None)),
            "3 passages found: News, pages 1 and 3 · Blog",
            id="several",
        ),
        pytest.param(
            tuple(replace(PASSAGE, document_id=str(n), title=f"T{n}", page=None) for n in range(9)),
            "9 passages found: T0 · T1 · T2 · T3 · T4 · T5 · 3 more",
            id="many",
        ),
    ],
)
def test_what_was_found(passages: tuple[FoundPassage, ...], said: str) -> None:
    assert found_words(passages) == said


def test_the_footer_tells_what_is_known() -> None:
    assert footer(ANSWER) == "scripted · evidence in 0.4 s · whole answer in 9.5 s"
    assert footer(replace(ANSWER, model="none", timings={})) == "the documents' own words"


class TestAnswerView:
    def test_evidence_has_quotes_with_their_places(self) -> None:
        shown = drawn(AnswerView().evidence(EvidenceFound((SOURCE,), (PASSAGE,), "When?")))
        assert f"“{SOURCE.quote}”  — News, page 3" in shown
        assert "1 passage found" in shown

    def test_what_is_written_is_marked_once_it_is_checked(self) -> None:
        view = AnswerView()
        view.add(TextWritten(f"{SOURCE.quote} It le"))
        assert view.written().plain == f"{SOURCE.quote} It le"
        view.add(SentenceChecked(SUPPORTED))
        assert view.written().plain == f"{SOURCE.quote} [1] It le"
        view.add(TextWritten("ft in July."))
        view.add(SentenceChecked(UNSUPPORTED))
        assert view.written().plain.rstrip() == (
            f"{SOURCE.quote} [1] It left in July. [?] (“July”: not in any source)"
        )

    def test_unsupported_sentences_differ_without_colour(self) -> None:
        plain = AnswerView().sentence
        assert plain(SUPPORTED).plain == f"{SOURCE.quote} [1]"
        assert plain(PARTLY).plain == "It landed at noon. [1] [2] (only partly in the source)"
        assert plain(replace(UNSUPPORTED, missing=())).plain == "It left in July. [?] (no source found)"

    def test_numbers_are_those_of_the_sources(self) -> None:
        shown = drawn(AnswerView().answer(ANSWER), 100)
        assert f"{SOURCE.quote} [1] It landed at noon. [1] [2]" in " ".join(shown.split())
        assert ANSWER.sources == (SOURCE, OTHER)
        rows = [line.split() for line in shown[shown.index("Sources") :].splitlines()]
        assert ["Source", "Page", "Quote"] in rows
        assert ["[1]", "News", "3", *f"“{SOURCE.quote}”".split()] in rows
        assert ["[2]", "Blog", *f"“{OTHER.quote}”".split()] in rows

    def test_without_pages_there_is_no_column_for_them(self) -> None:
        one = replace(ANSWER, sentences=(replace(SUPPORTED, citations=(OTHER,)),), quotes=())
        assert "Page" not in drawn(AnswerView().answer(one))

    def test_sources_that_disagree(self) -> None:
        shown = drawn(AnswerView().answer(replace(ANSWER, conflicts=(Conflict("27 Oct", OTHER, SOURCE),))))
        at = [
            shown.index(words) for words in ("sources disagree", "rests on News", "Another says 27 Oct: Bl")
        ]
        assert at == sorted(at)

    def test_a_refusal_names_what_comes_nearest(self) -> None:
        shown = drawn(AnswerView().answer(REFUSAL))
        assert "Not in here." in shown
        assert f"{SOURCE.quote}  — News, page 3" in shown
        assert "Sources" not in shown
        assert "quotes above come nearest" in drawn(AnswerView().answer(replace(REFUSAL, quotes=(SOURCE,))))

    @pytest.mark.parametrize("width", [20, 40, 63, 64, 80, 400])
    def test_it_fits_any_width(self, width: int) -> None:
        source = replace(SOURCE, title=HEBREW, quote="你好世界" * 30)
        one = replace(
            ANSWER,
            sentences=(replace(SUPPORTED, citations=(source, OTHER)), UNSUPPORTED),
            conflicts=(Conflict("27 October", OTHER, source),),
        )
        shown = drawn(AnswerView().answer(one), width)
        assert max(map(cell_len, shown.splitlines())) <= width
        squeezed = "".join(shown.split())
        assert HEBREW.replace(" ", "") in squeezed
        assert squeezed.count("你好世界") >= 10 if width < 64 else squeezed.count("你") >= 60

    @given(st.text(min_size=1), st.text(min_size=1), st.sampled_from([20, 40, 80, 200]))
    def test_nothing_of_it_acts_on_the_terminal(self, title: str, quote: str, width: int) -> None:
        source = replace(SOURCE, title=title, quote=quote)
        sentence = Sentence(quote, (source,), "partly", 0.5, (quote,))
        conflict = Conflict(quote, source, replace(OTHER, title=quote))
        one = replace(ANSWER, sentences=(sentence,), conflicts=(conflict,), model=title)
        view = AnswerView()
        view.add(TextWritten(quote + title))
        passage = replace(PASSAGE, text=quote, title=title)
        evidence = EvidenceFound((source,), (passage,), title)
        refused = replace(REFUSAL, text=title, passages=(passage,))
        for each in (
            view.evidence(evidence),
            view.written(),
            view.answer(one),
            view.answer(refused),
            terminal.opened(title, quote, title, quote, None),
            documents_table([document("a", quote, title=title, status="failed", error=quote)]),
        ):
            assert not ACTING.search(drawn(each, width))


def test_an_opened_quote_stands_out_and_keeps_its_lines() -> None:
    shown = drawn(terminal.opened("News, page 3", "Before.\n", "A plane.", "\nAfter.", "It has changed."))
    assert [line.strip() for line in shown.splitlines()] == [
        "News, page 3", "It has changed.", "Before.", "A plane.", "After.",
    ]  # fmt: skip
    coloured = drawn(
        terminal.opened("News", "a ", "plane", " b"), color_system="standard", force_terminal=True
    )
    assert re.search(r"\x1b\[1;7mplane\x1b\[0m", coloured)


def test_the_list_shows_what_a_title_hides() -> None:
    assert "[b]⟦U+200B⟧Title" in drawn(documents_table([document("a", "x", title="[b]\u200bTitle")]), 200)


def test_a_place_is_a_title_and_a_page() -> None:
    assert (place(SOURCE), place(OTHER)) == ("News, page 3", "Blog")
    assert place(replace(SOURCE, title="a\nb\x1b")) == "a b⟦U+001B⟧, page 3"
