# `make demo` looks at a live console, `make test` proves it. Nothing has to be installed by hand:
# each target builds .venv by itself (with uv if it is there, else venv and pip), and only when a lock changed.
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-runtime
DEV_STAMP := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help demo run test lint format bench lock clean

help:
	@echo "make demo    a live console over a small real stack, with an incident about to begin"
	@echo "make run     the console on your own configuration (ARGS='--config FILE')"
	@echo "make test    every test; make lint: format, types, imports; make bench: speed and memory"
	@echo "make lock    renew the locks; make format: apply the format; make clean: remove what was built"

demo: $(RUN_STAMP)
	@$(BIN)/opsconsole demo $(ARGS)

run: $(RUN_STAMP)
	@$(BIN)/opsconsole $(ARGS)

test: $(DEV_STAMP)
	$(BIN)/python -m pytest $(ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_STAMP)
	$(BIN)/python -m tests.benchmarks $(ARGS)

$(RUN_STAMP): requirements/runtime.lock pyproject.toml requirements/install.sh
	@requirements/install.sh $(VENV) requirements/runtime.lock
	@touch $@

$(DEV_STAMP): requirements/dev.lock pyproject.toml requirements/install.sh
	@requirements/install.sh $(VENV) requirements/dev.lock
	@touch $@ $(RUN_STAMP)

lock:
	@requirements/lock.sh

clean:
	rm -rf $(VENV) .tool dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
