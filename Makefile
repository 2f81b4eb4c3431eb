# Footnote: make chat | test | faults | ask Q="…" | install | check | bench | bench-scale | profile | capacity | eval | docs | release-check | lowest | clean
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The starter library lies here; your own lies in your data folder (see README).
STARTER := .cache/library
PIP := $(BIN)/python -m pip --disable-pip-version-check
# In a terminal, one line that shows what pip is at; its errors always pass.
SHOW := if [ -t 1 ]; then awk '/^ *(Collecting|Downloading|Using|Installing|Building)/ \
  {printf "\r\033[K  %.76s", $$0; fflush()} END {printf "\r\033[K"}'; else cat >/dev/null; fi

.DEFAULT_GOAL := help
.PHONY: help install chat ask test faults check bench bench-scale profile capacity eval guard docs release-check lowest clean starter

help:
	@echo 'make chat         open the chat over the starter documents (installs what it needs)'
	@echo 'make test         run all tests, real models included'
	@echo 'make ask Q="…"    ask the starter documents in the terminal'
	@echo 'make faults       break libraries for real, at length: kills, damage, a full disk'
	@echo 'make install      make .venv with the command $(BIN)/footnote'
	@echo 'make check        lint, types, architecture, dependencies'
	@echo 'make bench        print the figures of speed and memory'
	@echo 'make bench-scale  grow libraries to a million passages, and compare with others; ARGS="--passages 1000,10000 --engine shared"'
	@echo 'make profile      draw where the time of a question goes, in a fresh process, as a flame graph'
	@echo 'make capacity     say what so many passages and people need'
	@echo 'make eval         print how good the answers are; ARGS="PATH… --limit 50" for other questions'
	@echo 'make guard        fail when an answer figure fell beyond noise (30 questions, real models)'
	@echo 'make docs         build the documents for people into build/site'
	@echo 'make release-check  build the package, install it in an empty environment and try it there'
	@echo 'make lowest       run the quick tests with the oldest versions of the libraries that are allowed'
	@echo 'make clean        remove what was made here (your library and the model files stay)'

$(BIN)/python:
	@if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo 'Footnote needs Python 3.11 or newer: name it with  make PYTHON=/path/to/python3.11 …'; exit 1; fi
	@echo '[1/2] Making $(VENV) …'
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo '[2/2] Installing Footnote and its libraries (2.3 GB on the disk; two to five minutes) …'
	@$(PIP) install --progress-bar off --constraint constraints.txt --editable '.[eval,mcp,server]' | ($(SHOW))
	@touch $@

# Installs a dependency group, named after the stamp: dev for tests and checks, docs for the documents.
$(VENV)/.dev $(VENV)/.docs: $(VENV)/.%: $(VENV)/.installed
	@echo 'Installing the tools of the group $* …'
	@$(BIN)/python -c 'import tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["$*"], sep="\n")' > $(VENV)/$*.txt
	@$(PIP) install --progress-bar off --constraint constraints.txt --requirement $(VENV)/$*.txt | ($(SHOW))
	@touch $@

# A test builds the documents, too.
$(VENV)/.dev: $(VENV)/.docs

install: $(VENV)/.installed

$(STARTER)/.ready: $(VENV)/.installed $(wildcard seeds/hmeimim/* seeds/guide/*)
	@echo 'Adding the starter documents …'
	@$(BIN)/footnote add seeds/hmeimim seeds/guide --library $(STARTER)
	@touch $@

starter: $(STARTER)/.ready

chat: starter
	@exec $(BIN)/footnote chat --library $(STARTER)

ask: starter
	@$(BIN)/footnote ask "$$Q" --library $(STARTER) || [ $$? -eq 3 ]

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(ARGS)

# `make test` runs a short version of these.
faults: $(VENV)/.dev
	@FOOTNOTE_FAULTS=long $(BIN)/python -m pytest tests/faults $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench $(ARGS)

bench-scale: $(VENV)/.dev
	@$(BIN)/python -m tests.bench scale $(ARGS)

profile: $(VENV)/.dev starter
	@mkdir -p build
	@$(BIN)/py-spy record --rate 500 --output build/question.svg -- $(BIN)/python $(BIN)/footnote \
	  ask "When did flights resume?" --json --llm none --library $(STARTER) > /dev/null
	@echo 'Open build/question.svg in a browser.'

guard: starter
	@$(BIN)/footnote eval seeds/golden.jsonl --library $(STARTER) --limit 30 --compare seeds/baseline.json

capacity: $(VENV)/.docs
	@$(BIN)/python docs/making/capacity.py $(ARGS)

release-check: $(VENV)/.dev
	@$(BIN)/python -m tests.release

lowest: $(VENV)/.dev
	@$(BIN)/python -m tests.release.lowest $(ARGS)

# Without ARGS: the starter documents' questions, all of them.
eval: starter
	@$(BIN)/footnote eval $(if $(ARGS),$(ARGS),seeds/golden.jsonl --limit 0 --library $(STARTER))

docs: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo 'The documents are in build/site/index.html; to search them:  $(BIN)/python -m http.server -d build/site'

clean:
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
