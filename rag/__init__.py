"""Answers from your own documents, with a source behind every sentence.

```python
from rag import Assistant

with Assistant.open("my-library") as assistant:
    print(assistant.ask("When did flights resume?").text)
```
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answer.marks import marked
    from rag.assistant import Assistant
    from rag.errors import (
        ApiKeyError,
        ArtifactError,
        BackupError,
        BadModelAnswer,
        BrokenDocument,
        CatalogRefused,
        CatalogUnavailable,
        ClusterError,
        CollectionNotFound,
        ConversationBusy,
        ConversationNotFound,
        DocumentNotFound,
        EmptyDocument,
        EncryptedDocument,
        EvaluationError,
        FootnoteError,
        IndexDamaged,
        IndexUnavailable,
        LibraryDamaged,
        LibraryError,
        LibraryIncompatible,
        LibraryInUse,
        LibraryMissing,
        LimitExceeded,
        LoadError,
        MissingExtra,
        ModelError,
        ModelPaused,
        ModelUnavailable,
        OriginalGone,
        QuestionError,
        ServerGone,
        SettingsError,
        StorageError,
        SyncRefused,
        UnknownFormat,
        UploadNotFound,
        UsageError,
        UserError,
    )
    from rag.given import EmbeddingsAdapter
    from rag.library import Library
    from rag.settings import Settings
    from rag.settings_layers import load_settings
    from rag.types import (
        Answer,
        AnswerFinished,
        Citation,
        Document,
        Event,
        EvidenceFound,
        FoundPassage,
        Passage,
        Sentence,
        SentenceChecked,
        TextWritten,
        Turn,
    )

__all__ = [
    "Answer",
    "AnswerFinished",
    "ApiKeyError",
    "ArtifactError",
    "Assistant",
    "BackupError",
    "BadModelAnswer",
    "BrokenDocument",
    "CatalogRefused",
    "CatalogUnavailable",
    "Citation",
    "ClusterError",
    "CollectionNotFound",
    "ConversationBusy",
    "ConversationNotFound",
    "Document",
    "DocumentNotFound",
    "EmbeddingsAdapter",
    "EmptyDocument",
    "EncryptedDocument",
    "EvaluationError",
    "Event",
    "EvidenceFound",
    "FootnoteError",
    "FoundPassage",
    "IndexDamaged",
    "IndexUnavailable",
    "Library",
    "LibraryDamaged",
    "LibraryError",
    "LibraryInUse",
    "LibraryIncompatible",
    "LibraryMissing",
    "LimitExceeded",
    "LoadError",
    "MissingExtra",
    "ModelError",
    "ModelPaused",
    "ModelUnavailable",
    "OriginalGone",
    "Passage",
    "QuestionError",
    "Sentence",
    "SentenceChecked",
    "ServerGone",
    "Settings",
    "SettingsError",
    "StorageError",
    "SyncRefused",
    "TextWritten",
    "Turn",
    "UnknownFormat",
    "UploadNotFound",
    "UsageError",
    "UserError",
    "load_settings",
    "marked",
]

# numpy's OpenBLAS reads this when it is loaded. By default its threads spin for some 30 ms after a product of
# matrices, and what comes next on two cores takes twice as long: a question's vector 15 ms in place of 6.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

_HOMES = {
    "Assistant": "rag.assistant",
    "EmbeddingsAdapter": "rag.given",
    "Library": "rag.library",
    "Settings": "rag.settings",
    "load_settings": "rag.settings_layers",
    "marked": "rag.answer.marks",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing this package costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute '{name}'")
    for home in (_HOMES.get(name), "rag.types", "rag.errors"):
        if home and hasattr(module := importlib.import_module(home), name):
            return getattr(module, name)
    raise AttributeError(f"module 'rag' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
