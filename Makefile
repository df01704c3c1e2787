# Everything a contributor types. `make` alone lists the verbs.
# Needed beforehand: python3 (3.11 or newer, with venv) and make; whatever else is missing says how to get it.

UV_VERSION := 0.13.8
PYTHON ?= python3
UV := .tools/bin/uv
UV_READY := .tools/uv-$(UV_VERSION)
READY := .venv/ready
BIN := .venv/bin
ARGS ?=

export UV_PYTHON_DOWNLOADS := never
# Tests start hundreds of processes: what one has compiled, the others read.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install run test check bench fuzz soak screenshots docs peers clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY) ## make .venv with everything in it (the other verbs do it by themselves)

run: $(READY) ## start a PACS under ./var with sample studies (ARGS="--home DIR" for another place)
	$(BIN)/leadglass run $(ARGS)

test: peers check ## check, then every test, against the real peers that are there (ARGS="-k word" for some)
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

check: $(READY) ## style, types, import contracts, lock file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(UV) lock --check

bench: peers $(READY) ## ours and the peers in turn on the same data; results in bench/results (ARGS="--only find-1000 --rounds 1")
	PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

fuzz: $(READY) ## a minute of hostile bytes for each parser
	LEADGLASS_FUZZ_SECONDS=60 $(BIN)/pytest tests/fuzz $(ARGS)

soak: $(READY) ## kill the server 200 times while it takes images in
	LEADGLASS_CRASH_ROUNDS=200 $(BIN)/pytest tests/crash $(ARGS)

screenshots: peers $(READY) ## every page of the console and the report as pictures, into bench/scratch/screenshots (ARGS=DIR)
	PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py $(ARGS)

docs: $(READY) ## links resolve, the map names every room
	$(BIN)/pytest -q tests/unit/test_docs.py $(ARGS)

peers:
	@.ci/peers

clean: ## remove what the verbs made, but never ./var
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/scratch

$(UV_READY):
	@command -v $(PYTHON) >/dev/null || { echo >&2 'python3 is missing. On Debian: apt-get install python3 python3-venv'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo >&2 "$(PYTHON) is older than 3.11. On Debian 12 or newer: apt-get install python3 python3-venv; or make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo >&2 'python3 has no venv. On Debian: apt-get install python3-venv'; exit 1; }
	@rm -rf .tools
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(READY): $(UV_READY) pyproject.toml uv.lock
	@echo 'making .venv as uv.lock says ...'
	@$(UV) sync --quiet --locked --python .tools/bin/python
	@touch $@
