"""What the site tells that the code knows: settings, errors, commands, formats (Markdown, from the code)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import capacity
import typer
from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from rag import errors
from rag.errors import FootnoteError
from rag.settings import Settings
from ui.cli import app

PICTURES = Path(__file__).parent / "pictures"
_PLACES = {"library": "in your data folder", "models": "in your cache folder"}


def settings() -> str:
    """Return every setting as a table, in the order of the code."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        bounds = _bounds(field)
        meaning = f"{field.description}{f' ({bounds})' if bounds else ''}"
        rows.append(f"| `{name}`{{ #{name} }} | {_default(name, field)} | {meaning} |")
    return "\n".join(rows)


def error_tree() -> str:
    """Return the tree of errors as the module draws it."""
    drawing = inspect.cleandoc(errors.__doc__ or "")
    return (
        f"```text\n{drawing[drawing.index('FootnoteError') : drawing.rindex('Each message')].rstrip()}\n```"
    )


def error_table() -> str:
    """Return every error: what it means, its exit code, and whether the same call may succeed later."""
    rows = ["| error | meaning | exit code | try again |", "| --- | --- | --- | --- |"]
    for error in _family(FootnoteError):
        again = "yes, later" if error.retryable else ""
        rows.append(f"| `{error.__name__}` | {_first_line(error)} | {error.exit_code} | {again} |")
    return "\n".join(rows)


def commands() -> str:
    """Return every command with its usage, arguments, options and examples."""
    root = typer.main.get_command(app)
    return "\n\n".join(_command(command, f"footnote {name}") for name, command in leaves(root))


def leaves(group: Any, before: str = "") -> list[tuple[str, Any]]:
    """Return the commands below a group with their names, as they are typed."""
    found: list[tuple[str, Any]] = []
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found += leaves(command, f"{before}{name} ") if inner else [(f"{before}{name}", command)]
    return found


def examples_of(command: Any) -> list[str]:
    """Return the examples that a command's help ends with."""
    _, _, after = (command.epilog or "").partition(":")
    return [each.strip() for each in re.split(r"·|\n\n|   then   ", after) if each.strip()]


def _command(command: Any, name: str) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    usage = " ".join([name, *(_named(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"## {name}", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```"]
    rows = [f"| `{_named(each)}` | {each.help or ''} |" for each in arguments if each.help]
    rows += [f"| {_spelled(each)} | {each.help or ''}{_preset(each)} |" for each in options]
    if rows:
        parts.append("\n".join(["| argument or option | meaning |", "| --- | --- |", *rows]))
    if examples := examples_of(command):
        parts.append("```text\n" + "\n".join(examples) + "\n```")
    return "\n\n".join(parts)


def _named(argument: Any) -> str:
    return argument.metavar or argument.name.upper()


def _spelled(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"{names} `{option.metavar}`" if option.metavar else names


def _preset(option: Any) -> str:
    shown = option.show_default
    return f" [default: {shown}]" if isinstance(shown, str) else ""


def _default(name: str, field: FieldInfo) -> str:
    if name in _PLACES:
        return _PLACES[name]
    value = field.default
    if value in (None, (), PydanticUndefined):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    """Return what a number may be, in words."""
    words = []
    for rule in field.metadata:
        match rule:
            case Gt(gt=bound):
                words.append(f"more than {bound:,}")
            case Ge(ge=bound) if bound:
                words.append(f"at least {bound:,}")
            case Le(le=bound):
                words.append(f"at most {bound:,}")
    return ", ".join(words)


def _family(error: type[FootnoteError]) -> list[type[FootnoteError]]:
    return [error, *(each for child in error.__subclasses__() for each in _family(child))]


def _first_line(error: type[FootnoteError]) -> str:
    return inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _picture(name: str) -> Callable[[], str]:
    def read() -> str:
        return "\n".join(line for line in (PICTURES / f"{name}.svg").read_text("utf-8").splitlines() if line)

    return read


MADE: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "error-tree": error_tree,
    "error-table": error_table,
    "commands": commands,
    **capacity.TABLES,
} | {f"picture-{path.stem}": _picture(path.stem) for path in sorted(PICTURES.glob("*.svg"))}
"""Everything that a page can ask for, by name."""
