"""Figures of speed and memory: ``make bench`` prints all, ``make bench ARGS="answer --limit 4"`` some.

Figures of speed are ratios within one run: run nothing else meanwhile.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.bench import (
    answering,
    chatting,
    encoding,
    ingesting,
    memory,
    scale,
    served,
    starting,
    together,
    writing,
)
from tests.bench.places import ENGINES

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)

CHECKOUT = Path(__file__).parents[2]
STARTER = [CHECKOUT / "seeds" / "hmeimim", CHECKOUT / "seeds" / "guide"]
GOLDEN = CHECKOUT / "seeds" / "golden.jsonl"
Engine = StrEnum("Engine", list(ENGINES))
Limit = Annotated[int, typer.Option(help="How many questions; 0 for all.")]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Print every figure but those of scale and of many people, which take long."""
    if context.invoked_subcommand is None:
        starting.bench(console, STARTER)
        ingesting.bench(console, STARTER)
        encoding.bench(console, STARTER)
        answering.bench(console, STARTER, GOLDEN, 8)
        together.bench(console, STARTER, GOLDEN, 2)
        writing.bench(console, STARTER, GOLDEN, 8)
        memory.bench(console, STARTER, GOLDEN)


@app.command("start")
def start() -> None:
    """Time `footnote ask` in a fresh process: to the first key quote, and as a whole."""
    starting.bench(console, STARTER)


@app.command("ingest")
def ingest() -> None:
    """Compare ingest with the plain LangChain way on the same texts, and with bare encoding."""
    ingesting.bench(console, STARTER)
    encoding.bench(console, STARTER)


@app.command("answer")
def answer(limit: Limit = 8) -> None:
    """Compare the first word and the whole answer with the plain LangChain way."""
    answering.bench(console, STARTER, GOLDEN, limit)


@app.command("together")
def together_(rounds: Annotated[int, typer.Option(help="How often four people ask.")] = 2) -> None:
    """Compare an answer of the local model when four are asked for at once with one alone."""
    together.bench(console, STARTER, GOLDEN, rounds)


@app.command("writing")
def writing_(limit: Limit = 8) -> None:
    """Show what the local model's work is made of, for one, two and four answers at a time."""
    writing.bench(console, STARTER, GOLDEN, limit)


@app.command("memory")
def memory_() -> None:
    """Measure resident memory after 20 questions."""
    memory.bench(console, STARTER, GOLDEN)


@app.command("chat")
def chat(
    people: Annotated[int, typer.Option(help="How many ask at once.")] = 20,
    questions: Annotated[int, typer.Option(help="How many questions each.")] = 3,
) -> None:
    """Let many people ask at once, and tell when they have passages, key quotes and answers."""
    chatting.bench(console, STARTER, GOLDEN, people, questions)


@app.command("served")
def served_(
    passages: Annotated[int, typer.Option(help="How many vectors are drawn.")] = served.PASSAGES,
) -> None:
    """Compare the index on a Chroma server with the one in the library's folder."""
    served.bench(console, passages)


@app.command("scale")
def scale_(
    passages: Annotated[
        str, typer.Option(help="Sizes of libraries, as 1000,10000; empty for none.")
    ] = ",".join(map(str, scale.PASSAGES)),
    real: Annotated[int, typer.Option(help="How many passages are embedded for real.")] = scale.REAL,
    peers: Annotated[bool, typer.Option(help="Ask bare Chroma and LangChain's tutorial, too.")] = True,
    engine: Annotated[
        Engine, typer.Option(help="Where libraries are: in a folder, or on servers that are started for it.")
    ] = Engine.embedded,
    documents: Annotated[
        str, typer.Option(help="Sizes of ingests whose memory is watched, in documents; empty for none.")
    ] = "",
) -> None:
    """Show what grows with a library: stages of a question, changes, opening, memory; takes long."""
    scale.bench(console, numbers(documents), numbers(passages), real, engine, with_peers=peers)


def numbers(listed: str) -> list[int]:
    """Return the numbers in a list such as ``1000,10000``."""
    return [int(each) for each in listed.replace(",", " ").split()]


if __name__ == "__main__":
    app()
