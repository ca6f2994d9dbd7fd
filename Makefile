# TraceScript: one command for each thing. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHECKERS := $(VENV)/.checkers
# who is done takes tests over from others
PARALLEL := -n auto --maxprocesses 4 --dist worksteal
SOURCES := ir passes runtime jit tests examples benchmarks

.PHONY: help demo test check format goldens oracle conformance bench fidelity clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# The stamp is newer than pyproject.toml once everything it names is installed.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "TraceScript needs Python 3.11 or newer; say which: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[native,test]'
	@touch $@

$(CHECKERS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[check]'
	@touch $@

demo: $(READY) ## capture, optimise, save, load and run real models
	$(BIN)/python examples/digits/demo.py

test: $(READY) ## run the tests, on up to four cores
	$(BIN)/python -m pytest -q $(PARALLEL)

check: $(CHECKERS) ## format, lint, types, tests
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m pytest -q $(PARALLEL)

format: $(CHECKERS) ## rewrite the sources in the project's format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

goldens: $(READY) ## rewrite the expected texts of the golden tests; read the diff
	$(BIN)/python -m pytest -q tests/test_goldens.py --update-goldens

oracle: $(READY) ## install torch 2.13 and run the tests that compare with it
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[oracle]'
	$(BIN)/python -m pytest -q tests/oracle tests/language

# ONLY=add,linalg.* chooses names; RUN=all runs known results again; SAMPLES=3 captures
conformance: $(READY) ## compare every operator with torch, print what fails
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[oracle]'
	$(BIN)/python -m tests.conformance --only '$(ONLY)' --run $(or $(RUN),changed) \
	  --samples $(or $(SAMPLES),0)

bench: $(READY) ## install the peers, measure against them, write benchmarks/RESULTS.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench,oracle]'
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks report

fidelity: $(READY) ## install the peers, run the scoreboard, write its page
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench,oracle]'
	$(BIN)/python -m tests.fidelity run
	$(BIN)/python -m tests.fidelity report

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
