import ast
import os
import subprocess
import sys
from pathlib import Path

import rag


def test_every_public_name_is_there() -> None:
    assert {name: getattr(rag, name).__name__ for name in rag.__all__ if name != "Event"} == {
        name: name for name in rag.__all__ if name != "Event"
    }


def test_names_are_sorted_and_match_what_type_checkers_see() -> None:
    assert rag.__all__ == sorted(rag.__all__)
    tree = ast.parse(Path(rag.__file__).read_text())
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    assert imported - {"annotations", "TYPE_CHECKING", "Any"} == set(rag.__all__)


def test_all_errors_are_public() -> None:
    from rag import errors

    mine = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert mine <= set(rag.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(rag, "Oracle")


def test_importing_pulls_in_nothing_heavy() -> None:
    code = "import rag, sys; rag.Assistant, rag.Library; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"torch", "transformers", "sentence_transformers", "chromadb", "langchain", "langchain_core"}
    assert heavy & set(loaded.split()) == set()


def test_importing_the_package_alone_pulls_in_next_to_nothing() -> None:
    code = "import rag, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    ours = {name for name in loaded.split() if name.partition(".")[0] == "rag"}
    assert ours == {"rag"}
    assert {"asyncio", "numpy", "pydantic", "sqlalchemy"} & set(loaded.split()) == set()


def test_the_threads_of_numpy_do_not_spin_unless_somebody_wants_it() -> None:
    code = "import rag, os; print(os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    for wanted, told in (({}, "4"), ({"OPENBLAS_THREAD_TIMEOUT": "20"}, "20")):
        environment = {**_without("OPENBLAS_THREAD_TIMEOUT"), **wanted}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
        assert done.stdout.decode().strip() == told


def _without(name: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != name}
