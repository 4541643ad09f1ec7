# Usher's commands. Each installs what it needs into this checkout first; nothing is changed outside of it.
PYTHON ?= python3
PORT ?= 3978
RUN := .venv/bin/python
# More tests at a time than processors: many of them wait. Those of one group (`xdist_group`) share what is slow to start.
WORKERS ?= 3
PYTEST = $(RUN) -m pytest -n $(WORKERS) --dist loadgroup

.PHONY: help demo demo-reset test test-fast test-long check bench soak manifest install

help:            ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo:            ## Start Usher with a sandbox that plays Microsoft, on this machine alone (PORT=3978)
	@$(PYTHON) scripts/install.py run
	@exec $(RUN) demo/run.py --port $(PORT)

demo-reset:      ## Forget all that the demo has kept, and start from the beginning
	@$(PYTHON) scripts/install.py run
	@exec $(RUN) demo/run.py --port $(PORT) --reset

test:            ## All tests, browser tests included, WORKERS=3 at a time (ARGS="tests/story -k accept")
	@$(PYTHON) scripts/install.py dev
	@$(PYTHON) scripts/browser.py
	@$(PYTEST) -m "not long" $(ARGS)

test-fast:       ## The tests without browsers, kills, failovers and whole products
	@$(PYTHON) scripts/install.py dev
	@$(PYTEST) -m "not long and not browser and not kill and not story" $(ARGS)

test-long:       ## The long matrices (marker `long`), which `make test` samples
	@$(PYTHON) scripts/install.py dev
	@$(PYTHON) scripts/browser.py
	@$(PYTEST) -m long $(ARGS)

check:           ## ruff, pyright strict, import-linter, tsc, the word list
	@$(PYTHON) scripts/install.py dev
	@$(RUN) scripts/check.py

bench:           ## Speed, side by side with its peers (ONLY=name for one)
	@$(PYTHON) scripts/install.py dev
	@$(RUN) -m bench.run $(ONLY)

soak:            ## Ten minutes of kill -9, the trouble of others at length, and 200,000 random steps against the model
	@$(PYTHON) scripts/install.py dev
	@$(RUN) -m pytest -m long tests/isolation
	@USHER_CHAOS_SECONDS=600 $(RUN) -m pytest -s tests/chaos
	@USHER_MODEL_EXAMPLES=3400 $(RUN) -m pytest tests/distribution/test_model.py

manifest:        ## The Teams app package: build/usher.zip
	@$(PYTHON) scripts/install.py run
	@$(RUN) -m manifest.build

install:         ## What a real installation needs, without starting anything
	@$(PYTHON) scripts/install.py run
