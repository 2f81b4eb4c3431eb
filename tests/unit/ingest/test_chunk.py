import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import MAX_TOKENS, chunk, context
from rag.types import Heading, Text


def tokenize(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def cut(text: Text) -> list:
    return chunk(text, "doc", "Title", tokenize)


def plain(text: str) -> Text:
    return Text(text, "text/plain")


def marked(text: str) -> Text:
    """Return a text whose lines that begin with # are headings."""
    found = [
        Heading(m.start(), len(m[1]), m[2].strip()) for m in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)
    ]
    return Text(text, "text/markdown", headings=tuple(found))


anything = st.text(alphabet=st.characters(codec="utf-8"), max_size=2_000)
prose = st.lists(
    st.sampled_from(["# Top\n", "\n\n## Sub\n", "word ", "Sentence ends. ", "\n\n", "é😀 ", "\n"]),
    max_size=900,
).map("".join)


@given(st.one_of(anything, prose))
def test_offsets_are_exact(text: str) -> None:
    for passage in cut(marked(text)):
        assert text[passage.start : passage.end] == passage.text


@given(st.one_of(anything, prose))
def test_no_character_is_lost_and_none_is_twice(text: str) -> None:
    passages = cut(marked(text))
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())
    assert all(a.end <= b.start for a, b in zip(passages, passages[1:], strict=False))


@given(st.one_of(anything, prose))
def test_passages_stay_within_the_limit(text: str) -> None:
    assert all(len(tokenize(passage.text)) <= MAX_TOKENS for passage in cut(marked(text)))


@given(st.one_of(anything, prose))
def test_the_same_text_gives_the_same_ids_and_each_once(text: str) -> None:
    first, second = cut(marked(text)), cut(marked(text))
    assert first == second
    assert len({passage.id for passage in first}) == len(first)


def test_short_paragraphs_are_packed_together() -> None:
    passages = cut(plain("\n\n".join(f"Paragraph {i} is short." for i in range(10))))
    assert len(passages) == 1


def test_a_long_paragraph_is_cut_at_sentence_ends_into_even_parts() -> None:
    passages = cut(plain(" ".join(f"Sentence number {i} has exactly eight words." for i in range(60))))
    sizes = [len(tokenize(passage.text)) for passage in passages]
    assert all(passage.text.endswith(".") for passage in passages)
    assert min(sizes) > MAX_TOKENS // 2


def test_passages_do_not_cross_headings_and_carry_their_path() -> None:
    passages = cut(marked("Before.\n# A\nText a.\n## B\nText b.\n# C\nText c."))
    assert [p.headings for p in passages] == [(), ("A",), ("A", "B"), ("C",)]


def test_a_heading_with_nothing_under_it_stays_with_the_next() -> None:
    passages = cut(marked("# Top\n\n## Sub\n\nThe text."))
    assert [(p.text, p.headings) for p in passages] == [("# Top\n\n## Sub\n\nThe text.", ("Top", "Sub"))]


def test_a_heading_at_the_end_is_kept() -> None:
    assert cut(marked("# A\nText.\n# End"))[-1].text == "# End"


def test_pages_come_from_where_a_passage_begins() -> None:
    text = "First page here.\n\n" + "word " * 300 + "\n\nLast page here."
    starts = (0, text.index("word"), text.index("Last"))
    pages = [p.page for p in cut(Text(text, "application/pdf", pages=starts))]
    assert pages[0] == 1
    assert sorted(pages) == pages
    assert 2 in pages


def test_a_text_without_pages_has_none() -> None:
    assert cut(plain("Words."))[0].page is None


@pytest.mark.parametrize(
    ("title", "headings", "expected"),
    [
        pytest.param("T", (), "T", id="title alone"),
        pytest.param("T", ("A", "B", "C"), "T > B > C", id="innermost headings"),
        pytest.param("T", ("T", "B"), "T > B", id="nothing twice"),
        pytest.param("", ("A",), "A", id="no title"),
    ],
)
def test_context(title: str, headings: tuple[str, ...], expected: str) -> None:
    assert context(title, headings) == expected
