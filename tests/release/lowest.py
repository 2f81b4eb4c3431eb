"""``make lowest``: the unit and contract tests with the oldest libraries that pyproject.toml allows.

What those bring along is as new as they take it, and so are the tools of the tests. The newest are what
constraints.txt tells, with which all other tests run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.release.steps import CHECKOUT, CONSTRAINTS, Environment, step

AS_PINNED = frozenset({"torch"})
"""Not lowered: of its old builds, only those for graphics cards are on the package index, gigabytes each."""

TOOLS = frozenset(
    {"check-jsonschema", "dockerfile-doctor", "hypothesis", "packaging", "playwright", "psutil", "pytest"}
    | {"axe-playwright-python", "python-docx", "python-pptx", "reportlab"}
)
TESTS = ("tests/unit", "tests/contract")
NOT_RUN = ("tests/unit/rag/test_typed.py",)
"""What type checkers see of a program is tried with the newest libraries only: types change with versions."""


def lower_bounds(project: dict[str, Any]) -> dict[str, Version]:
    """Return the lowest version that is allowed of each direct dependency, extras included.

    Args:
        project: the table of that name in pyproject.toml.
    """
    lists = (project["dependencies"], *project["optional-dependencies"].values())
    found: dict[str, Version] = {}
    for requirement in map(Requirement, (each for listed in lists for each in listed)):
        name = canonicalize_name(requirement.name)
        bounds = [Version(each.version) for each in requirement.specifier if each.operator == ">="]
        if not bounds:
            raise ValueError(f"{requirement} has no lower bound in pyproject.toml")
        found[name] = max(*bounds, found.get(name, Version("0")))
    return found


def lowest(project: dict[str, Any], pinned: Iterable[str]) -> list[str]:
    """Return the constraints: direct dependencies at their lower bounds, tools as they are pinned."""
    bounds = {name: version for name, version in lower_bounds(project).items() if name not in AS_PINNED}
    taken = (AS_PINNED | TOOLS) - bounds.keys()
    return [
        *(f"{name}=={version}" for name, version in bounds.items()),
        *(line for line in pinned if canonicalize_name(line.partition("==")[0]) in taken),
    ]


def main() -> None:
    """Make the environment, run the tests there, and exit as they do."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = ",".join(project["optional-dependencies"])
    with tempfile.TemporaryDirectory(prefix="footnote-lowest-") as name:
        constraints = Path(name) / "lowest.txt"
        constraints.write_text("\n".join(lowest(project, CONSTRAINTS.read_text("utf-8").splitlines())))
        with step("installed the oldest libraries that are allowed"):
            environment = Environment(Path(name) / "environment", constraints)
            environment.install("--editable", f"{CHECKOUT}[{extras}]", *sorted(TOOLS))
        # Libraries of different ages warn of each other, which is nobody's fault.
        options = ("-m", "not models", "-W", "default", "-p", "no:cacheprovider", "--override-ini=addopts=")
        left_out = [f"--ignore={each}" for each in NOT_RUN]
        command = (environment.python, "-m", "pytest", *options, *left_out, *TESTS, *sys.argv[1:])
        sys.exit(subprocess.run(command, cwd=CHECKOUT).returncode)


if __name__ == "__main__":
    main()
