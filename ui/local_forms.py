"""What a command and the running Footnote tell each other, as JSON values; `rag.wire` has the answers' own.

Paths that are no text of Unicode pass as Python has them, with the surrogates of their odd bytes.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import rag.errors
from rag.errors import FootnoteError
from rag.settings import DEFAULTS, OPENAI, Settings
from rag.types import Candidate, Citation, Sentence, Trace

if TYPE_CHECKING:
    from ingest.outcomes import Outcome, Progress
    from ingest.plan import Plan, Step
    from ingest.sync import Survey

ASKING = (
    "catalog",
    "embedder",
    "embedder_base_url",
    "embedder_api_key",
    "llm",
    "llm_base_url",
    "llm_api_key",
    "llm_context",
    "llm_timeout_s",
    "answer_tokens",
    "evidence_tokens",
    "passages",
)
"""The settings that an answer depends on."""

ADDING = ("catalog", "embedder", "embedder_base_url", "embedder_api_key")
"""The same of what is stored; the limits of reading a file are sent along, and hold."""

_ALWAYS = frozenset({"catalog"})
"""Settings that have to be the same even where nobody gave them: another catalogue is another library."""

_KEYS = frozenset({"catalog", "embedder_api_key", "llm_api_key"})


def marks(settings: Settings, secret: str) -> dict[str, str]:
    """Return the settings that count as words to compare; a key is not told by its own."""
    return {name: _mark(settings, name, secret) for name in ASKING}


def difference(settings: Settings, names: Collection[str], theirs: Mapping[str, str], secret: str) -> str:
    """Return in words where the settings that were given differ from the running ones; empty: nowhere.

    A setting that nobody gave is taken as it is there.
    """
    for name in names:
        own = _mark(settings, name, secret)
        given = settings.origin(name) != DEFAULTS or name in _ALWAYS
        if not given or own == theirs.get(name):
            continue
        if name in _KEYS:
            return f"the setting '{name}' is another one there"
        return f"the setting '{name}' is {own} here and {theirs.get(name)} there"
    return ""


def _mark(settings: Settings, name: str, secret: str) -> str:
    value = getattr(settings, name)
    if name in _KEYS:
        plain = "" if value is None else value.get_secret_value()
        return hmac.new(secret.encode(), plain.encode(), "sha256").hexdigest()
    if name == "embedder" and value != "minilm" and not value.startswith(OPENAI):
        return str(Path(value).expanduser().absolute())
    return str(value)


def error_to_dict(error: FootnoteError) -> dict[str, Any]:
    """Return an error as the last line of a stream."""
    return {"type": "error", "kind": type(error).__name__, "message": str(error)}


def error_from_dict(value: Mapping[str, Any]) -> FootnoteError:
    """Return the error that `error_to_dict` wrote; of a kind that is not known here, the plain one."""
    kind = getattr(rag.errors, str(value.get("kind")), None)
    known = isinstance(kind, type) and issubclass(kind, FootnoteError)
    return cast("type[FootnoteError]", kind if known else FootnoteError)(str(value.get("message", "")))


def progress_to_dict(progress: Progress) -> dict[str, Any]:
    """Return how far a run is."""
    return {"type": "progress", **asdict(progress)}


def progress_from_dict(value: Mapping[str, Any]) -> Progress:
    """Return what `progress_to_dict` wrote."""
    from ingest.outcomes import Progress

    return Progress(value["stage"], value["done"], value["total"], value["name"])


def outcome_to_dict(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a file."""
    source = None if outcome.source is None else str(outcome.source)
    return {"type": "outcome", **asdict(outcome), "path": str(outcome.path), "source": source}


def outcome_from_dict(value: Mapping[str, Any]) -> Outcome:
    """Return what `outcome_to_dict` wrote."""
    from ingest.outcomes import Outcome

    source = None if value["source"] is None else Path(value["source"])
    return Outcome(
        Path(value["path"]), value["kind"], value["title"], value["n_passages"], value["reason"], source
    )


def survey_to_dict(looked: Survey) -> dict[str, Any]:
    """Return what is on the disk."""
    disk = looked.disk
    return {
        "folders": list(map(str, disk.folders)),
        "files": hashes_to_dict(disk.files),
        "passed_over": list(map(str, disk.passed_over)),
        "unlisted": {str(folder): why for folder, why in looked.unlisted.items()},
        "leading_out": list(map(str, looked.leading_out)),
    }


def survey_from_dict(value: Mapping[str, Any]) -> Survey:
    """Return what `survey_to_dict` wrote."""
    from ingest.plan import Disk
    from ingest.sync import Survey

    disk = Disk(
        tuple(map(Path, value["folders"])),
        hashes_from_dict(value["files"]),
        frozenset(map(Path, value["passed_over"])),
    )
    unlisted = {Path(folder): why for folder, why in value["unlisted"].items()}
    return Survey(disk, unlisted, frozenset(map(Path, value["leading_out"])))


def hashes_to_dict(hashes: Mapping[Path, str | None]) -> dict[str, str | None]:
    """Return files with their content hashes."""
    return {str(path): digest for path, digest in hashes.items()}


def hashes_from_dict(value: Mapping[str, str | None]) -> dict[Path, str | None]:
    """Return what `hashes_to_dict` wrote."""
    return {Path(path): digest for path, digest in value.items()}


def plan_to_dict(made: Plan) -> dict[str, Any]:
    """Return the steps of a plan by their kinds and places, without the documents."""
    return {
        "steps": [[step.kind, str(step.path)] for step in made.steps],
        "n_documents": made.n_documents,
        "empty": list(map(str, made.empty)),
    }


def plan_from_dict(value: Mapping[str, Any]) -> Plan:
    """Return what `plan_to_dict` wrote."""
    from ingest.plan import Plan, Step

    steps: list[Step] = [Step(kind, Path(path)) for kind, path in value["steps"]]
    return Plan(tuple(steps), value["n_documents"], tuple(map(Path, value["empty"])))


def trace_from_dict(value: Mapping[str, Any]) -> Trace:
    """Return the trace that `Trace.to_dict` wrote."""
    return Trace(
        question=value["question"],
        query=value["query"],
        query_weight=value["query_weight"],
        candidates=tuple(Candidate(**each) for each in value["candidates"]),
        prompt=tuple((role, text) for role, text in value["prompt"]),
        written=value["written"],
        sentences=tuple(map(_sentence, value["sentences"])),
        signals=value["signals"],
    )


def _sentence(value: Mapping[str, Any]) -> Sentence:
    citations = tuple(Citation(**each) for each in value["citations"])
    return Sentence(value["text"], citations, value["support"], value["score"], tuple(value["missing"]))
