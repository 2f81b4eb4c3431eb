"""Figures by the size of a library as pictures, and as a page that needs nothing beside it."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping
from pathlib import Path

Figures = Mapping[str, float]
Rows = Mapping[str, tuple[str, Callable[[float], str]]]

PICTURES = {
    "questions": (
        "milliseconds, p95",
        1000,
        ("ask.quotes.p95", "ask.rank.p95", "ask.retrieval.p95", "ask.dense.p95", "ask.lexical.p95"),
    ),
    "peers": ("milliseconds, p95", 1000, ("ask.retrieval.p95", "peers.bare.p95", "peers.tutorial.p95")),
    "changes": ("seconds", 1, ("come.first_s", "change.add.p95", "change.remove.p95", "rebuild.rebuild_s")),
    "room": (
        "gigabytes",
        0.001,
        (
            "ask.resident_mb",
            "servers.chroma_mb",
            "servers.postgresql_mb",
            "room.catalogue_mb",
            "room.index_mb",
            "peers.tutorial_mb",
        ),
    ),
}
"""Name of a picture: unit, factor, and what is drawn in it."""


def write(every: Mapping[int, Figures], rows: Rows, folder: Path) -> list[Path]:
    """Write the pictures and the page; return their files."""
    labels = {name: label.strip() for label, (name, _) in rows.items()}
    pictures = []
    for title, (unit, factor, names) in PICTURES.items():
        drawn = [name for name in names if all(name in figures for figures in every.values())]
        if drawn:
            pictures.append(folder / f"{title}.png")
            _draw(pictures[-1], every, {labels[name]: name for name in drawn}, unit, factor)
    page = folder / "scale.html"
    page.write_text(_page(every, rows, pictures), "utf-8")
    return [*pictures, page]


def _draw(
    file: Path, every: Mapping[int, Figures], lines: Mapping[str, str], unit: str, factor: float
) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for label, name in lines.items():
        axes.plot(list(every), [factor * each[name] for each in every.values()], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel=unit)
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend()
    figure.savefig(file, dpi=120)


def _page(every: Mapping[int, Figures], rows: Rows, pictures: list[Path]) -> str:
    head = "".join(f"<th>{size:,}</th>" for size in every)
    body = "".join(
        f"<tr><td>{html.escape(label)}</td>"
        + "".join(f"<td>{shown(each[name])}</td>" for each in every.values())
        + "</tr>\n"
        for label, (name, shown) in rows.items()
        if all(name in each for each in every.values())
    )
    drawn = "\n".join(
        f'<img alt="{file.stem}" src="data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}">'
        for file in pictures
    )
    return (
        '<!doctype html><meta charset="utf-8"><title>Footnote at every size</title>\n'
        "<style>body{font:16px sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:right}"
        "td:first-child{text-align:left;white-space:pre}img{max-width:44em;display:block}</style>\n"
        f"<h1>Footnote at every size</h1>\n<table><tr><th>passages</th>{head}</tr>\n{body}</table>\n{drawn}\n"
    )
