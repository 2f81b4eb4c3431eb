"""What the tests of the engine share: an assistant over one document, with a scripted model."""

import pytest
from fakes import TEXT, ScriptedModel, put

from rag.assistant import Assistant


@pytest.fixture
def assistant(library, embedder, settings):
    put(library, "news", TEXT, embedder)
    return Assistant(library, embedder, ScriptedModel(), settings)
