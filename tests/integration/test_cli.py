"""The command line on real files with the real embedder, and once with the real language model."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.models

FLIGHT = "Which country had the Il-62M come from when it arrived in Latakia?"


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "budget.md").write_text(
        "# Budget\n\n## Travel\n\nThe travel budget for 2027 is 41,000 euros.\n\n"
        "## Office\n\nThe office in Ghent costs 90,000 euros a year.\n"
    )
    (folder / "minutes.txt").write_text("Ana opened the meeting. Bruno was elected treasurer by seven votes.")
    return folder


def test_add_ask_list_show_remove(footnote, notes) -> None:
    added = footnote("add", notes)
    assert added.returncode == 0, added.stderr
    assert "2 added, 0 changed, 0 same, 0 failed" in added.stdout

    again = footnote("add", notes)
    assert "0 added, 0 changed, 2 same, 0 failed" in again.stdout

    answer = json.loads(footnote("ask", "Who became treasurer?", "--json").stdout)
    assert answer["quotes"][0]["quote"] == "Bruno was elected treasurer by seven votes."

    listed = json.loads(footnote("list", "--json").stdout)
    assert {(d["title"], d["status"]) for d in listed} == {("Budget", "ready"), ("minutes", "ready")}
    assert all({"id", "uri", "title", "status", "n_passages"} <= set(d) for d in listed)

    removed = footnote("remove", "minutes.txt")
    assert (removed.returncode, removed.stdout) == (0, "removed minutes\n")
    assert [d["title"] for d in json.loads(footnote("list", "--json").stdout)] == ["Budget"]


def test_a_changed_file_is_answered_from_its_new_version(footnote, notes) -> None:
    footnote("add", notes)
    (notes / "minutes.txt").write_text("Ana opened the meeting. Clara was elected treasurer by nine votes.")
    assert "1 changed, 1 same" in footnote("add", notes).stdout.replace("0 added, ", "")
    answer = json.loads(footnote("ask", "Who became treasurer?", "--json").stdout)
    assert answer["quotes"][0]["quote"] == "Clara was elected treasurer by nine votes."


def test_offsets_point_into_what_show_prints(footnote, seed_library) -> None:
    answer = json.loads(footnote("ask", "When did flights resume?", "--json", "-l", seed_library).stdout)
    shown = {}
    for each in (*answer["quotes"], *answer["passages"]):
        document = each["document_id"]
        if document not in shown:
            shown[document] = footnote("show", document, "--text", "-l", seed_library).stdout
        assert shown[document][each["start"] : each["end"]] == each.get("quote", each.get("text"))
    assert len(shown) > 1


def test_one_bad_file_is_named_and_the_others_go_on(footnote, notes) -> None:
    (notes / "scan.pdf").write_bytes(b"%PDF-1.4 cut off")
    (notes / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    added = footnote("add", notes)
    assert added.returncode == 1
    assert "2 added, 0 changed, 0 same, 2 failed" in added.stdout
    assert "Footnote does not read .jpg files" in " ".join(added.stdout.split())
    assert "Traceback" not in added.stderr


def test_a_refusal_is_an_answer(footnote, seed_library) -> None:
    asked = footnote("ask", "What is the boiling point of mercury?", "-l", seed_library)
    assert asked.returncode == 3
    assert "The documents do not answer this question." in asked.stdout
    assert "The nearest passages:" in asked.stdout


def test_show_prints_the_facts_of_a_document(footnote, seed_library) -> None:
    shown = footnote("show", "briefing.pdf", "-l", seed_library)
    assert "n_pages     3" in shown.stdout


def test_the_local_model_answers_with_checked_citations(footnote, seed_library) -> None:
    asked = footnote("ask", FLIGHT, "--json", "-l", seed_library, FOOTNOTE_LLM="local")
    answer = json.loads(asked.stdout)
    assert answer["model"] == "qwen2.5-coder-1.5b-instruct"
    assert "Libya" in answer["answer"]
    assert answer["sentences"][0]["support"] == "supported"
    assert all("Libya" in citation["quote"] for citation in answer["sentences"][0]["citations"])
    assert answer["timings"]["retrieve_s"] < answer["timings"]["first_token_s"] < answer["timings"]["total_s"]


def test_the_terminal_shows_quotes_then_the_answer_then_sources(footnote, seed_library) -> None:
    shown = footnote("ask", FLIGHT, "-l", seed_library, FOOTNOTE_LLM="local").stdout
    assert shown.index("Key quotes") < shown.index("[1]") < shown.index("Sources")


def test_the_version_is_told(footnote) -> None:
    assert footnote("--version").stdout.startswith("footnote 0.")


@pytest.mark.parametrize("command", [(), ("add",), ("ask",), ("list",), ("show",), ("remove",), ("chat",)])
def test_help_has_an_example(footnote, command: tuple[str, ...]) -> None:
    shown = footnote(*command, "--help")
    assert shown.returncode == 0
    assert "Example" in shown.stdout
