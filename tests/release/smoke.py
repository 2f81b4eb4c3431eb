"""The installed package, tried from an empty folder by somebody with an empty home."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from importlib.metadata import PathDistribution
from pathlib import Path

NOTE = "# Minutes\n\nAna opened the meeting. Bruno was elected treasurer by seven votes.\n"
QUESTION = "Who was elected treasurer?"
ANSWER = "Bruno was elected treasurer by seven votes."
PAGES = (
    "/",
    "/ui/page.css",
    "/ui/footnote.js",
    "/ui/fonts/inter.woff2",
    "/ui/icon.svg",
    "/view/settings",
    "/api/v1/openapi.json",
    "/v1/models",
)
WAIT_S = 300


class Tried:
    """An environment with the package in it; what does not work there is an AssertionError."""

    def __init__(self, environment: Path, folder: Path, models: Path) -> None:
        """Try an environment.

        Args:
            environment: its folder.
            folder: made for the trial; home and current folder are in it.
            models: folder of the model files, so that they are not fetched again.
        """
        self._bin = environment / "bin"
        self._home, self._here = folder / "home", folder / "here"
        for each in (self._home, self._here):
            each.mkdir(parents=True, exist_ok=True)
        self._environ = {
            "PATH": f"{self._bin}:/usr/bin:/bin",
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "FOOTNOTE_MODELS": str(models),
            "FOOTNOTE_LLM": "none",
        }

    def core(self) -> None:
        """Use what the package does without extras."""
        [metadata] = self._bin.parent.glob("lib/python*/site-packages/footnote-*.dist-info")
        assert self.footnote("--version") == f"footnote {PathDistribution(metadata).version}\n"
        (self._here / "minutes.md").write_text(NOTE, "utf-8")
        assert "1 added" in self.footnote("add", "minutes.md")
        answer = json.loads(self.footnote("ask", QUESTION, "--json"))
        quote = answer["quotes"][0]
        assert quote["quote"] == ANSWER, answer
        assert self.footnote("show", "minutes.md", "--text")[quote["start"] : quote["end"]] == ANSWER
        assert [each["title"] for each in json.loads(self.footnote("list", "--json"))] == ["Minutes"]
        assert self.footnote("check").startswith("all is well")
        assert "1 same" in self.footnote("sync", ".", "--yes")
        where = self.python("import rag; rag.Assistant, rag.Library; print(rag.__file__)")
        assert where.startswith(str(self._bin.parent.resolve())), where
        starters = self.python("from ui.starters import starter_files; print(len(starter_files()))")
        assert int(starters) >= 10, starters
        refused = self._run(self._bin / "footnote", "chat", "--port", "0")
        assert refused.returncode == 1, refused
        assert "pip install 'footnote[server]'" in refused.stderr, refused.stderr
        assert refused.stderr.count("\n") == 1, refused.stderr

    def tools(self) -> None:
        """Ask, as a client of the tool protocol does, what the library offers that `core` made."""
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "smoke", "version": "1"},
        }
        calls = [
            {"id": 1, "method": "initialize", "params": hello},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/list"},
        ]
        said = "".join(json.dumps({"jsonrpc": "2.0"} | call) + "\n" for call in calls)
        with subprocess.Popen(
            [self._bin / "footnote", "mcp"],
            cwd=self._here,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(said)
            process.stdin.flush()  # it ends with its input, whether or not it has answered
            answers = (json.loads(line) for line in process.stdout)
            last = next(answer for answer in answers if answer.get("id") == 2)
            process.stdin.close()
        assert process.returncode == 0
        names = {tool["name"] for tool in last["result"]["tools"]}
        assert names == {"search", "ask", "read_passage", "list_documents"}, names

    def chat(self) -> None:
        """Open the chat over the library that `core` made, fetch its pages, and end it."""
        process = subprocess.Popen(
            [self._bin / "footnote", "chat", "--port", "0"],
            cwd=self._here,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if "ready" in line:
                    break
            url = re.search(r"http://127\.0\.0\.1:\d+", said[-1] if said else "")
            assert url, said
            assert json.loads(_fetched(f"{url[0]}/health"))["documents"] == 1
            for page in PAGES:
                assert _fetched(url[0] + page), page
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.communicate()

    def footnote(self, *arguments: str) -> str:
        """Return what a command prints that has to succeed."""
        return self._printed(self._bin / "footnote", *arguments)

    def python(self, code: str) -> str:
        """Return what a program prints that has to succeed."""
        return self._printed(self._bin / "python", "-c", code)

    def _printed(self, *command: Path | str) -> str:
        done = self._run(*command)
        assert done.returncode == 0, done
        return done.stdout

    def _run(self, *command: Path | str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self._here,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
        )


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - an address of ours
        assert answer.status == 200, url
        found: bytes = answer.read()
        return found
