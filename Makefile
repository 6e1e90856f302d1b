# GrokViz: `make run` opens the app, `make test` passes the tests. Both set up what they need first.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ifeq ($(TORCH),cpu) # a fifteenth of the download, where there is no GPU
PIP += --extra-index-url https://download.pytorch.org/whl/cpu
endif

unexport PYTHONDONTWRITEBYTECODE # the tests begin hundreds of processes: what one has compiled is there for the others

.PHONY: help run test check style compiled fast lint format fuzz bench space-check setup js clean
help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

run: $(VENV)/.run     ## set up and open the app
	@$(BIN)/python -m grokviz app --port $(PORT)

test: $(VENV)/.dev js ## set up, check style and types, run every test
	@$(MAKE) --no-print-directory -j2 style compiled
	$(BIN)/pytest -n 3 --dist worksteal

check: $(VENV)/.dev   ## style, types of the package, and the fast tests, side by side within a minute
	@$(MAKE) --no-print-directory -j2 style fast TYPED=grokviz

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python $(TYPED)

compiled: # what each process of the tests would compile for itself: the package, and the tests as pytest rewrites them
	@$(BIN)/python -m compileall -q grokviz devtools
	@$(BIN)/pytest --collect-only -qq >/dev/null || true  # what cannot be collected, the tests say

fast:
	@$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not browser"

fuzz: $(VENV)/.dev    ## damaged folders, zips and files: 10,000 folders, 2,000 zips, and as many files of a kind
	GROKVIZ_FUZZ=10000 $(BIN)/pytest -n 2 --dist worksteal tests/fuzz

lint: $(VENV)/.dev js ## style and types only
	@$(MAKE) --no-print-directory style
	@if [ -d node_modules ]; then npm run --silent lint; fi

format: $(VENV)/.dev  ## put every file into the house style
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(VENV)/.dev   ## measure speed on this machine
	$(BIN)/python -m bench

space-check: $(VENV)/.dev  ## try what a Space runs: fresh user, fresh environment, read-only source
	$(BIN)/python deploy/space_check.py

setup: $(VENV)/.run   ## only set up

# What checks the film's JavaScript. Nothing needs it to run: without node the checks are skipped, and say so.
js: node_modules/.package-lock.json
node_modules/.package-lock.json: package-lock.json
	@command -v npm >/dev/null && npm ci --silent && touch $@ || echo "npm could not install eslint and TypeScript: the JavaScript goes unchecked"

$(VENV)/.venv:
	@$(PYTHON) .ci/check_python.py
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements.txt requirements-browse.txt
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@

clean:           ## remove the virtual environment and caches
	rm -rf $(VENV) node_modules .pytest_cache .ruff_cache .hypothesis
