import pytest

from rag.text.words import names, numbers, stems, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("When did the flights resume?", ["flights", "resume"], id="meaning only"),
        pytest.param("What is it?", ["what", "is", "it"], id="all when none carries meaning"),
        pytest.param("Il-62M café CAFÉ", ["il", "62m", "cafe"], id="accents, case, repetition"),
        pytest.param("", [], id="empty"),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("24–29 October 2025", {"24", "29", "2025"}, id="range"),
        pytest.param("1,200 or 1.200 people", {"1200"}, id="thousands"),
        pytest.param("3.50 percent", {"3.5"}, id="trailing zero"),
        pytest.param("three times", {"3"}, id="in words"),
        pytest.param("twice", {"2"}, id="twice"),
        pytest.param("no one", set(), id="none"),
    ],
)
def test_numbers(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The envoy met Alexander Novak.", {"alexand", "novak"}, id="inside a sentence"),
        pytest.param("Flights resumed.", set(), id="the first word may be any"),
        pytest.param("NATO said so.", {"nato"}, id="capitals"),
        pytest.param("An Il-62M landed.", {"il", "62m"}, id="with digits"),
    ],
)
def test_names(text: str, expected: set[str]) -> None:
    assert names(text) == expected


def test_stems_meet() -> None:
    assert stems("flights resumed") == stems("flight resuming")
