"""The constraints of ``make lowest`` are the lower bounds of pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.release.lowest import AS_PINNED, TOOLS, lower_bounds, lowest

CHECKOUT = Path(__file__).parents[3]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
PINNED = (CHECKOUT / "constraints.txt").read_text("utf-8").splitlines()
LISTS = (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
DIRECT = [each for listed in LISTS for each in listed]


def test_every_direct_dependency_has_a_lower_bound_and_a_newer_pin() -> None:
    newest = {each.name.lower().replace("_", "-"): each for each in map(Requirement, PINNED[1:])}
    bounds = lower_bounds(PROJECT)
    del bounds["pip"]  # of every version that an environment comes with
    for name, bound in bounds.items():
        [pin] = newest[name].specifier
        assert bound <= Version(pin.version), name


def test_a_bound_that_stands_twice_is_the_higher_one() -> None:
    project = {"dependencies": ["a>=1,<3"], "optional-dependencies": {"x": ["A>=2"], "y": ["b_c[d]>=4"]}}
    assert lower_bounds(project) == {"a": Version("2"), "b-c": Version("4")}


def test_a_dependency_without_a_lower_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="b<2 has no lower bound"):
        lower_bounds({"dependencies": ["b<2"], "optional-dependencies": {}})


def test_what_is_not_lowered_and_the_tools_are_as_pinned() -> None:
    project = {"dependencies": ["numpy>=1.26", "torch>=2.4"], "optional-dependencies": {}}
    assert lowest(project, ["# said", "numpy==2.4.6", "torch==2.13.0", "pytest==9.2.0", "six==1.0"]) == [
        "numpy==1.26",
        "torch==2.13.0",
        "pytest==9.2.0",
    ]


def test_tools_and_exceptions_are_there() -> None:
    names = {line.partition("==")[0].lower() for line in PINNED}
    assert names >= TOOLS | AS_PINNED


@pytest.mark.parametrize("requirement", DIRECT)
def test_a_bound_is_a_version_that_pip_takes_for_itself(requirement) -> None:
    specifier = Requirement(requirement).specifier
    [bound] = [each.version for each in specifier if each.operator == ">="]
    assert Version(bound) in specifier
