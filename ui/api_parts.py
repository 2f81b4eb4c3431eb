"""What the routes of the API work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.people.conversations import Conversations
from ui.answers import Answers
from ui.asking import Asking
from ui.intake import Intake
from ui.runs import Runs

if TYPE_CHECKING:
    from rag.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the server, shared with the page, so that both wait for one model and fill one queue."""

    assistant: Assistant
    answers: Answers
    asking: Asking
    conversations: Conversations
    runs: Runs
    intake: Intake
