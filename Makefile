# `make demo` and `make test` need only Python 3.11+ (with venv) and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint fmt bench lock clean

demo: $(STAMP)  ## the whole job on an embedded fleet and a local Slack; Ctrl-C ends it
	$(BIN)/deferbot demo

test: $(STAMP) lint  ## lint, types, import rule, all tests; prints what was skipped and why
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## speeds, each as a ratio measured in one run
	$(BIN)/python -m tests.bench

lock:  ## needs uv; with their extras, else a newer release of `coverage` than the pinned one stops older pips
	uv pip compile --generate-hashes --no-emit-index-url --no-header --universal --no-strip-extras \
	  --python-version 3.11 --extra dev pyproject.toml -o requirements.lock

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
