"""What people think of the answers that they got."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import ConversationNotFound, UsageError
from rag.people.conversation import StoredTurn, Verdict
from rag.people.conversation_rows import stored_turn
from rag.storage.portable import TurnNumber
from rag.storage.tables import conversations, feedback, turns

VERDICTS: tuple[str, ...] = get_args(Verdict)
NOTE_CHARS = 2000


class Feedback:
    """Verdicts on the turns of conversations in a catalogue. Each call is one transaction."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def rate(self, turn_id: str, owner: str, verdict: str, note: str = "") -> None:
        """Keep what the asker thinks of an answer; an empty verdict takes it back.

        Raises:
            ConversationNotFound: there is no such turn, or it is another's.
            UsageError: the verdict is none of `VERDICTS`.
        """
        if verdict and verdict not in VERDICTS:
            raise UsageError(f"'{verdict[:40]}' is no verdict: say one of {', '.join(VERDICTS)}")
        with self._catalog.transaction(write=True) as connection:
            whose = (
                sa.select(conversations.c.owner)
                .join(turns, turns.c.conversation_id == conversations.c.id)
                .where(turns.c.id == turn_id)
            )
            if connection.scalar(whose) != owner:
                raise ConversationNotFound("no such answer: its conversation may have been deleted")
            connection.execute(feedback.delete().where(feedback.c.turn_id == turn_id))
            if verdict:
                values = {"turn_id": turn_id, "verdict": verdict, "note": note.strip()[:NOTE_CHARS]}
                connection.execute(
                    feedback.insert().values(
                        **values, made_at=datetime.now(UTC).isoformat(timespec="seconds")
                    )
                )

    def rated(self, owner: str) -> list[StoredTurn]:
        """Return the turns that the owner gave a verdict on, oldest first."""
        query = (
            sa.select(turns, feedback.c.verdict, feedback.c.note)
            .join(feedback, feedback.c.turn_id == turns.c.id)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .where(conversations.c.owner == owner)
            .order_by(TurnNumber())
        )
        with self._catalog.transaction(write=False) as connection:
            return [stored_turn(row) for row in connection.execute(query)]
