"""``footnote chat``: says what it waits for, then serves the page until it is stopped."""

from __future__ import annotations

import threading
from contextlib import suppress

from rich.console import Console

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.extras import require
from rag.library import Library
from rag.models import make_chat_model, make_embedder
from rag.settings import Settings
from ui.waiting import fetching


def run(console: Console, settings: Settings) -> None:
    """Open the library, start the models in the background, and serve.

    Raises:
        MissingExtra: the packages of the server are not installed.
        SettingsError: the address or port cannot be used, or nobody could sign in.
        LibraryInUse: another process holds the library.
    """
    require("server", "the chat", "gradio", "fastapi", "starlette", "uvicorn", "argon2", "PIL", "sklearn")
    from ui.listen import check_port, check_reach, is_loopback
    from ui.sign_ins import check_users

    check_reach(settings)
    check_port(settings.host, settings.port, auth=settings.auth)
    library = Library.of(settings, create=True)
    try:
        if library.read_only:
            console.print("This library may only be read: it answers, and no documents can be added.")
        else:
            library.lock("footnote chat")
        if settings.auth:
            check_users(library)
        with fetching(console) as progress:
            embedder = make_embedder(settings, progress)
            chat_model = make_chat_model(settings, progress)
        assistant = Assistant(library, embedder, chat_model, settings)
    except BaseException:
        library.close()
        raise
    with assistant:
        console.print("Loading the page…")
        opening = threading.Thread(target=_warm, args=(assistant,), name="warm", daemon=True)
        from ui.server import serve

        def ready(url: str) -> None:
            opening.start()  # not before: both would take twice as long, the page and the models
            console.print(f"Footnote is ready: [bold]{url}[/bold]  (Ctrl-C ends it)")
            if settings.auth and not (is_loopback(settings.host) or settings.proxies):
                console.print(
                    "Passwords and documents pass unencrypted by http: "
                    "put a proxy with TLS before it where others can listen."
                )

        serve(assistant, settings, ready, opening)


def _warm(assistant: Assistant) -> None:
    """Load what the first question would wait for; whatever is wrong, that question will tell."""
    with suppress(FootnoteError):
        assistant.warm()
