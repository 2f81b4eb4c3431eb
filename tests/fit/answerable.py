"""Fits rag/weights/answerable.json: does the best sentence answer, or does it merely look so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from rag.evaluation.readers import read
from rag.retrieval.answerable import FEATURES, features
from rag.retrieval.followup import FollowUp
from rag.retrieval.ranking import rank
from rag.retrieval.search import find
from tests.fit.common import group_of, library_of, logistic_of, print_cuts, write
from tests.fit.ranking import opened_progress


def fit(console: Console, folder: Path) -> None:
    [asked] = [each for each in read([folder]) if each.kind == "factoid"]
    rows, labels, groups = [], [], []
    article = group_of(asked)
    with library_of(console, asked.sources) as opened:
        library, embedder = opened.assistant.library, opened.assistant.embedder
        for question in opened_progress(console, asked.questions):
            found = find(library, embedder, FollowUp(question.text), 6)
            ranked = rank(found.spans, found.tokens, found.question)
            rows.append(features(found.question, ranked, found.spans, found.tokens))
            labels.append(bool(question.answerable))
            groups.append(article[question.relevant[0]])
    table, known = np.array(rows), np.array(labels)
    model, figures, chances = logistic_of(console, "answerable", FEATURES, table, known, groups)
    print_cuts(console, chances, ["answerable" if each else "beside" for each in labels])
    about = {
        "what": "rag/retrieval/answerable.py: whether a paragraph that was found answers the question",
        "fitted": f"python -m tests.fit answerable, on {len(rows)} questions of SQuAD 2.0; articles apart",
        **figures,
    }
    write("answerable", {"about": about, **model})
