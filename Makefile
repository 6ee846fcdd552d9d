.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
export UV_PYTHON_DOWNLOADS = never
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 1

# The first interpreter that really starts (a pyenv shim may exist and refuse); 3.13 is what Lambda runs.
PYTHON ?= $(shell for p in python3.13 python3.14 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: help run test check synth deploy lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.ready: requirements.lock infra/locks/uv.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Gero needs Python 3.11 or newer on PATH (or make PYTHON=/path/to/python)"; exit 1; }
	@command -v node >/dev/null || { echo "Gero needs Node 20 or newer on PATH: the CDK synthesizes through it"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r infra/locks/uv.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

# What servers and clients of others need that the tests call and are called by; it stays out of ours.
OTHERS := .venv/third-party
$(OTHERS)/.ready: .venv/.ready tests/third_party/requirements.txt
	test -x $(OTHERS)/bin/python || $(BIN)/python -m venv --without-pip $(OTHERS)
	$(BIN)/uv pip sync --quiet --python $(OTHERS)/bin/python --require-hashes tests/third_party/requirements.txt
	touch $@

CONSOLE := functions/api/console/node_modules
run: .venv/.ready $(CONSOLE) ## Start everything on this machine and rank a demo leaderboard
	@exec $(BIN)/python -u -m infra.local $(ARGS)

# What watches the clock, or other processes, has the machine for itself.
ALONE := tests/infra/local tests/journeys tests/browser tests/benchmarks
test: .venv/.ready $(OTHERS)/.ready $(CONSOLE) tests/browser/node_modules tests/third_party/node_modules ## Run every test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(addprefix --ignore=,$(ALONE)) $(ARGS)
	$(BIN)/python -m pytest -s $(ALONE) $(ARGS)

check: .venv/.ready ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy shared/gero functions infra tests

synth: .venv/.ready infra/node_modules $(CONSOLE) ## Write the CloudFormation templates to cdk.out
	infra/node_modules/.bin/cdk synth --quiet $(ARGS)

deploy: .venv/.ready infra/node_modules $(CONSOLE) ## Deploy to the AWS account of your credentials
	infra/node_modules/.bin/cdk deploy --all $(ARGS)

%/node_modules: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header
lock: ## Resolve every dependency again and write the lock files
	$(LOCK) --universal --python-version 3.11 pyproject.toml --group dev -o requirements.lock
	echo 'uv==0.13.9' | $(LOCK) --universal --python-version 3.11 - -o infra/locks/uv.txt
	$(LOCK) --universal --python-version 3.11 tests/third_party/requirements.in -o tests/third_party/requirements.txt
	for group in api domain worker inference; do $(LOCK) --python-version 3.13 --python-platform aarch64-manylinux_2_28 \
		--constraint requirements.lock --group pyproject.toml:$$group -o infra/locks/$$group.txt; done

clean: ## Remove what was built
	rm -rf .venv cdk.out build infra/node_modules $(CONSOLE) tests/browser/node_modules tests/third_party/node_modules .gero
