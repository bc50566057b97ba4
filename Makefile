# Yarak: from a fresh machine to live alerts. `make` lists what can be done.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
CARGO := cargo
MANIFEST := --manifest-path core/Cargo.toml
ARGS ?=
SECONDS ?= 600

export CARGO_TERM_COLOR ?= auto
# rustup puts cargo where a shell that was not started anew does not look.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# What the extension module is made from. Python files need no build: the package is installed in place.
CORE_SOURCES := $(shell find core/src core/schema sensor -type f 2>/dev/null) core/Cargo.toml $(wildcard core/Cargo.lock core/build.rs)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Watch this host with the default rules (as root); ARGS="-o json_output=true" adds flags
	@exec $(BIN)/yarak $(ARGS)

.PHONY: build
build: $(STAMPS)/build ## Install what is missing, build sensor, core and package into .venv

.PHONY: test
test: build $(STAMPS)/dev ## Everything that a change must pass: lint, types, Rust, Python, live
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test-rust
	@$(MAKE) --no-print-directory test-python

.PHONY: test-rust
test-rust: $(STAMPS)/system ## cargo test
	$(CARGO) test $(MANIFEST) --no-default-features --features live --quiet

.PHONY: test-python
test-python: build $(STAMPS)/dev $(STAMPS)/containers ## pytest, live tests included; ARGS="tests/config -x" narrows it
	$(BIN)/python -m pytest $(ARGS)

.PHONY: test-kernels
test-kernels: build $(STAMPS)/dev $(STAMPS)/emulator $(STAMPS)/arm64 ## The live tests under other kernels, in QEMU; ARGS="--kernel 6.1 --only tests/live/test_paths.py"
	$(BIN)/python tools/test_kernels.py $(ARGS)

.PHONY: fuzz
fuzz: build $(STAMPS)/dev ## Search for inputs that crash or hang rules compiler, capture reader or live decoder; SECONDS=60 for each target
	$(BIN)/python tests/fuzz/fuzz.py --seconds $(SECONDS)
	@echo 'capture reader: searching for $(SECONDS) s'
	$(CARGO) run $(MANIFEST) --quiet --profile fuzz --no-default-features --example capturefuzz -- --seconds $(SECONDS)
	@echo 'live records: searching for $(SECONDS) s'
	$(CARGO) run $(MANIFEST) --quiet --profile fuzz --no-default-features --features live --example livefuzz -- --seconds $(SECONDS)

.PHONY: bench
bench: build ## Comparable figures as one table and as JSON in bench/out/ (as root); ARGS="--only latency" narrows it
	$(BIN)/python -m bench $(ARGS)

.PHONY: lint
lint: $(STAMPS)/dev ## ruff, mypy --strict, clippy
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(CARGO) clippy $(MANIFEST) --no-default-features --features live --all-targets --quiet -- -D warnings
	$(CARGO) clippy $(MANIFEST) --all-targets --quiet -- -D warnings

.PHONY: format
format: $(STAMPS)/dev ## Rewrite the sources in the project's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format yarak tests
	$(CARGO) fmt $(MANIFEST)

.PHONY: wheel
wheel: $(STAMPS)/system $(STAMPS)/venv ## Build dist/*.whl
	$(BIN)/maturin build --release --out dist

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(VENV) core/target target build dist yarak/*.so .pytest_cache .mypy_cache .ruff_cache

# Stamps: each stands for a step that is done, and is older than what would make it due again.

$(STAMPS)/system: tools/setup.sh
	@tools/setup.sh build
	@mkdir -p $(@D) && touch $@

$(STAMPS)/containers: tools/setup.sh
	@tools/setup.sh test
	@mkdir -p $(@D) && touch $@

$(STAMPS)/emulator: tools/setup.sh
	@tools/setup.sh emulator
	@mkdir -p $(@D) && touch $@

$(STAMPS)/arm64: tools/setup.sh
	@tools/setup.sh arm64
	@mkdir -p $(@D) && touch $@

$(STAMPS)/venv: pyproject.toml | $(STAMPS)/system
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check 'maturin>=1.7,<2'
	@mkdir -p $(@D) && touch $@

$(STAMPS)/build: $(CORE_SOURCES) pyproject.toml $(STAMPS)/venv $(STAMPS)/system
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release
	@mkdir -p $(@D) && touch $@

$(STAMPS)/dev: pyproject.toml $(STAMPS)/venv
	$(BIN)/pip install --quiet --disable-pip-version-check $$($(PYTHON) tools/dev_requirements.py)
	@mkdir -p $(@D) && touch $@
