"""The command that answers: ``footnote ask``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ui.completing import offered_collections, offered_documents
from ui.options import JsonOption, LibraryOption, ModelOption, settings_for

REFUSED = 3
"""Exit code where the documents do not answer the question."""

commands = typer.Typer()


@commands.command(
    epilog='Examples:\n\nfootnote ask "When did flights resume?"\n\n'
    "footnote ask -i --collection Travel\n\n"
    'footnote ask "When did flights resume?" --json | jq -r .answer\n\n'
    "echo 'When did flights resume?' | footnote ask --stream",
    context_settings={"allow_extra_args": True},
)
def ask(
    context: typer.Context,
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="QUESTION", help="Standard input has it where it is '-', or left out in a pipe."
        ),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Print events as JSON lines, each at once; the last is the answer."),
    ] = False,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="No colour, nothing drawn again: for pipes (then by itself) and screen readers."
        ),
    ] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Go on with a conversation; /help shows its commands.")
    ] = False,
    collection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Search this collection; repeat for several.",
            autocompletion=offered_collections,
        ),
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DOC", help="Search this document; repeat for several.", autocompletion=offered_documents
        ),
    ] = None,
    llm: ModelOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each stage: candidates, prompt, checks, confidence.")
    ] = False,
) -> None:
    """Answer a question: key quotes at once, then sentences with their sources.

    Exit codes: 0 answered, 3 refused (the documents do not answer it),
    1 an error, 2 a wrong request, 130 stopped by Ctrl-C.
    """
    if context.args:
        raise typer.BadParameter('put the question between quotes, as in footnote ask "When did …?"')
    _check(as_json=as_json, stream=stream, interactive=interactive, explain=explain)
    asked = _asked(question, interactive=interactive)
    from ui import questioning

    settings = settings_for(library, llm=llm)
    request = questioning.Request(asked or "", tuple(collection or ()), tuple(document or ()), explain)
    if interactive:
        questioning.talk(settings, request, plain=plain)
        return
    if as_json or stream:
        answer = questioning.tell(settings, request, stream=stream)
    else:
        answer = questioning.show(settings, request, plain=plain)
    if answer.refused:
        raise typer.Exit(REFUSED)


def _check(*, as_json: bool, stream: bool, interactive: bool, explain: bool) -> None:
    """Refuse options that do not go together."""
    if as_json and stream:
        raise typer.BadParameter("choose one of --json and --stream")
    if interactive and (as_json or stream):
        raise typer.BadParameter("a conversation is for people: leave out --json and --stream, or -i")
    if stream and explain:
        raise typer.BadParameter("--explain goes with --json, or with the answer as it is shown")


def _asked(question: str | None, *, interactive: bool) -> str | None:
    """Return the question, from standard input where it is to be read there; a conversation needs none."""
    if interactive:
        if question == "-":
            raise typer.BadParameter("a conversation reads its questions itself: leave out the '-'")
        return question
    if question == "-" or (question is None and not sys.stdin.isatty()):
        from ui.prompting import piped_question

        return piped_question()
    if question is None:
        raise typer.BadParameter('write the question, as in footnote ask "When did …?", or use -i')
    return question
