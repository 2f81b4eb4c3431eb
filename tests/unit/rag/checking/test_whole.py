from __future__ import annotations

import numpy as np
import pytest

from rag.checking.whole import Parts, fault

TEXT = "A zebra ran.\nThe moon rose."
VECTOR = np.array([0.6, 0.8], np.float32).tobytes()


def parts(**changed) -> Parts:
    """Return a document of two passages; `changed` are columns of its tables, as in ``texts_pages``."""
    rows = {
        "documents": {
            "id": "a", "uri": "file:///a", "title": "A", "media_type": "text/plain", "sha256": "0" * 64,
            "n_chars": len(TEXT), "n_pages": 2, "n_passages": 2, "added_at": "now", "status": "ready",
            "error": None,
        },
        "texts": {"document_id": "a", "text": TEXT, "pages": "[0, 13]"},
        "passages": {
            "n": 1, "id": "p1", "document_id": "a", "start": 0, "end": 12, "page": 1, "headings": "[\"H\"]",
            "context": "A", "text": "A zebra ran.",
        },
        "vectors": {"n": 1, "id": "p1", "vector": VECTOR},
    }  # fmt: skip
    second = (
        rows["passages"] | {"n": 2, "id": "p2", "start": 13, "end": 27, "text": "The moon rose.", "page": 2},
        {"n": 2, "id": "p2", "vector": VECTOR},
    )
    for name, value in changed.items():
        table, _, column = name.partition("_")
        rows[table][column] = value
    return Parts(rows["documents"], rows["texts"], [(rows["passages"], rows["vectors"]), second])


def test_a_whole_one() -> None:
    whole = parts()
    assert fault(whole, 8, has_text=True) == ""
    document, passages, contexts = whole.cut
    assert (document.id, document.n_passages) == ("a", 2)
    assert [(p.id, p.start, p.headings) for p in passages] == [("p1", 0, ("H",)), ("p2", 13, ("H",))]
    assert contexts == ["A", "A"]
    tables = [table for table, _ in whole.rows]
    assert tables == ["documents", "texts", "passages", "vectors", "passages", "vectors"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"documents_title": None}, "what is known of it is damaged"),
        ({"documents_uri": b"file:///a"}, "what is known of it is damaged"),
        ({"documents_n_chars": "27"}, "what is known of it is damaged"),
        ({"documents_n_passages": -2}, "what is known of it is damaged"),
        ({"documents_status": "reedy"}, "what is known of it is damaged"),
        ({"documents_sha256": "0" * 63}, "what is known of it is damaged"),
        ({"documents_n_chars": 26}, "its text is damaged"),
        ({"documents_n_pages": 3}, "its text is damaged"),
        ({"texts_text": None}, "its text is damaged"),
        ({"texts_pages": "[0, 1"}, "its text is damaged"),
        ({"texts_pages": "[13, 0]"}, "its text is damaged"),
        ({"texts_pages": "[0, 99]"}, "its text is damaged"),
        ({"texts_text": TEXT.replace("moon", "mood")}, "1 of its 2 passages are damaged"),
        ({"documents_n_passages": 3}, "1 of its 3 passages are damaged"),
        ({"documents_n_passages": 1}, "1 of its 1 passages are damaged"),
        ({"passages_start": 1}, "1 of its 2 passages are damaged"),
        ({"passages_end": "12"}, "1 of its 2 passages are damaged"),
        ({"passages_document_id": "b"}, "1 of its 2 passages are damaged"),
        ({"passages_headings": "{}"}, "1 of its 2 passages are damaged"),
        ({"passages_page": "one"}, "1 of its 2 passages are damaged"),
        ({"vectors_id": "p9"}, "1 of its 2 passages are damaged"),
        ({"vectors_vector": VECTOR[:4]}, "1 of its 2 passages are damaged"),
        ({"vectors_vector": "text"}, "1 of its 2 passages are damaged"),
        ({"vectors_vector": b"\xff" * 8}, "1 of its 2 passages are damaged"),
        ({"vectors_vector": np.array([0.6, 0.9], np.float32).tobytes()}, "1 of its 2 passages are damaged"),
    ],
)
def test_what_is_not_whole(changed: dict, why: str) -> None:
    assert fault(parts(**changed), 8, has_text=True) == why


def test_rows_that_cannot_be_read() -> None:
    whole = parts()
    (passage, vector), second = whole.passages
    assert fault(Parts(whole.document, None, whole.passages), 8, has_text=True) == "its text cannot be read"
    for first in ((None, vector), (passage, None)):
        some = Parts(whole.document, whole.text, [first, second])
        assert fault(some, 8, has_text=True) == "1 of its 2 passages are damaged"


def test_one_that_never_had_a_text() -> None:
    facts = parts().document | {"n_chars": 0, "n_passages": 0, "n_pages": None, "status": "failed"}
    assert fault(Parts(facts, None, []), 8, has_text=False) == ""
    assert fault(Parts(facts, None, []), 8, has_text=True) == "its text cannot be read"
    assert fault(Parts(facts, None, parts().passages), 8, has_text=False) == "parts of it are damaged"
