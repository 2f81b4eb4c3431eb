"""Small fitted models; their weights lie beside the code, with how they were fitted (pure)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from rag.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Network:
    """``tanh(x @ hidden + hidden_bias) @ out + bias``: one score a row of features.

    Shapes: `hidden` (features, units), `hidden_bias` and `out` (units,).
    """

    features: tuple[str, ...]
    hidden: Matrix
    hidden_bias: Matrix
    out: Matrix
    bias: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Network:
        """Return the network in the JSON types that a weights file holds."""
        hidden, hidden_bias, out = (np.array(data[k], np.float32) for k in ("hidden", "hidden_bias", "out"))
        return cls(tuple(data["features"]), hidden, hidden_bias, out, float(data["bias"]))

    def __call__(self, rows: Matrix) -> Matrix:
        """Return the scores of rows of features, shape (n, features) to (n,)."""
        # Not `@`: there a row's last bits depend on its place, and equal sentences would change their order.
        hidden = np.tanh(np.einsum("rf,fu->ru", rows, self.hidden) + self.hidden_bias)
        scores: Matrix = np.einsum("ru,u->r", hidden, self.out) + np.float32(self.bias)
        return scores


@cache
def read_weights(name: str) -> dict[str, Any]:
    """Return what the file ``rag/weights/NAME.json`` holds."""
    text = (resources.files("rag") / "weights" / f"{name}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def load(name: str, features: Sequence[str]) -> Network:
    """Return the network of ``rag/weights/NAME.json``, which must have been fitted on these features."""
    network = Network.from_dict(read_weights(name))
    assert network.features == tuple(features), f"rag/weights/{name}.json is of other features"  # noqa: S101
    return network


def logistic(name: str, seen: Mapping[str, float], part: str | None = None) -> float:
    """Return the probability that a logistic model gives to what is seen, by name.

    Args:
        name: of the file ``rag/weights/NAME.json``.
        seen: the features; one outside the range of the fit counts as its end: beyond, nothing is known.
        part: of the file, where it holds several models.
    """
    weights = read_weights(name)
    model = weights[part] if part else weights
    within = model["range"]
    z = model["intercept"] + sum(
        weight * min(max(seen[key], within[key][0]), within[key][1])
        for key, weight in model["weights"].items()
    )
    return 1 / (1 + math.exp(-z))
