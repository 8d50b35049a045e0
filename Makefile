# The two commands of a newcomer: `make run` and `make test`. `make help` (or just `make`) tells the rest.

PYTHON ?= python3
VENV   ?= .venv
# Another build of PyTorch: make run TORCH=torch==2.13.0 TORCH_INDEX=https://download.pytorch.org/whl/cu130
TORCH       ?= torch==2.13.0
TORCH_INDEX ?=
PIP_FLAGS   ?= --disable-pip-version-check --quiet
PYTEST      ?=
# Processes that share the integration tests, each with servers and platforms of its own (about 3 GB and two cores).
# 0: this one alone, as some tests say what must be done in so many seconds.
JOBS        ?= 0

# The parts of the platform that only this machine's make knows; tests and dino-local read the same names.
export DINO_VAR ?= $(CURDIR)/var

BIN   := $(VENV)/bin
PIP   := $(BIN)/python -m pip install $(PIP_FLAGS)
STAMP := $(VENV)/.installed
TORCH_STAMP := $(STAMP)-$(subst =,-,$(subst /,_,$(TORCH)))

.DEFAULT_GOAL := help
.PHONY: help run servers dashboards test unit integration e2e bench bench-operator lint format contracts chart model clean
.DELETE_ON_ERROR:

help: ## this list
	@echo "Usage: make TARGET [PYTHON=python3.11] [VENV=.venv] [TORCH=torch==2.13.0] [TORCH_INDEX=URL] [JOBS=0]"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done
	@echo
	@echo "make run keeps its data in ./var. PyTorch's default build for Linux carries CUDA; the small one:"
	@echo "  make run TORCH_INDEX=https://download.pytorch.org/whl/cpu"

run: $(STAMP)-run model ## install, start everything, print the address, stay in the foreground (Ctrl-C stops)
	@exec $(BIN)/dino-local

servers: $(STAMP)-run ## start only NATS, Redis, MongoDB and the object store
	@exec $(BIN)/dino-local --servers-only

dashboards: $(STAMP)-run ## start Prometheus with the alert rules beside a platform that runs (docs/monitoring.md)
	@exec $(BIN)/python -m dashboards.prometheus

test: lint unit integration e2e ## install, check the style, run the unit, integration and end-to-end tests

unit: $(STAMP)-test ## unit tests alone, a process for each core
	$(BIN)/python -m pytest tests/unit -n auto --dist loadfile $(PYTEST)

integration: $(STAMP)-test model ## integration tests alone, on real servers; JOBS=2 for two processes
	$(BIN)/python -m pytest tests/integration -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST)

e2e: $(STAMP)-test model ## end-to-end tests alone: chart, operator and services on a Kubernetes control plane
	$(BIN)/python -m pytest tests/e2e $(PYTEST)

lint: $(STAMP)-test ## style, formatting, types, and which package may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(STAMP)-test ## sort imports and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)-bench model ## measure beside the bare model and its peers; writes benchmarks/results
	$(BIN)/python -m benchmarks

bench-operator: $(STAMP)-bench ## measure the operator beside one that does nothing; BENCH_RESOURCES=1000
	$(BIN)/python -m benchmarks.operator

contracts: $(STAMP)-run ## write docs/api/openapi.json from the declared operations
	@mkdir -p docs/api
	$(BIN)/python -m dino_gateway.openapi > docs/api/openapi.json.new
	@mv docs/api/openapi.json.new docs/api/openapi.json

chart: $(STAMP)-run ## write the chart's copies of the CRD, the dashboards and the alert rules, and its table of values
	$(BIN)/python -m charts.refresh

model: $(STAMP)-run ## fetch the built-in models into var/models (the text model alone when DINOV3_MODEL_NAME is set)
	@DINO_CACHE_DIR="$${DINO_CACHE_DIR:-$(DINO_VAR)/models}" $(BIN)/python -m dino_inference.pull \
		$${DINOV3_MODEL_NAME:+--text-only}

clean: ## remove the virtual environment and every cache; your data in ./var stays
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# Stamps: what is installed is installed again only when pyproject.toml has changed.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "No venv module: on Debian, apt-get install python3-venv" >&2; exit 1; }

$(TORCH_STAMP): | $(BIN)/python
	@echo "installing $(TORCH) (once; the largest part)"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	@rm -f $(STAMP)-torch* && touch $@

$(STAMP)-run: pyproject.toml $(TORCH_STAMP)
	@echo "installing the platform"
	@$(PIP) -e '.[all,local]' '$(TORCH)'
	@touch $@

$(STAMP)-test: pyproject.toml $(STAMP)-run
	@echo "installing the test tools"
	@$(PIP) -e '.[all,local,test,lint]' '$(TORCH)'
	@touch $@

$(STAMP)-bench: pyproject.toml $(STAMP)-run
	@echo "installing the benchmark's peers"
	@$(PIP) -e '.[all,local,bench]' '$(TORCH)'
	@touch $@
