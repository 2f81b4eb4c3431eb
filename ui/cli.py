"""The command line: ``footnote add | ask | list | show | remove | chat | eval``."""

from __future__ import annotations

import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rag.errors import FootnoteError
from rag.settings import Settings, load_settings

app = typer.Typer(
    name="footnote",
    epilog='Example:  footnote add ~/papers   then   footnote ask "What did we measure in May?"',
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", "-l", metavar="DIR", show_default="in your data folder", help="Folder of the library."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Document = Annotated[str, typer.Argument(metavar="DOC", help="Its id, path, file name or title.")]


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"footnote {metadata.version('footnote')}\n")
        raise typer.Exit


@app.callback()
def footnote(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Answers from your own documents, with a source behind every sentence."""


def main() -> None:
    """Run the command line; an error of ours is one line and an exit code."""
    try:
        app()
    except FootnoteError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _fail(message: str, code: int) -> None:
    Console(stderr=True).print(
        f"footnote: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    sys.exit(code)


def _settings(library: Path | None, **options: object) -> Settings:
    return load_settings({"library": library, **options})


@app.command(epilog="Example:  footnote add report.pdf notes/ --library ~/work-library")
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, and folders with all below.")],
    library: LibraryOption = None,
) -> None:
    """Add files and folders; what has not changed is left alone, a changed file replaces its old version."""
    from ui.adding import add_and_report

    if add_and_report(Console(), _settings(library), paths):
        raise typer.Exit(1)


@app.command(epilog='Example:  footnote ask "When did flights resume?" --json | jq .answer')
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
    llm: Annotated[
        str | None, typer.Option(metavar="MODEL", help="local, local-small, none, openai:NAME, …")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each stage: candidates, prompt, checks, confidence.")
    ] = False,
) -> None:
    """Answer a question: key quotes at once, then sentences with their sources."""
    from rag.assistant import Assistant
    from ui.explaining import explained
    from ui.terminal import fetching, show_answer

    settings = _settings(library, llm=llm)
    with fetching(Console(stderr=True)) as progress:
        assistant = Assistant.open(settings=settings, progress=progress)
    with assistant:
        if as_json:
            answer = assistant.ask(question)
            trace = {"trace": answer.trace.to_dict()} if explain and answer.trace is not None else {}
            _print_json(answer.to_dict() | trace)
        else:
            console = Console(highlight=False)
            answer = show_answer(console, assistant.stream(question))
            if explain and answer.trace is not None:
                console.print(explained(answer.trace))


@app.command("list", epilog="Example:  footnote list --json | jq '.[].title'")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents of the library."""
    from rag.library import Library
    from ui.terminal import documents_table

    with Library.open(_settings(library).library) as opened:
        documents = opened.documents()
    if as_json:
        _print_json([document.to_dict() for document in documents])
    elif documents:
        Console(highlight=False).print(documents_table(documents))
    else:
        Console().print("The library is empty: add to it by 'footnote add PATH…'")


@app.command(epilog="Example:  footnote show report.pdf --text | less")
def show(
    document: Document,
    library: LibraryOption = None,
    text: Annotated[
        bool, typer.Option("--text", help="Print the extracted text and nothing else; offsets point into it.")
    ] = False,
) -> None:
    """Show a document's facts, or its text."""
    from rag.library import Library

    with Library.open(_settings(library).library) as opened:
        found = opened.find(document)
        if text:
            sys.stdout.buffer.write(opened.text(found.id).encode("utf-8"))
            sys.stdout.buffer.flush()
            return
    console = Console(highlight=False)
    for name, value in found.to_dict().items():
        if value is not None:
            console.print(f"[bold]{name:<11}[/bold]", end=" ")
            console.print(str(value), markup=False, soft_wrap=True)


@app.command(epilog="Example:  footnote remove report.pdf 3f2a9c")
def remove(
    documents: Annotated[list[str], typer.Argument(metavar="DOC…", help="Ids, paths, file names or titles.")],
    library: LibraryOption = None,
) -> None:
    """Remove documents from the library; the files themselves stay."""
    from rag.library import Library

    with Library.open(_settings(library).library) as opened:
        found = {each.id: each for each in map(opened.find, documents)}
        for each in found.values():
            opened.remove(each.id)
            Console().print(f"removed {each.title}", markup=False, highlight=False)


@app.command(epilog="Example:  footnote chat --port 8080")
def chat(
    library: LibraryOption = None,
    host: Annotated[str | None, typer.Option(show_default="127.0.0.1", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(show_default="7860", help="Port, 0 for a free one.")] = None,
    llm: Annotated[
        str | None, typer.Option(metavar="MODEL", help="local, local-small, none, openai:NAME, …")
    ] = None,
) -> None:
    """Open the chat in the browser; Ctrl-C ends it."""
    from ui.chatting import run

    run(Console(highlight=False), _settings(library, host=host, port=port, llm=llm))


@app.command(
    "eval",
    epilog="Examples:  footnote eval questions.jsonl --library ~/work-library   ·   "
    "footnote eval questions.jsonl --measure retrieval --measure quotes --json before.json   ·   "
    "footnote eval questions.jsonl --compare before.json --html report.html",
)
def eval_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH…]", help="Your questions as JSON lines, or folders of question sets."),
    ] = None,
    draft: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Write N questions about your documents, for you to edit."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where --draft writes [default: standard output].")
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default="all",
            help="retrieval, quotes, answers, citations, refusal, confidence, conversation, injection or "
            "conflicts; repeat for several. The first two run no model.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            show_default="100 where a model writes, else all",
            help="Questions of each set, 0 for all.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the questions and the intervals.")] = 0,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report, for --compare.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with plots and the failed cases.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An earlier report; exit 1 when a figure fell beyond noise."),
    ] = None,
    library: LibraryOption = None,
    llm: Annotated[
        str | None, typer.Option(metavar="MODEL", help="local, local-small, none, openai:NAME, …")
    ] = None,
) -> None:
    """Measure how good the answers are, on questions with known answers; each with its 95% interval."""
    from ui.drafting import draft_and_report
    from ui.evaluating import Outputs, Request, evaluate_and_report

    settings = _settings(library, llm=llm)
    if draft is not None:
        draft_and_report(Console(stderr=True), settings, draft, seed, out)
        return
    if not paths:
        raise typer.BadParameter("name a file of questions or a folder, or let some be written by --draft N")
    worse = evaluate_and_report(
        Console(highlight=False),
        Console(stderr=True),
        settings,
        Request(paths, measure or (), limit, seed),
        Outputs(json_, html, compare),
    )
    if worse:
        raise typer.Exit(1)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
