# Needs python3 (3.11 or newer, with venv and pip), a shell and make; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help venv demo test test-ci test-slow cluster-test check format bench docs pictures lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

venv: $(VENV)/installed ## install everything into .venv (about a minute, once)

# The lock's own pip first: it installs the rest in half the time of an old one. The lock is complete, so nothing
# is resolved; bytecode is compiled on every core afterwards, since pip would do it on one.
$(VENV)/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("maidian needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@echo "installing into $(VENV) (about a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^pip==/,/# via/p' requirements.lock > $(VENV)/pip.lock
	@$(PIP) install --requirement $(VENV)/pip.lock
	@$(PIP) install --no-deps --no-compile --progress-bar off --requirement requirements.lock
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib || true # a library may ship a file of another Python's syntax
	@touch $@

$(VENV)/installed: $(VENV)/locked pyproject.toml
	@$(PIP) --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

demo: venv ## a made-up wholesaler, from raw events to every table
	@$(BIN)/maidian demo

test: venv ## the tests, without the slow ones
	@$(BIN)/python -m pytest --numprocesses logical --dist worksteal

test-ci: venv ## the slower tests that CI can afford
	@$(BIN)/python -m pytest -m ci --numprocesses logical --dist loadfile

test-slow: venv ## the slow tests: the real data sets, hundreds of kills; many minutes
	@$(BIN)/python -m pytest -m slow

cluster-test: venv ## on a real Kafka and a real Flink of this machine; EVENTS=5000000 for many
	@$(BIN)/python -m pytest -m cluster -s

check: venv ## formatting, lint, types, the direction of imports
	@$(BIN)/ruff format --check --quiet --output-format concise || { echo "make format mends the above"; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: venv ## format, and mend what lint can
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

BENCHMARKS := $(filter-out __init__,$(basename $(notdir $(wildcard benchmarks/*.py))))

bench: venv ## every benchmark, as ratios to peers; one alone: .venv/bin/python -m benchmarks.decode
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

docs: venv ## write the generated files anew: JSON Schemas, the pages of events, tables, settings, commands and jobs
	@$(BIN)/python -m schemas.generate
	@$(BIN)/python -m maidian.reference

pictures: venv ## draw the README's pictures of lookup and of a list anew, from the demo
	@test -d demo/lake || $(BIN)/maidian demo
	@$(BIN)/python docs/pictures/terminal.py demo/lake

lock: ## resolve requirements.lock anew, for every Python and platform; newest of all: make lock UPGRADE=--upgrade
	@$(PYTHON) -m venv build/lock && build/lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	@build/lock/bin/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --all-extras --generate-hashes \
		--strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--output-file requirements.lock pyproject.toml

clean: ## remove the environment, caches and what the demo wrote
	@rm -rf $(VENV) demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
