"""What the fits share: a library of a question set, a network's training, and the weights file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console

from rag.evaluation.cache import Cache, CachedChat, CachedEmbedder
from rag.evaluation.metrics import auc, calibration_error
from rag.evaluation.questions import QuestionSet, Source
from rag.models import make_chat_model, make_embedder
from rag.settings_layers import load_settings
from ui.workshop import Opened, Shown, Workshop

COUNTED = 5
"""Different values up to which a feature is a count or a yes."""
WEIGHTS = Path(__file__).parents[2] / "rag" / "weights"


@contextmanager
def workshop(console: Console, *, model: bool) -> Iterator[Workshop]:
    """Yield what makes libraries; the embedder's vectors and the model's words are kept on disk."""
    settings = load_settings({} if model else {"llm": "none"})
    with Cache.of(settings) as cache, Shown(console) as shown, TemporaryDirectory() as folder:
        embedder = CachedEmbedder(make_embedder(settings), cache)
        real = make_chat_model(settings)
        chat = CachedChat(real, cache, settings) if real is not None else None
        try:
            yield Workshop(Path(folder), embedder, chat, settings, shown)
        finally:
            if real is not None:
                real.close()


@contextmanager
def library_of(console: Console, sources: Sequence[Source]) -> Iterator[Opened]:
    """Yield an assistant over the sources that asks no model."""
    with workshop(console, model=False) as made, made.build(sources) as opened:
        yield opened


def train(groups: Sequence[np.ndarray], right: Sequence[np.ndarray], units: int, decay: float):
    """Fit a network whose softmax over each group puts its mass on the right rows.

    Limited-memory BFGS from a fixed seed; `decay` is the weight of the squared parameters.
    """
    import torch

    torch.manual_seed(0)
    kept = [i for i, each in enumerate(right) if each.any()]
    longest, width = max(len(groups[i]) for i in kept), groups[0].shape[1]
    x = torch.zeros(len(kept), longest, width)
    absent = torch.full((len(kept), longest), -1e9)
    wrong = torch.full((len(kept), longest), -1e9)
    for row, i in enumerate(kept):
        n = len(groups[i])
        x[row, :n] = torch.tensor(groups[i])
        absent[row, :n] = 0
        wrong[row, :n][torch.tensor(right[i])] = 0
    net = torch.nn.Sequential(torch.nn.Linear(width, units), torch.nn.Tanh(), torch.nn.Linear(units, 1))
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        chances = torch.log_softmax(net(x).squeeze(-1) + absent, dim=1)
        loss = -torch.logsumexp(chances + wrong, dim=1).mean()
        loss = loss + decay * sum((p**2).sum() for p in net.parameters())
        loss.backward()
        return loss

    optimizer.step(closure)
    first, _, last = net
    return {
        "hidden": first.weight.detach().T.numpy(),
        "hidden_bias": first.bias.detach().numpy(),
        "out": last.weight.detach()[0].numpy(),
        "bias": float(last.bias.detach()[0]),
    }


def store(name: str, about: Mapping[str, Any], network: Mapping[str, Any], features: Sequence[str]) -> None:
    """Write a weights file, rounded to five digits."""
    rounded = {k: np.round(v, 5).tolist() if k != "bias" else round(v, 5) for k, v in network.items()}
    write(name, {"about": dict(about), "features": list(features), **rounded})


def write(name: str, data: Mapping[str, Any]) -> None:
    """Write the weights file of that name."""
    (WEIGHTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def logistic_of(console: Console, name: str, names: Sequence[str], rows, labels, groups, weights=None):
    """Return a logistic model fitted to all rows; figures and chances are of fits without each group."""
    from sklearn.linear_model import LogisticRegression

    scale = rows.std(axis=0) + 1e-9
    counts = np.ones(len(rows)) if weights is None else weights

    def trained(places):
        return LogisticRegression(C=0.3, max_iter=2000).fit(
            rows[places] / scale, labels[places], counts[places]
        )

    chances = np.zeros(len(rows))
    for train, test in folds(groups):
        chances[test] = trained(train).predict_proba(rows[test] / scale)[:, 1]
    pairs = np.stack([chances, labels], axis=1)
    figures = {"auc": round(auc(pairs), 4), "ece": round(calibration_error(pairs), 4), "n": len(rows)}
    whole = trained(np.arange(len(rows)))
    coefficients = dict(zip(names, (whole.coef_[0] / scale).round(4).tolist(), strict=True))
    console.print(name, figures, coefficients, {"share": float(labels.mean())})
    ranges = {key: _range(column) for key, column in zip(names, rows.T, strict=True)}
    return (
        {"intercept": round(float(whole.intercept_[0]), 4), "weights": coefficients, "range": ranges},
        figures,
        chances,
    )


def print_cuts(console: Console, chances, kinds: Sequence[str]) -> None:
    """Print the share of each kind that lies below a threshold."""
    of = {kind: np.array([each == kind for each in kinds]) for kind in sorted(set(kinds))}
    for cut in np.arange(0.05, 0.51, 0.025):
        shares = (f"{kind} {(chances[places] < cut).mean():.3f}" for kind, places in of.items())
        console.print(f"  below {cut:.3f}: {', '.join(shares)}")


def _range(column: np.ndarray) -> list[float]:
    """Return between which values a feature was seen often; a count or a yes counts wherever it was seen."""
    edges = (0, 1) if len(np.unique(column)) <= COUNTED else (0.02, 0.98)
    return np.quantile(column, edges).round(4).tolist()


def folds(groups: Sequence[str], n: int = 5) -> list[tuple[list[int], list[int]]]:
    """Return (train, test) places, no group on both sides."""
    from sklearn.model_selection import GroupKFold

    places = np.arange(len(groups))
    return [(a.tolist(), b.tolist()) for a, b in GroupKFold(n).split(places, groups=list(groups))]


def group_of(sets: QuestionSet) -> dict[str, str]:
    """Return the group of each source: the article that a paragraph is from."""
    return {source.id: source.group or source.id for source in sets.sources}
