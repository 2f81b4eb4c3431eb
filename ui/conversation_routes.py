"""Routes of conversations: the list, one of them, its export, and what is thought of its answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, StringConstraints

from rag.people.conversations import Conversations
from rag.people.feedback import NOTE_CHARS, Feedback
from ui.conversation_list import render_conversations
from ui.exporting import file_name, to_json, to_markdown, to_questions
from ui.runs import Runs
from ui.visitors import visitor


class Title(BaseModel):
    """A new title."""

    title: Annotated[str, StringConstraints(max_length=1000)]


class Opinion(BaseModel):
    """What is thought of an answer; an empty verdict takes it back."""

    verdict: Annotated[str, StringConstraints(max_length=40)]
    note: Annotated[str, StringConstraints(max_length=NOTE_CHARS)] = ""


def add_conversation_routes(
    app: FastAPI, conversations: Conversations, feedback: Feedback, runs: Runs
) -> None:
    """Add the routes to the application."""

    @app.get("/view/conversations", response_class=HTMLResponse)
    def listed(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> str:
        now = datetime.now().astimezone()
        return render_conversations(conversations.latest(visitor(request), q), now, q)

    @app.get("/conversations")
    def known(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> list[dict[str, Any]]:
        return [each.to_dict() for each in conversations.latest(visitor(request), q)]

    @app.get("/conversations/{conversation_id}")
    def one(request: Request, conversation_id: str) -> dict[str, Any]:
        return conversations.get(conversation_id, visitor(request)).to_dict()

    @app.patch("/conversations/{conversation_id}")
    def rename(request: Request, conversation_id: str, new: Title) -> dict[str, Any]:
        return conversations.rename(conversation_id, visitor(request), new.title).to_dict()

    @app.delete("/conversations/{conversation_id}", status_code=204)
    def remove(request: Request, conversation_id: str) -> Response:
        conversations.remove(conversation_id, visitor(request))
        runs.stop(conversation_id)
        return Response(status_code=204)

    @app.get("/conversations/{conversation_id}/export.{suffix}")
    def export(request: Request, conversation_id: str, suffix: Literal["md", "json"]) -> Response:
        user = visitor(request)
        conversation = conversations.get(conversation_id, user)
        turns = conversations.turns(conversation_id, user)
        if suffix == "json":
            answer: Response = JSONResponse(to_json(conversation, turns))
        else:
            answer = Response(to_markdown(conversation, turns), media_type="text/markdown")
        return _download(answer, file_name(conversation.title, f".{suffix}"))

    @app.put("/turns/{turn_id}/feedback", status_code=204)
    def rate(request: Request, turn_id: str, opinion: Opinion) -> Response:
        feedback.rate(turn_id, visitor(request), opinion.verdict, opinion.note)
        return Response(status_code=204)

    @app.get("/feedback.jsonl")
    def rated(request: Request) -> Response:
        lines = to_questions(feedback.rated(visitor(request)))
        return _download(Response(lines, media_type="application/jsonl"), "questions.jsonl")


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
