"""Fits the weights in rag/weights to a folder of questions: ``python -m tests.fit ranking FOLDER``.

Nothing is fitted to single questions: the figures printed are those of networks that have not seen the
articles they are tried on; the weights stored are then fitted to all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.fit import answerable as answerable_
from tests.fit import check as check_
from tests.fit import confidence as confidence_
from tests.fit import ranking as ranking_

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)
Folder = Annotated[Path, typer.Argument(help="A question set with paragraphs and accepted answers.")]


@app.callback()
def fit() -> None:
    """Fit the weights in rag/weights."""


@app.command()
def ranking(folder: Folder) -> None:
    """Fit the ranking of sentences."""
    ranking_.fit(console, folder)


@app.command()
def answerable(folder: Folder) -> None:
    """Fit whether the best sentence answers, or merely looks as if it did."""
    answerable_.fit(console, folder)


@app.command()
def check(
    folder: Folder, limit: Annotated[int, typer.Option(help="Questions whose passages are used.")] = 400
) -> None:
    """Fit nothing: print how the check judges claims that are made true or false on purpose."""
    check_.measure(console, folder, limit)


@app.command()
def confidence(
    folder: Annotated[
        Path, typer.Argument(help="Question sets: paragraphs (factoid), injection and multihop.")
    ],
    limit: Annotated[int, typer.Option(help="Answerable questions; others in proportion.")] = 150,
) -> None:
    """Fit the confidence in evidence and in written answers; the model writes several hundred of them.

    The starter documents must have been added: make starter.
    """
    confidence_.fit(console, folder, limit)


app()
