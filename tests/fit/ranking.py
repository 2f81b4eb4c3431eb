"""Fits rag/weights/ranking.json: which sentence holds the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from rag.evaluation.metrics import holds
from rag.evaluation.readers import read
from rag.retrieval.followup import FollowUp
from rag.retrieval.network import Network
from rag.retrieval.ranking import FEATURES, features
from rag.retrieval.search import find
from tests.fit.common import folds, group_of, library_of, store, train

UNITS, DECAY = 8, 1e-3


def fit(console: Console, folder: Path) -> None:
    [asked] = [each for each in read([folder]) if each.kind == "factoid"]
    questions = [q for q in asked.questions if q.answerable]
    rows, right, texts = [], [], []
    with library_of(console, asked.sources) as opened:
        library, embedder = opened.assistant.library, opened.assistant.embedder
        for question in opened_progress(console, questions):
            found = find(library, embedder, FollowUp(question.text), 6)
            spans = found.spans
            rows.append(features(spans, found.tokens, found.question))
            texts.append([span.text for span in spans])
            right.append(
                np.array(
                    [
                        opened.ids[span.passage.uri] in question.relevant
                        and holds(span.text, question.answers)
                        for span in spans
                    ]
                )
            )
    groups = [group_of(asked)[q.relevant[0]] for q in questions]
    scores: dict[int, np.ndarray] = {}
    for seen, unseen in folds(groups):
        network = Network.from_dict(
            {"features": FEATURES, **train([rows[i] for i in seen], [right[i] for i in seen], UNITS, DECAY)}
        )
        scores |= {i: network(rows[i]) for i in unseen}
    hits = np.zeros(3)
    shown = []
    for i, question in enumerate(questions):
        order = np.argsort(-scores[i], kind="stable")
        for n in range(3):
            hits[n] += holds(" ".join(texts[i][place] for place in order[: n + 1]), question.answers)
        chances = np.exp(scores[i] - scores[i].max())
        shown.append(np.sort(chances / chances.sum())[::-1][:3])
    figures = [round(float(hit), 4) for hit in hits / len(questions)]
    console.print(f"{len(questions)} questions; best 1, 2, 3 hold the answer: {figures}")
    console.print(
        f"mean chance of the best three: {np.mean([np.pad(s, (0, 3 - len(s))) for s in shown], axis=0)}"
    )
    about = {
        "what": "rag/retrieval/ranking.py: a sentence's chance to hold the answer, softmax over those found",
        "fitted": f"python -m tests.fit ranking, on {len(questions)} answerable questions of SQuAD 2.0",
        "unseen articles: best 1, 2, 3 hold the answer": figures,
        "units, decay": [UNITS, DECAY],
    }
    store("ranking", about, train(rows, right, UNITS, DECAY), FEATURES)


def opened_progress(console: Console, items):
    from rich.progress import track

    return track(items, "looking for evidence", console=console, disable=not console.is_terminal)
