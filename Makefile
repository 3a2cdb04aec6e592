# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export NEWSWORLD_DATA_DIR ?= $(CURDIR)/data
export DAGSTER_HOME := $(NEWSWORLD_DATA_DIR)/dagster
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install install-dev demo test run dev notebook serve check docs format bench \
  install-team test-scale \
  train-stories train-sections train-lint lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	# torch first: alone, its pin cannot be widened to a build of several gigabytes.
	$(BIN)/pip install --quiet "$$(grep '^torch==' requirements.lock)"
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	# Else the first command that loads the definitions would wait for it.
	$(BIN)/dbt --quiet parse --project-dir dbt_models --profiles-dir dbt_models \
	  --log-path dbt_models/target
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/pip install --quiet --requirement requirements-dev.lock
	touch $@

install: $(VENV)/.installed ## Make .venv with the pinned dependencies

install-dev: $(VENV)/.installed-dev ## The same with the tools for tests and checks

$(VENV)/.installed-team: $(VENV)/.installed-dev requirements-team.lock
	$(BIN)/pip install --quiet --requirement requirements-team.lock
	touch $@

install-team: $(VENV)/.installed-team ## The same with what a team of machines needs (docs/operations.md)

demo: install ## Run the main job on the bundled sample, offline, and say where to look
	$(BIN)/newsworld demo

test: install-dev ## Pass the tests, a file of them at a time on each core
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-scale: install-team ## The tests of a team's setup, on servers of its own (postgresql, redis-server)
	NEWSWORLD_TEST_SERVERS=1 $(BIN)/python -m pytest tests/scale
	NEWSWORLD_TEST_SERVERS=1 NEWSWORLD_TEST_LAKE=1 $(BIN)/python -m pytest tests/warehouse

run: install ## Poll the live feeds and make today's edition
	$(BIN)/newsworld run

dev: install ## Open the Dagster UI on the world in data/ (port 3000; PORT=... for another)
	mkdir -p "$(DAGSTER_HOME)"
	cp dagster$${NEWSWORLD_DAGSTER_POSTGRES:+-team}.yaml "$(DAGSTER_HOME)/dagster.yaml"
	cd "$(DAGSTER_HOME)" && $(CURDIR)/$(BIN)/dagster dev --workspace $(CURDIR)/workspace.yaml --host 127.0.0.1 --port $${PORT:-3000}

notebook: install ## Open JupyterLab with the notebooks on the published snapshot
	cd notebooks && JUPYTER_CONFIG_PATH=$(CURDIR)/notebooks/.jupyter ../$(BIN)/jupyter lab \
	  --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/README.md \
	  $$(test "$$(id -u)" != 0 || echo --allow-root)

serve: install ## Preview the published pages on http://127.0.0.1:8000 (PORT=... for another)
	$(BIN)/newsworld serve --port $${PORT:-8000}

check: install-dev ## Format, lint, types, import rules, SQL style, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_models/models dbt_models/macros dbt_models/tests
	$(BIN)/python .ci/audit $(BIN)/pip-audit

docs: install-dev ## Write the data dictionary, and dbt's own pages to dbt_models/target/static_index.html
	NEWSWORLD_WAREHOUSE=:memory: $(BIN)/dbt --quiet docs generate --static --empty-catalog \
	  --project-dir dbt_models --profiles-dir dbt_models --log-path dbt_models/target
	$(BIN)/python -m newsworld_dagster.dictionary dbt_models/target/manifest.json docs/data-dictionary.md

format: install-dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-dev ## Measure, and write docs/benchmarks.md (SUITES="loading archive ..."; NEWSWORLD_SHARED_DATA)
	$(BIN)/python -m tests.benchmarks $(foreach suite,$(SUITES),--suite $(suite))

train-stories: install ## Fit the story model on the labelled weeks (NEWSWORLD_SHARED_DATA; ENCODER=... for another model)
	$(BIN)/python -m newsworld_dagster.storytraining --data "$${NEWSWORLD_SHARED_DATA:-../shared/data}" \
	  $(if $(ENCODER),--encoder "$(ENCODER)")

train-sections: install-dev ## Fit the section weights anew on an archive (ARCHIVE=..., default that of NEWSWORLD_SHARED_DATA)
	$(BIN)/python -m newsworld_dagster.sectiontraining \
	  "$${ARCHIVE:-$${NEWSWORLD_SHARED_DATA:-../shared/data}/news_gnews/articles.parquet}"

train-lint: install ## Fit the lint's model of wordings on its labelled claims (NEWSWORLD_SHARED_DATA)
	$(BIN)/python -m newsworld_dagster.linttraining --data "$${NEWSWORLD_SHARED_DATA:-../shared/data}"

lock: ## Pin the dependencies anew
	$(BIN)/pip install --quiet pip-tools
	for group in "" dev team; do
	  target=requirements$${group:+-$$group}.lock
	  case "$$group" in
	    dev) extra="--extra test --extra check --constraint requirements.lock";;
	    team) extra="--extra team --constraint requirements.lock";;
	    *) extra="";;
	  esac
	  $(BIN)/pip-compile --quiet --no-header --no-annotate --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    $$extra --output-file $$target pyproject.toml
	  # A local build's label is not known elsewhere.
	  sed -i -E 's/^(torch==[0-9.]+)\+.*/\1/' $$target
	done

clean: ## Remove the world in data/ (not the sample)
	rm -rf data/warehouse data/published data/dagster dbt_models/target
