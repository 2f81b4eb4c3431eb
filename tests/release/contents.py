"""What has to be in the sdist and the wheel, and what must not."""

from __future__ import annotations

import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

PACKAGES = ("rag", "ingest", "ui")
STARTERS = {"ui/starters/hmeimim": "seeds/hmeimim", "ui/starters/guide": "seeds/guide"}
"""Folders of the wheel, and of the checkout where they come from."""


@dataclass(frozen=True, slots=True)
class Built:
    """The sdist, the wheel that was built from it, and one that was built straight from the checkout."""

    wheel: Path
    sdist: Path
    straight: Path


def wrong_in(built: Built, checkout: Path) -> list[str]:
    """Return one line for each thing that is wrong."""
    return [
        *wrong_files(files_of(built.wheel), expected_files(checkout)),
        *wrong_metadata(files_of(built.wheel), checkout),
        *wrong_version(built.wheel, tags(checkout)),
        *differences(files_of(built.wheel), files_of(built.straight)),
        *lacks_of_sdist(built.sdist, checkout),
    ]


def files_of(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel by their paths."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tracked(checkout: Path, *folders: str) -> list[str]:
    """Return the files of the checkout that git knows, below some folders or all of them."""
    command = ["git", "ls-files", "-z", *folders]
    listed = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name]


def expected_files(checkout: Path) -> dict[str, bytes]:
    """Return what the wheel has to hold beside its metadata."""
    found = {name: (checkout / name).read_bytes() for name in tracked(checkout, *PACKAGES)}
    for inside, outside in STARTERS.items():
        for name in tracked(checkout, outside):
            path = PurePosixPath(inside) / PurePosixPath(name).relative_to(outside)
            found[str(path)] = (checkout / name).read_bytes()
    return found


def wrong_files(files: dict[str, bytes], expected: dict[str, bytes]) -> Iterator[str]:
    """Yield what the wheel lacks, has beyond what is expected, or has otherwise."""
    inside = {name: content for name, content in files.items() if ".dist-info/" not in name}
    for name in sorted(expected.keys() - inside.keys()):
        yield f"the wheel lacks {name}"
    for name in sorted(inside.keys() - expected.keys()):
        yield f"the wheel has {name}, which is not of the package"
    for name in sorted(expected.keys() & inside.keys()):
        if expected[name] != inside[name]:
            yield f"the wheel has another {name} than the checkout"


def wrong_metadata(files: dict[str, bytes], checkout: Path) -> Iterator[str]:
    """Yield what is invalid in the metadata, or not what pyproject.toml says."""
    [path] = [name for name in files if name.endswith(".dist-info/METADATA")]
    try:
        told = Metadata.from_email(files[path], validate=True)
    except ExceptionGroup as errors:
        yield from (f"the metadata are invalid: {error}" for error in errors.exceptions)
        return
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {Requirement(each).name: Requirement(each).specifier for each in project["dependencies"]}
    core = {each.name: each.specifier for each in told.requires_dist or () if _is_core(each)}
    for name in sorted(core.keys() | wanted.keys()):
        if core.get(name) != wanted.get(name):
            yield f"the metadata require of {name} {core.get(name)}, pyproject.toml {wanted.get(name)}"
    extras = {canonicalize_name(name) for name in project["optional-dependencies"]}
    if extras != set(told.provides_extra or ()):
        yield f"the metadata tell the extras {told.provides_extra}, pyproject.toml {sorted(extras)}"
    if (checkout / "README.md").read_text("utf-8") != told.description:
        yield "the description is not the README"
    if f"/{told.name}-{told.version}.dist-info/" not in f"/{path}":
        yield f"the wheel is not of {told.name} {told.version}"


def tags(checkout: Path) -> list[str]:
    """Return the tags of the commit that is checked out."""
    command = ["git", "tag", "--points-at", "HEAD"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.split()


def wrong_version(wheel: Path, tags: list[str]) -> Iterator[str]:
    """Yield when a wheel of a tagged commit does not have a version that the tags tell."""
    _, version, _, _ = parse_wheel_filename(wheel.name)
    if tags and f"v{version}" not in tags:
        yield f"the wheel is of {version}, its commit of {', '.join(tags)}: is something not committed?"


def _is_core(requirement: Requirement) -> bool:
    return requirement.marker is None or "extra" not in str(requirement.marker)


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> Iterator[str]:
    """Yield in what two wheels differ."""
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield f"{name} is another in the wheel from the sdist than in the one from the checkout"


def lacks_of_sdist(sdist: Path, checkout: Path) -> Iterator[str]:
    """Yield what is in the repository and not in the sdist, and what only the sdist has."""
    with tarfile.open(sdist) as archive:
        names = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}
    known = set(tracked(checkout))
    for name in sorted(known - names):
        yield f"the sdist lacks {name}"
    for name in sorted(names - known - {"PKG-INFO"}):
        yield f"the sdist has {name}, which is not in the repository"
