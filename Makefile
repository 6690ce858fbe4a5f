# Bespoke: `make run` and `make test` do all the set-up they need. `make` alone lists the targets.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(origin SOURCE),undefined)
SOURCE := $(or $(BESPOKE_SOURCE),demo)
endif
export BESPOKE_SOURCE := $(SOURCE)
# The real data sets are read from where the user has them; this is where a checkout looks.
ifneq ($(wildcard ../shared/data),)
export BESPOKE_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help setup run test airflow lint types check fmt lock clean

help:  ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready  ## Make .venv, install the locked packages, fetch the Delta jars

$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or 3.12 is wanted: install it, or name it: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "[1/3] packages: about 220, once, a minute or two …"
	@# pip comes last: an environment without it was broken off, and is made anew.
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(shell sed -n 's/^uv==//p' requirements.lock | cut -d' ' -f1)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@echo "[2/3] bespoke itself …"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@# What it leaves beside the code would name the plugin a second time.
	@rm -rf bespoke.egg-info
	@echo "[3/3] Delta jars and keys …"
	@$(BIN)/bespoke setup
	@touch $@

run: setup  ## Bring SOURCE (demo, online_retail, complete_journey) up to its last night, by Airflow
	@$(BIN)/bespoke run

test: setup  ## Run all tests: the fast ones first, then those that start what they need
	@$(BIN)/python -m pytest

airflow: setup  ## Start a local Airflow with its web page, on loopback
	@$(BIN)/bespoke airflow

lint: setup  ## Ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup  ## mypy, strict
	@$(BIN)/mypy

check: lint types  ## Lint and types

fmt: setup  ## Format
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml

lock: setup  ## Resolve requirements*.lock anew from pyproject.toml
	@$(BIN)/$(LOCK) --extra dev --extra lock -o requirements.lock
	@# The same versions, without what only developers need, and with what only a cluster needs.
	@$(BIN)/$(LOCK) --extra cluster --constraints requirements.lock -o requirements-cluster.lock

clean:  ## Remove the environment; data/ stays
	@rm -rf $(VENV) *.egg-info .ruff_cache .mypy_cache
