"""Fuzzing of one loader, guided by the branches that it takes, until it is stopped or finds something.

    pip install atheris
    PYTHONPATH=.:tests python tests/faults/guided.py docx -max_total_time=600

What it finds is written to the current folder as ``crash-…``: the damages done to the file of that format
in `mutations.SEEDS`; ``python tests/faults/guided.py docx crash-…`` does them again. Options are libFuzzer's.
"""

from __future__ import annotations

import logging
import sys

import atheris
from mutations import ARCHIVES, SEEDS, TOKENS, Edit, damaged, damaged_within
from test_fuzzing import check_text, check_words

from rag.errors import LoadError

_WATCHED = [
    "ingest.load",
    "markitdown",
    "mammoth",
    "email",
    "openpyxl",
    "pptx",
    "lxml",
    "html",
    "json",
    "csv",
]
_LENGTHS = ["-len_control=0", "-max_len=400"]  # bytes that six damages take
_LONGEST_PUT = 16


def edits_in(data: atheris.FuzzedDataProvider, tokens: list[bytes]) -> list[Edit]:
    """Return up to six damages that the fuzzer's bytes stand for."""
    return [
        Edit(
            data.ConsumeProbability(),
            data.ConsumeIntInRange(0, 2000),
            data.PickValueInList(tokens) if data.ConsumeBool() else data.ConsumeBytes(_LONGEST_PUT),
            data.ConsumeIntInRange(1, 300) if data.ConsumeBool() else 1,
        )
        for _ in range(data.ConsumeIntInRange(1, 6))
    ]


def main(suffix: str, options: list[str]) -> None:
    source = SEEDS[suffix]()
    name = f"a.{suffix}"
    with atheris.instrument_imports(include=_WATCHED):
        from ingest.load import load

        load(source, name)  # imports what reads files of this format
    kinds = ("pdf",) if suffix == "pdf" else ("text", "xml")
    tokens = [token for kind in kinds for token in TOKENS[kind]]

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        member = provider.ConsumeProbability()
        edits = edits_in(provider, tokens)
        file = damaged_within(source, member, edits) if suffix in ARCHIVES else damaged(source, edits)
        try:
            check_text(load(file, name))
        except LoadError as error:
            check_words(str(error), f"{name}: ")

    atheris.Setup([sys.argv[0], *_LENGTHS, *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    logging.disable()
    main(sys.argv[1], sys.argv[2:])
