"""The command line: ``footnote add | sync | ask | list | show | remove | chat | check | … | eval``."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from rag.errors import FootnoteError
from rag.text.hidden import shown
from ui.ask_commands import commands as ask_commands
from ui.care_commands import commands as care_commands
from ui.completing import offered_measures
from ui.keys_commands import keys
from ui.library_commands import commands
from ui.mcp_commands import commands as mcp_commands
from ui.options import LibraryOption, ModelOption, settings_for
from ui.streams import give_up_output, is_full, make_ready
from ui.sync_commands import commands as sync_commands
from ui.users_commands import users


class _Commands(TyperGroup):
    """All commands; each ends quietly where the reader of a pipe has had enough."""

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            give_up_output()
            raise typer.Exit from None


app = typer.Typer(
    name="footnote",
    cls=_Commands,
    epilog='Example:  footnote add ~/papers   then   footnote ask "What did we measure in May?"',
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    make_ready()
    try:
        app()
    except FootnoteError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except OSError as error:
        if not is_full(error):
            raise
        give_up_output()
        _fail(f"the output cannot be written: {error.strerror}", 1)


def _fail(message: str, code: int) -> None:
    Console(stderr=True).print(
        f"footnote: {shown(message)}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    sys.exit(code)


app.add_typer(commands)
app.add_typer(ask_commands)
app.add_typer(sync_commands)
app.add_typer(care_commands)
app.add_typer(mcp_commands)
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")


@app.command(epilog="Examples:  footnote chat --port 8080   ·   footnote chat --auth --host 0.0.0.0")
def chat(
    library: LibraryOption = None,
    host: Annotated[str | None, typer.Option(show_default="127.0.0.1", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(show_default="7860", help="Port, 0 for a free one.")] = None,
    llm: ModelOption = None,
    auth: Annotated[
        bool | None,
        typer.Option(
            "--auth/--no-auth", show_default=False, help="Who opens it has to sign in; see 'footnote users'."
        ),
    ] = None,
) -> None:
    """Open the chat in the browser; Ctrl-C ends it."""
    from ui.chatting import run

    run(Console(highlight=False), settings_for(library, host=host, port=port, llm=llm, auth=auth))


@app.command(
    "eval",
    epilog="Examples:  footnote eval questions.jsonl --library ~/work-library   ·   "
    "footnote eval questions.jsonl --measure retrieval --measure quotes --json before.json   ·   "
    "footnote eval questions.jsonl --compare before.json --html report.html",
)
def eval_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Your questions as JSON lines, or folders of question sets."),
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
            autocompletion=offered_measures,
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
    llm: ModelOption = None,
) -> None:
    """Measure how good the answers are, on questions with known answers; each with its 95% interval."""
    from ui.drafting import draft_and_report
    from ui.evaluating import Outputs, Request, evaluate_and_report

    settings = settings_for(library, llm=llm)
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


if __name__ == "__main__":
    main()
