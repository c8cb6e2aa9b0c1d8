# `make demo` and `make test` are all that a newcomer needs: each does its own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
CORE := $(VENV)/.core
CORE_SOURCES := Cargo.toml Cargo.lock $(shell find crates -name '*.rs' -not -path '*/tests/*' -o -name Cargo.toml)
DEMO_CASE := build/demo
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A mirror that stutters is asked again; tests never are.
export PIP_RETRIES := 8
export CARGO_NET_RETRY := 8

.PHONY: help setup demo test quick test-rust test-python lint types selftest golden fuzz fuzz-logs bench docs lock clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(CORE)  ## virtual environment, locked packages, release build of the core
	@:

$(VENV)/pyvenv.cfg:
	PYTHON=$(PYTHON) scripts/debian-packages.sh
	$(PYTHON) -m venv $(VENV)

$(PACKAGES): $(VENV)/pyvenv.cfg requirements/runtime.lock requirements/dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements/runtime.lock -r requirements/dev.lock
	@touch $@

$(CORE): $(PACKAGES) pyproject.toml $(CORE_SOURCES)
	@echo "building the core (minutes the first time)"
	@env -u CONDA_PREFIX VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/maturin develop --release --locked > $(VENV)/core.log 2>&1 || { cat $(VENV)/core.log; exit 1; }
	@touch $@

demo: setup  ## the question answered on a shipped capture
	@mkdir -p build
	$(BIN)/mailscope investigate examples/link.pcap examples/inside.pcap --own 10.0.0.0/8 --own-domain hfsec.example -o $(DEMO_CASE)

test: setup lint test-rust test-python  ## everything CI runs

quick: setup  ## the tests to run while you write: two minutes
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not long"

test-rust: setup  ## the core's own tests
	cargo test --quiet --workspace --locked

test-python: setup  ## the Python tests, two at a time
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

lint: setup types  ## style, types, imports' direction, warnings of the compiler
	$(BIN)/ruff check --quiet python tests scripts bench
	$(BIN)/ruff format --quiet --check python tests scripts bench
	$(BIN)/lint-imports --no-cache > build/imports.log || { cat build/imports.log; exit 1; }
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --locked -- -D warnings

types: setup  ## strict types, and the stub against the built core
	@mkdir -p build
	$(BIN)/mypy --no-error-summary
	$(BIN)/python -m mypy.stubtest mailscope._core --concise

selftest: setup  ## two captures with published figures, accounted for and compared
	$(BIN)/python scripts/selftest.py

golden: setup  ## write the expected tables of the example anew; read the diff before you commit it
	GOLDEN=write $(BIN)/pytest tests/golden

fuzz: setup  ## ten minutes on each target
	fuzz/run.sh

fuzz-logs: setup  ## a minute on each format of text logs
	fuzz/logs.sh 60

bench: setup  ## speed and memory beside cat, tcpdump and tshark; then every session against its truth
	$(BIN)/python bench/bench.py
	$(BIN)/python bench/investigate.py
	$(BIN)/python bench/truth.py

docs: setup  ## schema/records.py and docs/reference, from the core, the CLI and the schema
	$(BIN)/python scripts/make_docs.py

lock: $(PACKAGES)  ## newest allowed versions into requirements/*.lock
	scripts/lock.sh

clean:  ## forget everything that was built
	rm -rf $(VENV) target build python/mailscope/_core*.so
