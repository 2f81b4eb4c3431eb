"""``footnote eval`` from files to figures, with a stand-in embedder and no model."""

from __future__ import annotations

import io
import json

import pytest
from fakes import AngleEmbedder
from rich.console import Console
from typer.testing import CliRunner

import ui.evaluating
from rag.errors import EvaluationError
from rag.evaluation.bench import ASKED_AT_MOST, MEASURES
from rag.evaluation.questions import Source
from rag.evaluation.report import Figure, Report
from ui.cli import app
from ui.figures import figures_table, share
from ui.workshop import Shown, write

TEXTS = {
    "Planes": "Seven planes landed at the river. The pilot was Ana.",
    "Oil": "The oil price fell to 40 dollars.",
    "Embassy / news": "The embassy opened in May 2020.",
}
ASKED = (
    ("How many planes landed at the river?", "Planes", "Seven"),
    ("To what did the oil price fall?", "Oil", "40 dollars"),
    ("When did the embassy open?", "Embassy / news", "May 2020"),
)


@pytest.fixture
def folder(tmp_path):
    at = tmp_path / "wiki"
    at.mkdir()
    passages = [{"id": title, "title": title, "text": text} for title, text in TEXTS.items()]
    questions = [
        {"id": str(n), "question": asked, "passage": title, "answers": [right], "answerable": True}
        for n, (asked, title, right) in enumerate(ASKED)
    ]
    for name, lines in (("passages", passages), ("questions", questions)):
        (at / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return at


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command; errors of ours are raised."""
    embedder = AngleEmbedder()
    monkeypatch.setattr(ui.evaluating, "make_embedder", lambda *_: embedder)
    monkeypatch.setenv("FOOTNOTE_LLM", "none")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        result = CliRunner().invoke(app, ["eval", *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    call.embedder = embedder
    return call


def test_figures_of_a_folder(run, folder, tmp_path) -> None:
    out = tmp_path / "report.json"
    result = run(folder, "--measure", "retrieval", "--measure", "quotes", "--json", out)
    assert result.exit_code == 0
    assert "building a library (3)…" not in result.stdout
    assert "wiki: key quotes (3)…" in result.stderr
    rows = {line.split("  ")[1].strip(): line.split() for line in result.stdout.splitlines() if "  " in line}
    assert rows["recall@1"][1] == "1.000"
    assert rows["key quotes hold it, best 3"][-5:] == ["1.000", "1.000", "–", "1.000", "3"]
    report = Report.from_dict(json.loads(out.read_text()), "out")
    assert report.about["model"] == "none"
    assert report.about["sets"] == {"wiki": 3}
    assert "llm_api_key" not in report.about["settings"]
    assert {figure.measure for figure in report.figures} >= {"recall@1", "key quotes hold it, best 1"}


def test_a_second_run_embeds_nothing(run, folder) -> None:
    run(folder, "--measure", "quotes")
    made = len(run.embedder.texts)
    assert made
    run(folder, "--measure", "quotes")
    assert len(run.embedder.texts) == made


def test_a_regression_exits_with_one(run, folder, tmp_path) -> None:
    before = tmp_path / "before.json"
    wanted = ("--measure", "quotes", "--measure", "retrieval")
    run(folder, *wanted, "--json", before)
    same = run(folder, *wanted, "--compare", before)
    assert same.exit_code == 0
    assert "0 worse, 0 better, 7 the same within noise" in same.stdout

    questions = folder / "questions.jsonl"
    questions.write_text(
        questions.read_text()
        .replace("Seven", "Eleven")
        .replace("40 dollars", "50 dollars")
        .replace("May 2020", "May 1999")
    )
    fell = run(folder, *wanted, "--compare", before, "--json", tmp_path / "after.json")
    assert fell.exit_code == 1
    assert "3 worse, 0 better, 4 the same within noise" in fell.stdout
    assert "worse" in fell.stdout.splitlines()[-4]
    rose = run(folder, "--measure", "quotes", "--compare", tmp_path / "after.json")
    assert rose.exit_code == 0
    assert "not measured now: wiki: nDCG@10" in rose.stdout


def test_own_questions_of_the_own_library(run, folder, tmp_path, monkeypatch) -> None:
    import rag.models

    monkeypatch.setattr(rag.models, "make_embedder", lambda *_: run.embedder)
    notes = tmp_path / "notes"
    notes.mkdir()
    for title in ("Planes", "Oil"):
        (notes / f"{title}.txt").write_text(TEXTS[title])
    library = tmp_path / "mine"
    assert CliRunner().invoke(app, ["add", str(notes), "--library", str(library)]).exit_code == 0
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": asked, "answers": [right], "document": f"{title}.txt"}
        for asked, title, right in ASKED[:2]
    ]
    lines.append({"question": "Who bought the moon with money?", "answerable": False})
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = run(file, "--library", library)
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "written answer holds it 1.000" in shown
    assert "right document in the best 1 1.000" in shown
    assert "refused, unanswerable 1.000 1.000 – 1.000 1 always refuse 1.000" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("--measure", "speed"), "no measure 'speed': there are retrieval, quotes", id="measure"),
        pytest.param(("--compare", "none.json"), r"none\.json: it cannot be read", id="no baseline"),
        pytest.param(("--compare", "wiki/passages.jsonl"), "this is no JSON", id="baseline of another kind"),
        pytest.param(
            ("--json", "nowhere/report.json"), "there is no such folder", id="no folder for the report"
        ),
    ],
)
def test_wrong_requests_are_said_before_anything_runs(run, folder, arguments, says) -> None:
    with pytest.raises(EvaluationError, match=says):
        run(folder, *arguments)
    assert run.embedder.texts == []


def test_a_document_that_cannot_be_added_is_said(run, folder) -> None:
    passages = folder / "passages.jsonl"
    passages.write_text(passages.read_text().replace(TEXTS["Oil"], "…"))
    with pytest.raises(EvaluationError, match="a document of the question set cannot be added"):
        run(folder, "--measure", "quotes")


def test_the_help_names_every_measure(run) -> None:
    said = " ".join(run("--help").stdout.replace("│", " ").split())
    assert (
        "retrieval, quotes, answers, citations, refusal, confidence, conversation, injection or conflicts"
        in said
    )
    assert f"[default: ({ASKED_AT_MOST} where a model writes, else all)]" in said
    assert all(measure in said for measure in MEASURES)


def test_titles_become_file_names(tmp_path) -> None:
    titles = ["Normans", "a/b\\c", "", "ü" * 150, " . ", "Line\nbreak", ".hidden"]
    files = write([Source(str(n), title, "text") for n, title in enumerate(titles)], tmp_path)
    assert [path.stem for path in files] == ["Normans", "a b c", "3", "ü" * 100, ".", "Line break", ".hidden"]
    assert list(files.values()) == [str(n) for n in range(7)]
    assert all(path.read_text() == "text\n" for path in files)


def test_progress_in_a_terminal_counts_and_goes_away() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    with Shown(console) as shown:
        assert list(shown.track([1, 2], "asking")) == [1, 2]
    assert "asking" in out.getvalue()
    assert "(2)…" not in out.getvalue()


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, ".500"), (1.0, "1.000"), (-0.25, "-.250"), (0.0, ".000"), (12.3456, "12.346")],
)
def test_figures_are_short(value, written) -> None:
    assert share(value) == written


def test_a_table_names_sets_once_and_says_where_lower_is_better() -> None:
    figures = (
        Figure("a", "errors", 0.1, 0.0, 0.2, 3, "always refuse", 1.0, lower_is_better=True),
        Figure("a", "gain", -0.1, -0.2, 0.0, 3),
        Figure("b", "gain", 0.1, 0.0, 0.2, 1234),
    )
    out = io.StringIO()
    Console(file=out, width=100).print(figures_table(Report(figures, (), (), {})))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1:] == [
        ["a"],
        ["errors", "↓", ".100", ".000", "–", ".200", "3", "always", "refuse", "1.000"],
        ["gain", "-.100", "-.200", "–", ".000", "3"],
        ["b"],
        ["gain", ".100", ".000", "–", ".200", "1,234"],
    ]
