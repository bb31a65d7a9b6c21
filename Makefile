# What can be done with a checkout. Needs Python 3.11 or newer, make, and a package index.

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format clean
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## the environment (.venv), with everything that the others need

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it, or name it (make PYTHON=/path/to/python3)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing licstats and what it needs into $(VENV)"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.[dev]' \
		|| { echo "The packages could not be installed: is a package index reachable?"; exit 1; }
	@touch $@

demo: $(STAMP)  ## serve http://127.0.0.1:8000 with a simulated fleet (LICSTATS_PORT, LICSTATS_DATA, LICSTATS_DEMO_PASSWORD)
	@exec $(BIN)/licstats demo

test: $(STAMP)  ## every test, on a PostgreSQL and a Redis of its own (ARGS='-k borrowed' for some)
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP)  ## linters, types, import rules, templates, migrations, deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	DATABASE_URL=postgres://licstats@localhost/licstats REDIS_URL=redis://localhost:6379/0 \
		LICSTATS_HTTPS=1 LICSTATS_PROXY=1 \
		LICSTATS_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
		LICSTATS_HOSTS=licenses.example.com $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(STAMP)  ## bring code and templates into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2

clean:  ## remove what make made (the data folder var/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
