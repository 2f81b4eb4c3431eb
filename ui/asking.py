"""A question from the page to its answer: kept in its conversation, and searched in its scope."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag.errors import ConversationBusy, UsageError
from rag.people.collections import Collections
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.people.under_way import BUSY
from ui.asked import Asked
from ui.runs import Followed, Runs
from ui.turn import Turn, turn_of
from ui.visitors import documents_for

if TYPE_CHECKING:
    from rag.assistant import Assistant


_RACES = 3
"""Times that it is looked again what another process answers in a conversation, as it comes and goes."""


class Asking:
    """What the page's events do to conversations; `user` is whose they are."""

    def __init__(self, assistant: Assistant, conversations: Conversations, runs: Runs) -> None:
        self._assistant = assistant
        self._conversations = conversations
        self._collections = Collections(assistant.library.catalog)
        self._runs = runs
        self._one_at_a_time = threading.Lock()

    def begin(
        self, user: str, asked: Asked, question: str, *, join: bool = True
    ) -> tuple[Followed, list[Turn]]:
        """Begin to answer a question, and return this with the turns before it.

        While an answer is being written in the conversation, this is what is returned, where one may `join`.

        Raises:
            ConversationBusy: an answer is being written, and one may not.
            UsageError: nothing is left of what the conversation searches.
            CollectionNotFound: the collection that it searches is gone.
            ConversationNotFound: the conversation is another user's.
            StorageError: the question cannot be kept.
        """
        with self._one_at_a_time:
            for _ in range(_RACES):
                try:
                    return self._joined(user, asked, join=join) or self._begun(user, asked, question)
                except ConversationBusy:  # another process was first, and may be done already
                    if not join:
                        raise
            raise ConversationBusy(BUSY)

    def _joined(self, user: str, asked: Asked, *, join: bool) -> tuple[Followed, list[Turn]] | None:
        """Return what is being answered, with the turns before it; None where nothing is.

        Raises:
            ConversationBusy: something is, and one may not `join`.
        """
        if self._runs.running(asked.conversation) is None:
            return None
        earlier, running = self.resume(user, asked.conversation)
        if running is not None and not join:
            raise ConversationBusy(BUSY)
        return None if running is None else (running, earlier)

    def _begun(self, user: str, asked: Asked, question: str) -> tuple[Followed, list[Turn]]:
        within = self.within(user, asked.scope)
        turn_id, before = self._conversations.ask(
            asked.conversation,
            user,
            question,
            asked.scope,
            replaces=asked.replaces or "",
            begin=self._runs.hold,
        )
        history = [turn.said for turn in before]
        run = self._runs.begin(asked.conversation, turn_id, question, history, within)
        return run, [turn_of(turn) for turn in before]

    def resume(self, user: str, conversation_id: str) -> tuple[list[Turn], Followed | None]:
        """Return the turns of a conversation, and what is being answered in it.

        Raises:
            ConversationNotFound: there is none, or it is another user's.
        """
        run = self._runs.running(conversation_id)  # before the turns: it may be finished in between
        stored = self._conversations.turns(conversation_id, user)
        turns = [turn_of(turn) for turn in stored if run is None or turn.id != run.turn.id]
        return turns, run

    def stop(self, user: str, conversation_id: str) -> None:
        """End the answer of a conversation.

        Raises:
            ConversationNotFound: there is none, or it is another user's.
        """
        self._conversations.get(conversation_id, user)
        self._runs.stop(conversation_id)

    def within(self, user: str, scope: Scope) -> frozenset[str] | None:
        """Return the ids of the documents that are searched; None for all that there are.

        Raises:
            UsageError: nothing is left of them.
            CollectionNotFound: there is no such collection, or it is another user's.
        """
        if not user and scope == Scope():
            return None
        seen = {document.id for document in documents_for(self._assistant.library, user)}
        if scope.documents:
            seen.intersection_update(scope.documents)
        elif scope.collection:
            seen &= self._collections.document_ids(scope.collection, user)
        if not seen and scope != Scope():
            raise UsageError("nothing is left of what this conversation searches: choose again")
        return frozenset(seen)
