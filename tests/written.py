"""What documents show: commands with what they print, Python programs, and other fenced blocks."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
CHAT = "http://127.0.0.1:7860"
"""Where documents say that the chat is."""
QUESTION_LINES = re.compile(r"^```json\n(.*?)```", re.DOTALL | re.MULTILINE)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PRINTED = re.compile(r"\n+```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"\$ (.+?)(?:\s{2,}#.*)?")
_FOOTNOTE = re.compile(r"(echo '[^']*' \| |FOOTNOTE_\w+=\S+ |\S+/)*footnote ")


@dataclass(frozen=True)
class Command:
    """A line to type, without its comment, and what a document shows below it."""

    line: str
    shown: str

    @property
    def is_ours(self) -> bool:
        """Whether it is one of Footnote's."""
        return _FOOTNOTE.match(self.line) is not None

    @property
    def typed(self) -> str:
        """What an ``echo`` before it writes to its standard input."""
        said = re.match(r"echo '([^']*)' \| ", self.line)
        return f"{said[1]}\n" if said else ""

    @property
    def words(self) -> list[str]:
        """The words after ``footnote``."""
        return shlex.split(self.line)[self._at + 1 :]

    @property
    def settings(self) -> dict[str, str]:
        """The settings before ``footnote``."""
        before = shlex.split(self.line)[: self._at]
        return dict(word.split("=", 1) for word in before if word.startswith("FOOTNOTE_"))

    @property
    def argv(self) -> list[str]:
        """The command for a process of its own."""
        return [sys.executable, "-m", "ui.cli", *self.words]

    @property
    def _at(self) -> int:
        return next(i for i, word in enumerate(shlex.split(self.line)) if Path(word).name == "footnote")


@dataclass(frozen=True)
class Example:
    """A whole Python program, and what a document says that it prints."""

    name: str
    program: str
    printed: str

    @property
    def asks_a_chat(self) -> bool:
        """Whether it needs a chat that runs."""
        return CHAT in self.program


@dataclass(frozen=True)
class Written:
    """A document in Markdown."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the checkout."""
        return str(self.path.relative_to(CHECKOUT))

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text("utf-8")

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """Its fenced blocks: language and content."""
        return _FENCE.findall(self.text)

    @cached_property
    def commands(self) -> list[Command]:
        """Its commands in their order."""
        found = []
        for language, block in self.fences:
            lines = block.replace("\\\n", "").splitlines() if language == "console" else []
            starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
            for start, end in pairwise([*starts, len(lines)]):
                typed = _LINE.fullmatch(lines[start])
                assert typed, f"{self.name}: {lines[start]}"
                found.append(Command(typed[1], "\n".join(lines[start + 1 : end]).strip()))
        return found

    @cached_property
    def examples(self) -> list[Example]:
        """Its Python programs."""
        found = []
        for match in _EXAMPLE.finditer(self.text):
            printed = _PRINTED.match(self.text, match.end())
            found.append(Example(match[1], match[2], printed[1] if printed else ""))
        return found


def furnish(folder: Path, library: Path, questions: str) -> Path:
    """Make a folder as a reader has it: a report, notes, questions, a library that knows of the flights."""
    shutil.copy(CHECKOUT / "seeds/hmeimim/briefing.pdf", folder / "report.pdf")
    (folder / "notes").mkdir()
    shutil.copy(CHECKOUT / "seeds/hmeimim/brief.md", folder / "notes")
    shutil.copytree(library, folder / "my-library")
    (folder / "questions.jsonl").write_text(questions, "utf-8")
    return folder


def differs(shown: str, said: str) -> str:
    """Return the first line of what a document shows that was not said there, empty when all was.

    Lines are looked for in their order, however they are broken; ``…`` stands for anything.
    """
    at, flat = 0, " ".join(said.split())
    for line in filter(None, map(str.strip, shown.splitlines())):
        if line.strip(" …") == "":
            continue
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        found = re.compile(".*?".join(parts)).search(flat, at)
        if not found:
            return line
        at = found.end()
    return ""


def of_kind(commands: Sequence[Command], pattern: str) -> list[Command]:
    """Return the commands whose line the pattern matches from its beginning."""
    return [each for each in commands if re.match(pattern, each.line)]
