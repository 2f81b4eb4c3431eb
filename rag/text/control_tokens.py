"""Control tokens of chat templates, broken so that a tokenizer reads them as plain text (pure).

A model's server writes messages into a template and tokenizes the whole with its control tokens parsed, so
that ``<|im_end|>`` in a document would end the turn of the user. A space after the first sign is enough:
tokenizers look for the exact words of a token.
"""

from __future__ import annotations

import re

from rag.text.hidden import cleaned

_BARS = r"<[|｜](?=\S)|(?<=\S)[|｜](?=>)|\[\|(?=\w)|(?<=\w)\|(?=\])"
"""ChatML, Llama 3 and 4, Phi, GPT, Granite, Cohere, Gemma; DeepSeek has wide bars, EXAONE brackets."""

_NAMES = (
    r"s|bos|eos|pad|unk|mask|cls|sep|sop|eop|eod|eoh|eoa|eot|think|tools|image|audio|video|img|startoftext"
    r"|endoftext|unused\d+|special_\d+|\dmass|reserved\d+"
    r"|[\w.-]*[_:▁][\w:▁.-]*"
)
_ANGLED = rf"<(?=[/\\]?(?:{_NAMES})>)|<(?=</?SYS>>)"
"""Llama 2, Mistral, Gemma, Command R, T5 and all whose names are joined by ``_`` or ``:``, as no HTML is."""

_SQUARED = (
    r"\[(?=/?(?:INST|IMG|IMG_\w+|AUDIO|THINK|ARGS|PREFIX|MIDDLE|SUFFIX|BOS|EOS|PAD\d*|UNK|CLS|SEP|[gs]?MASK|@BOS@"
    r"|[A-Z]+_[A-Z_]+|control_\d+)\])"
)
"""Mistral, GLM, BERT's and their like."""

_OTHERS = r"\](?=[~!]{1,2}\w~?[\[\]])|\[(?=e~\[)"
"""MiniMax."""

_TOKEN = re.compile("|".join((_BARS, _ANGLED, _SQUARED, _OTHERS)), re.IGNORECASE)


def broken(text: str) -> str:
    """Return the text with a space inside everything that is, or could be, a control token.

    Code and markup that look the same get the space as well: this is for a model to read, never for people.
    """
    return _TOKEN.sub(lambda match: match.group() + " ", text)


def defuse(text: str) -> str:
    """Return text from outside as a model may read it: nothing hidden, and no control token that is whole."""
    return broken(cleaned(text))
