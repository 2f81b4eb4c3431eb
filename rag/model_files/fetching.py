"""Fetching what is missing of a model.

``ensure`` returns the path of an artifact whose every byte is known, fetching what is missing from the first
place that has it. A fetched file is written beside its final name, checked, and moved there in one rename.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import ArtifactError, StorageError
from rag.model_files.artifacts import Artifact
from rag.model_files.places import File, Meter, Place, PlaceError, part_path, part_size
from rag.model_files.verified import first_wrong, remember, sha256_of
from rag.progress import Progress
from rag.settings import Settings

MEGABYTE = 1_000_000


def is_ready(artifact: Artifact, settings: Settings) -> bool:
    """Return whether every file is there with the right hash, without fetching anything."""
    try:
        return not _missing(artifact, settings, None)
    except (ArtifactError, StorageError):
        return False


def ensure(artifact: Artifact, settings: Settings, progress: Progress | None = None) -> Path:
    """Return the path of the artifact (its file, or its folder), fetching what is missing.

    Raises:
        ArtifactError: a file is missing and no place delivers it, or one that is there has a wrong hash.
        StorageError: the folder of the model files cannot be written, or is full.
    """
    if missing := _missing(artifact, settings, progress):
        if settings.offline:
            raise ArtifactError(
                _explain(artifact, missing, settings, "the setting 'offline' forbids fetching it")
            )
        folder = artifact.folder(settings)
        with _storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(artifact, folder, progress):
                _fetch(artifact, settings, progress)
    return artifact.path(settings)


def _missing(artifact: Artifact, settings: Settings, progress: Progress | None) -> list[File]:
    """Return the files that are not there, after checking those that are."""
    folder = artifact.folder(settings)
    with _storage_errors(folder):
        present = [file for file in artifact.files if (folder / file.name).exists()]
        wrong = first_wrong(folder, present, progress)
    if wrong is not None:
        raise ArtifactError(
            f"{folder / wrong.name} is not the file of {artifact.name} that Footnote knows;"
            f" remove it to have it fetched, or put the right one there (SHA-256 {wrong.sha256})"
        )
    return [file for file in artifact.files if file not in present]


@contextmanager
def _locked(artifact: Artifact, folder: Path, progress: Progress | None) -> Iterator[None]:
    lock = FileLock(folder / ".lock")
    meter = Meter(progress, f"{artifact.name} (another process fetches it)", artifact.size)
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            meter.at(sum(_have(folder, file) for file in artifact.files))
    try:
        yield
    finally:
        lock.release()


def _have(folder: Path, file: File) -> int:
    return file.size if (folder / file.name).exists() else part_size(folder, file.name)


def _fetch(artifact: Artifact, settings: Settings, progress: Progress | None) -> None:
    """Try the places in order; each gets a second, clean try when what it completed was begun elsewhere."""
    folder = artifact.folder(settings)
    missing = _missing(artifact, settings, progress)
    if not missing:  # another process fetched them while this one waited for the lock
        return
    _check_space(artifact, folder, missing)
    meter = Meter(progress, artifact.name, artifact.size)
    reasons = []
    for place in artifact.places:
        resumed = any(part_size(folder, file.name) for file in missing)
        missing, reason = _try(place, artifact, folder, missing, meter)
        if missing and resumed and reason.startswith("wrong SHA-256"):
            missing, reason = _try(place, artifact, folder, missing, meter)
        if not missing:
            return
        reasons.append(f"{place.label}: {reason}")
    raise ArtifactError(_explain(artifact, missing, settings, "; ".join(reasons)))


def _try(
    place: Place, artifact: Artifact, folder: Path, missing: list[File], meter: Meter
) -> tuple[list[File], str]:
    """Return the files that are still missing after this place, and why."""
    meter.base = artifact.size - sum(file.size for file in missing)
    reason = ""
    try:
        place.fetch(missing, folder, meter)
    except PlaceError as error:
        reason = str(error)
    for file in missing:
        part = part_path(folder, file.name)
        if part_size(folder, file.name) != file.size:
            continue
        if sha256_of(part) != file.sha256:
            reason = f"wrong SHA-256 of {file.name}"
            part.unlink()
        else:
            _move_into_place(part, folder / file.name)
            remember(folder, file)
    return [file for file in missing if not (folder / file.name).exists()], reason


def _move_into_place(part: Path, path: Path) -> None:
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_space(artifact: Artifact, folder: Path, missing: Sequence[File]) -> None:
    slack = 200 * MEGABYTE if artifact.size > 200 * MEGABYTE else artifact.size  # one wheel and its copy
    needed = sum(file.size - part_size(folder, file.name) for file in missing) + slack
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"not enough space in {folder}: {artifact.name} needs {needed // MEGABYTE} MB,"
            f" {free // MEGABYTE} MB are free; make room, or set FOOTNOTE_MODELS to another folder"
        )


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reasons = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}
        reason = reasons.get(error.errno or 0) or error.strerror or str(error)
        raise StorageError(
            f"cannot keep model files in {folder}: {reason};"
            " make room or give permission, or set FOOTNOTE_MODELS to another folder"
        ) from None


def _explain(artifact: Artifact, missing: Sequence[File], settings: Settings, reason: str) -> str:
    first, more = missing[0], len(missing) - 1
    others = f" (and {more} more)" if more else ""
    remedy = "unset FOOTNOTE_OFFLINE" if settings.offline else "connect to a network and try again"
    return (
        f"model file {first.name}{others} of {artifact.name} is missing: {reason};"
        f" {remedy}, or put it at {artifact.folder(settings) / first.name} (SHA-256 {first.sha256})"
    )
