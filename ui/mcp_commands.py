"""The command ``footnote mcp``: the library as tools for an assistant that starts it."""

from __future__ import annotations

import typer

from rag.extras import require
from ui.options import LibraryOption, ModelOption, settings_for

commands = typer.Typer()


@commands.command(
    epilog="Example, as a client's configuration names it:  footnote mcp --library /srv/contracts --llm none"
)
def mcp(library: LibraryOption = None, llm: ModelOption = None) -> None:
    """Serve the library's tools over standard input and output, for clients of the Model Context Protocol.

    They only read. The chat and other commands may use the library meanwhile. With --llm none, `ask` answers
    in the documents' own sentences, and the client's model does the writing.
    """
    require("mcp", "the tool protocol", "mcp")
    from ui.mcp_parts import Opening
    from ui.mcp_server import make_server

    opening = Opening(settings_for(library, llm=llm))
    try:
        opening.warm()
        make_server(opening, lambda _: "").run("stdio")
    finally:
        opening.close()
