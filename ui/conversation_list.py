"""The list of conversations beside the page (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from rag.people.conversation import Conversation
from rag.text.hidden import shown
from ui.html import Html, element, join


def render_conversations(found: Sequence[Conversation], now: datetime, words: str = "") -> Html:
    """Return conversations, the latest first, under the days they were last used on.

    Args:
        found: what is listed.
        now: the time with the zone that the days are counted in.
        words: what was searched for.
    """
    if not found:
        said = "No conversation has these words." if words else "What you ask is kept here."
        return element("p", said, class_="side-empty")
    return join(
        *(
            element(
                "section",
                element("h3", day, class_="side-day"),
                element("ul", *(_row(each) for each in group)),
            )
            for day, group in groupby(found, lambda each: day_of(each.changed_at, now))
        )
    )


def day_of(moment: str, now: datetime) -> str:
    """Return in words how long ago an ISO 8601 time was."""
    then = datetime.fromisoformat(moment).astimezone(now.tzinfo).date()
    days = (now.date() - then) // timedelta(days=1)
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return "This week"
    return f"{then:%B}" if then.year == now.year else f"{then:%B %Y}"


def _row(conversation: Conversation) -> Html:
    name = shown(conversation.title)
    return element(
        "li",
        element(
            "button",
            element("bdi", conversation.title),
            type="button",
            class_="side-open",
            data_conversation=conversation.id,
        ),
        element(
            "details",
            element("summary", "⋯", aria_label=f"More for {name}", title="Rename, export or delete"),
            element(
                "div",
                _act("Rename", "rename", conversation.id, name),
                _export("Export as Markdown", conversation.id, "md"),
                _export("Export as JSON", conversation.id, "json"),
                _act("Delete", "delete", conversation.id, name),
                class_="side-menu",
            ),
        ),
    )


def _act(words: str, act: str, conversation_id: str, name: str) -> Html:
    return element("button", words, type="button", data_act=act, data_id=conversation_id, data_title=name)


def _export(words: str, conversation_id: str, suffix: str) -> Html:
    return element("a", words, href=f"/conversations/{conversation_id}/export.{suffix}", download=True)
