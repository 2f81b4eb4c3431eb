"""What figures are made of: matching of answers, retrieval metrics, calibration, bootstrap intervals (pure).

Needs the extra ``eval`` for what well-kept libraries compute: nDCG and recall by pytrec_eval (trec_eval
itself), area under the curve and Brier score by scikit-learn.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.report import Statistic
from rag.extras import missing_extra

Floats = NDArray[np.float64]

RESAMPLES = 2_000
LEVEL = 0.95
BINS = 10

_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "–—―−“”„«»‘’…•", " "))
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def normal(text: str) -> str:
    """Return the text as SQuAD compares answers: lower case, no punctuation, articles or double spaces.

    Punctuation becomes a space, so that the parts of a compound can be found.
    """
    plain = text.casefold().translate(_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", plain).split()) or " ".join(text.casefold().split())


def holds(text: str, answers: Iterable[str]) -> bool:
    """Tell whether `text` contains one of the answers, in whole words."""
    said = f" {normal(text)} "
    return any(f" {normal(answer)} " in said for answer in answers)


def token_f1(text: str, answers: Iterable[str]) -> float:
    """Return the best harmonic mean of token precision and recall over the answers, as in SQuAD."""
    return max((_f1(normal(text).split(), normal(answer).split()) for answer in answers), default=0.0)


def _f1(said: Sequence[str], right: Sequence[str]) -> float:
    common = sum((Counter(said) & Counter(right)).values())
    return 2 * common / (len(said) + len(right)) if common else 0.0


def ranking_scores(
    rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Iterable[str]], measures: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return for each measure of trec_eval, such as ``ndcg_cut_10`` or ``recall_5``, each question's score.

    Args:
        rankings: for each question the document ids found, best first, each once.
        relevant: for each question the ids that are right; only these questions count.
        measures: names as trec_eval prints them.
    """
    wanted = list(measures)
    qrels = {question: dict.fromkeys(ids, 1) for question, ids in relevant.items()}
    runs = {
        question: {
            each: float(len(rankings[question]) - place) for place, each in enumerate(rankings[question])
        }
        for question in qrels
    }
    with _extra():
        from pytrec_eval import RelevanceEvaluator
    # Asked for as "recall.5", answered as "recall_5".
    asked = {re.sub(r"_(?=\d+$)", ".", name) for name in wanted}
    found = RelevanceEvaluator(qrels, asked).evaluate(runs)
    return {name: {q: float(found.get(q, {}).get(name, 0.0)) for q in qrels} for name in wanted}


def mean(pairs: Floats) -> float:
    """Return the mean of the first column."""
    return float(pairs[:, 0].mean())


def ratio(pairs: Floats) -> float:
    """Return the sum of the first column over that of the second: hits among all that a question has."""
    total = pairs[:, 1].sum()
    return float(pairs[:, 0].sum() / total) if total else float("nan")


def auc(pairs: Floats) -> float:
    """Return the area under the ROC curve of (confidence, right); not a number when all are alike."""
    with _extra():
        from sklearn.metrics import roc_auc_score
    right = pairs[:, 1]
    if right.min() == right.max():
        return float("nan")
    return float(roc_auc_score(right, pairs[:, 0]))


def brier(pairs: Floats) -> float:
    """Return the mean squared difference of (confidence, right)."""
    with _extra():
        from sklearn.metrics import brier_score_loss
    return float(brier_score_loss(pairs[:, 1], pairs[:, 0]))


def calibration_error(pairs: Floats) -> float:
    """Return the expected calibration error of (confidence, right) over ten bins of equal mass."""
    bins = reliability(pairs)
    return sum(abs(confidence - right) * size for confidence, right, size in bins) / len(pairs)


def reliability(pairs: Floats) -> list[tuple[float, float, float]]:
    """Return for each bin of equal mass: mean confidence, share right, size."""
    ordered = pairs[np.argsort(pairs[:, 0], kind="stable")]
    bins = np.array_split(ordered, min(BINS, len(ordered)))
    return [(float(each[:, 0].mean()), float(each[:, 1].mean()), float(len(each))) for each in bins]


STATISTICS: Mapping[Statistic, Callable[[Floats], float]] = {
    "mean": mean,
    "ratio": ratio,
    "auc": auc,
    "brier": brier,
    "calibration error": calibration_error,
}


def interval(pairs: Floats, statistic: Statistic, seed: int) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of a statistic over questions (rows).

    Args:
        pairs: shape (n, 2), a row a question.
        statistic: what is computed of each resample.
        seed: the same seed draws the same resamples.
    """
    return bounds(resampled((pairs,), lambda drawn: STATISTICS[statistic](drawn[0]), len(pairs), seed))


def resampled(
    tables: Sequence[Floats], compute: Callable[[Sequence[Floats]], float], n: int, seed: int
) -> Floats:
    """Return what `compute` gives on tables with rows drawn with replacement, the same rows in each."""
    rows = np.random.default_rng(seed)
    draws = (rows.integers(0, n, n) for _ in range(RESAMPLES))
    return np.array([compute([table[drawn] for table in tables]) for drawn in draws])


def bounds(values: Floats) -> tuple[float, float]:
    """Return the ends of the middle 95%; resamples on which nothing can be computed do not count."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


@contextmanager
def _extra() -> Iterator[None]:
    """Translate the error of a package that the extra ``eval`` brings."""
    try:
        yield
    except ImportError as error:
        raise missing_extra("eval", "an evaluation", error.name) from error
