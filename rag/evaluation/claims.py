"""Claims and the abstracts that bear on them: retrieval alone."""

from __future__ import annotations

from rag.evaluation.bench import Bench, Findings
from rag.evaluation.retrieval import retrieval

MEASURES = frozenset({"retrieval"})
_RETRIEVAL = {"ndcg_cut_10": "nDCG@10", "recall_100": "recall@100"}


def measure(bench: Bench, found: Findings) -> None:
    """Add the figures of a set of claims."""
    with bench.build(found.set.sources) as opened:
        retrieval(bench, found, opened, _RETRIEVAL, "recall@10", 10)
