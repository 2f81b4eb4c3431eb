from __future__ import annotations

import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import spans_of
from rag.types import FoundPassage, Sentence
from rag.verification.citations import check, claim

TEXT = (
    "An Il-62M plane flew from Libya to Latakia on 26 October. "
    "Russian oil money stayed away. "
    "Alexander Novak spoke to reporters about the oil fields. "
    "The embassy reopened after 13 years."
)
BEFORE = "Some text that comes first.\n"


def passage(text: str, name: str = "d", title: str = "Syria brief") -> FoundPassage:
    start = len(BEFORE)
    return FoundPassage(id=name, document_id=name, text=text, start=start, end=start + len(text), title=title)


def checked(
    sentence: str, question: str = "What happened?", text: str = TEXT, *more: FoundPassage
) -> Sentence:
    spans = spans_of([passage(text), *more], {})
    embedder = AngleEmbedder()
    tokens = embedder.embed_tokens([span.text for span in spans])
    [seen] = embedder.embed_tokens([claim(sentence, question)])
    return check(sentence, seen, spans, tokens, question)


@pytest.mark.parametrize(
    ("sentence", "support"),
    [
        pytest.param("An Il-62M plane flew from Libya to Latakia on 26 October.", "supported", id="verbatim"),
        pytest.param("On 26 October an Il-62M plane flew to Latakia.", "supported", id="reordered"),
        pytest.param("An Il-62M plane flew to Latakia on 27 October.", "unsupported", id="wrong number"),
        pytest.param("An Il-62M plane flew to Latakia on 26 March.", "unsupported", id="wrong month"),
        pytest.param("A plane flew to Latakia with Barack Obama.", "unsupported", id="wrong name"),
        pytest.param("Zebras graze by the river.", "unsupported", id="about something else"),
    ],
)
def test_verdicts(sentence: str, support: str) -> None:
    assert checked(sentence).support == support


def test_an_unsupported_sentence_cites_nothing() -> None:
    assert checked("An Il-62M plane flew to Latakia on 27 October.").citations == ()


def test_quotes_are_copied_from_the_document_by_offsets() -> None:
    [citation] = checked("On 26 October an Il-62M plane flew to Latakia.").citations
    assert (BEFORE + TEXT)[citation.start : citation.end] == citation.quote
    assert citation.quote == "An Il-62M plane flew from Libya to Latakia on 26 October."


def test_a_sentence_that_joins_two_facts_cites_both() -> None:
    sentence = checked(
        "An Il-62M plane flew to Latakia on 26 October, and the embassy reopened after 13 years."
    )
    assert [c.quote[:10] for c in sentence.citations] == ["An Il-62M ", "The embass"]


def test_a_date_from_one_row_and_an_event_from_another_make_no_fact() -> None:
    rows = "Date: 15 October; Event: The president visits Moscow.\nDate: 3 March; Event: Planes return."
    assert checked("The planes return on 15 October.", text=rows).support == "unsupported"
    assert checked("The planes return on 3 March.", text=rows).support == "supported"


@pytest.mark.parametrize(
    ("answer", "question", "support"),
    [
        pytest.param("Libya.", "From where did the plane fly to Latakia?", "supported", id="right"),
        pytest.param("Yes.", "Did an Il-62M plane fly from Libya to Latakia?", "supported", id="yes"),
        pytest.param("Egypt.", "From where did the plane fly to Latakia?", "unsupported", id="elsewhere"),
    ],
)
def test_an_answer_of_a_word_is_held_against_the_question(answer: str, question: str, support: str) -> None:
    other = passage("Subject: Egypt and its money", "other", "Egypt")
    assert checked(answer, question, TEXT, other).support == support


def test_a_number_of_a_mail_stands_where_most_of_the_question_is_held() -> None:
    mail = "See you on the 7th. Hello Ann. Thanks for using Paypal, your payment of $2,680.00 is made."
    question = "Find the $ value paid to Paypal? If multiple, record all $ values paid."
    assert checked("$2,680", question, mail).support == "partly"
    assert checked("7", question, mail).support == "unsupported"
    assert checked("$99", question, mail).support == "unsupported"


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        pytest.param("The embassy closed after 13 years.", (), id="a verb that no list of opposites has"),
        pytest.param(
            "An Il-62M plane flew to Libya from Latakia on 26 October.", ("latakia", "libya"), id="turned"
        ),
        pytest.param("An Il-62M plane never flew to Latakia.", ("not",), id="denied"),
    ],
)
def test_what_the_source_says_otherwise(sentence: str, missing: tuple[str, ...]) -> None:
    assert checked(sentence).missing == missing


@pytest.mark.parametrize(
    "lender",
    [
        pytest.param("No planes flew to Moscow.", id="no"),
        pytest.param("Fuel was not sold in Libya.", id="not"),
        pytest.param("Pilots never met in Moscow or Libya.", id="never"),
    ],
)
@pytest.mark.parametrize(
    ("sentence", "support"),
    [
        pytest.param("The flights were recorded in October 2025.", "supported", id="said"),
        pytest.param("The flights were not recorded in October 2025.", "unsupported", id="denied"),
        pytest.param("The flights were never recorded in October 2025.", "unsupported", id="never"),
        pytest.param("An Il-62M flew from Libya to Moscow.", "supported", id="there"),
        pytest.param("An Il-62M flew from Moscow to Libya.", "unsupported", id="back"),
    ],
)
def test_a_sentence_is_not_turned_around_by_what_stands_beside(
    sentence: str, support: str, lender: str
) -> None:
    text = f"The flights were recorded in October 2025. An Il-62M flew from Libya to Moscow. {lender}"
    assert checked(sentence, text=text).support == support


@pytest.mark.parametrize(
    ("sentence", "support"),
    [
        pytest.param("The 1973 oil crisis raised the price of oil.", "supported", id="title named in full"),
        pytest.param("The crisis raised the price of oil in 1973.", "unsupported", id="its number alone"),
    ],
)
def test_the_number_of_a_title_counts_where_the_title_is_named(sentence: str, support: str) -> None:
    told = passage("The crisis raised the price of oil.", "other", "1973 oil crisis")
    assert checked(sentence, "What raised it?", TEXT, told).support == support


FIRST, SECOND = "Planes flew from Libya to Latakia.", "The money stayed away."


@pytest.mark.parametrize(
    ("text", "more", "cited"),
    [
        pytest.param(f"{FIRST} {SECOND}", [], [FIRST, SECOND], id="of the same document"),
        pytest.param(FIRST, [passage(SECOND, "other")], [FIRST], id="of another, which must add more"),
    ],
)
def test_a_further_span_is_cited_for_what_it_adds(text: str, more: list[FoundPassage], cited: list) -> None:
    told = checked("Planes flew from Libya to Latakia while the money stayed away.", "What?", text, *more)
    assert [each.quote for each in told.citations] == cited


def test_a_number_of_another_document_is_cited() -> None:
    told = checked(
        "Planes flew from Libya to Latakia 13 times.",
        "What?",
        FIRST,
        passage("13 times planes flew.", "other"),
    )
    assert [each.document_id for each in told.citations] == ["d", "other"]


def test_a_sentence_that_says_more_than_its_source_is_partly_supported() -> None:
    assert checked("An Il-62M plane flew from Libya to Latakia.").support == "supported"
    assert checked("The first Il-62M plane flew from Libya to Latakia.").support == "partly"


def test_a_short_answer_is_partly_supported_where_its_source_speaks_of_another_place() -> None:
    text = "In 1939 some 1,300,000 people lived in Warsaw. It lies in Poland."
    assert checked("1,300,000", "How many people lived in Warsaw in 1939?", text).support == "supported"
    assert checked("1,300,000", "How many people lived in Poland in 1939?", text).support == "partly"


def test_words_of_the_title_count_as_known_names() -> None:
    assert checked("In Syria an Il-62M plane flew to Latakia on 26 October.").support == "supported"


def test_a_name_that_only_the_question_has_is_not_known() -> None:
    said = "Barack Obama spoke to reporters about the oil fields."
    assert checked(said, question="What did Barack Obama speak about?").support == "unsupported"


def test_nothing_found_supports_nothing() -> None:
    [seen] = AngleEmbedder().embed_tokens(["A plane."])
    assert check("A plane.", seen, [], [], "?") == Sentence("A plane.")


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_quote_is_exact_whatever_is_said(said: str, more: str) -> None:
    text = TEXT + " " + more
    for citation in checked(said, text=text).citations:
        assert (BEFORE + text)[citation.start : citation.end] == citation.quote
