"""``footnote eval``: evaluates, prints the figures, writes the report, compares it with an earlier one."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.text import Text

from rag.errors import EvaluationError
from rag.evaluation.bench import Bench
from rag.evaluation.cache import Cache, CachedChat, CachedEmbedder
from rag.evaluation.compare import compare, missing
from rag.evaluation.questions import QuestionSet
from rag.evaluation.readers import read
from rag.evaluation.report import Report
from rag.evaluation.run import check_measures, evaluate, needs_model
from rag.models import ChatModel, Embedder, make_chat_model, make_embedder
from rag.settings import Settings
from ui.figures import changes_table, figures_table
from ui.waiting import fetching
from ui.workshop import Shown, Workshop


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated: question sets, measures (all when empty), and the questions of each set."""

    paths: Sequence[Path]
    measures: Sequence[str]
    limit: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the report goes, and the earlier one that it is compared with."""

    json: Path | None = None
    html: Path | None = None
    baseline: Path | None = None


def evaluate_and_report(
    out: Console, progress: Console, settings: Settings, request: Request, outputs: Outputs
) -> bool:
    """Evaluate, print the figures, write what was asked for, and return whether something got worse.

    Raises:
        EvaluationError: a question set or the baseline cannot be read, or a measure is unknown.
        LibraryError, ModelError: a library or a model is not to be had.
    """
    baseline = _read_report(outputs.baseline) if outputs.baseline is not None else None
    for path in (outputs.json, outputs.html):
        if path is not None and not path.absolute().parent.is_dir():
            raise EvaluationError(f"{path}: there is no such folder; make it first")
    report = run(progress, settings, request)
    out.print(figures_table(report))
    out.print(Text(_footer(report), style="dim"))
    if outputs.json is not None:
        _write(outputs.json, json.dumps(report.to_dict(), ensure_ascii=False, indent=1) + "\n")
    if outputs.html is not None:
        from rag.evaluation import html

        _write(outputs.html, html.page(report))
    return baseline is not None and _compared(out, baseline, report, request.seed)


def _compared(out: Console, baseline: Report, report: Report, seed: int) -> bool:
    changes = compare(baseline, report, seed)
    beyond = [change for change in changes if change.beyond_noise]
    worse = sum(change.is_worse for change in changes)
    out.print()
    if beyond:
        out.print(changes_table(beyond))
    if absent := missing(baseline, report):
        out.print(Text(f"not measured now: {', '.join(absent)}", style="yellow"))
    out.print(
        Text(
            f"against the baseline: {worse} worse, {len(beyond) - worse} better, "
            f"{len(changes) - len(beyond)} the same within noise",
            style="red" if worse else "green",
        )
    )
    return bool(worse)


def _footer(report: Report) -> str:
    about = report.about
    return f"{about['model']} · {about['machine']} · {about['seconds']} s · ↓ lower is better"


def _read_report(path: Path) -> Report:
    try:
        return Report.from_dict(json.loads(path.read_text("utf-8")), str(path))
    except OSError as error:
        raise EvaluationError(f"{path}: it cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise EvaluationError(f"{path}: this is no JSON; write a report with --json {path}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise EvaluationError(f"{path}: it cannot be written ({error.strerror}); name another") from error


def run(console: Console, settings: Settings, request: Request) -> Report:
    """Evaluate, showing progress on `console`.

    Raises:
        EvaluationError: a question set cannot be read, or a measure is unknown.
        LibraryError, ModelError: a library or a model is not to be had.
    """
    started = time.perf_counter()
    sets = read(request.paths)
    wanted = check_measures(request.measures, sets)
    with ExitStack() as stack:
        cache = stack.enter_context(Cache.of(settings))
        with fetching(console) as progress:
            embedder = CachedEmbedder(make_embedder(settings, progress), cache)
            real = make_chat_model(settings, progress) if needs_model(wanted) else None
        if real is not None:
            stack.callback(real.close)
        chat_model = CachedChat(real, cache, settings) if real is not None else None
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="footnote-eval-")))
        workshop = Workshop(folder, embedder, chat_model, settings, stack.enter_context(Shown(console)))
        bench = Bench(workshop.build, workshop.own, workshop.shown.track, wanted, request.limit, request.seed)
        report = evaluate(bench, sets, _about(settings, request, sets, embedder, chat_model))
    return replace(report, about={**report.about, "seconds": round(time.perf_counter() - started, 1)})


def _about(
    settings: Settings,
    request: Request,
    sets: Sequence[QuestionSet],
    embedder: Embedder,
    chat_model: ChatModel | None,
) -> dict[str, Any]:
    return {
        "version": metadata.version("footnote"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "model": chat_model.name if chat_model is not None else "none",
        "embedder": embedder.fingerprint,
        "sets": {each.name: len(each.questions) for each in sets},
        "limit": request.limit,
        "seed": request.seed,
        "settings": settings.model_dump(
            mode="json",
            exclude={
                "library",
                "models",
                "llm_api_key",
                "llm_base_url",
                "embedder_api_key",
                "embedder_base_url",
                "host",
                "port",
            },
        ),
    }
