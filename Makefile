# The tools of .venv if there is one, otherwise those on the PATH.
BIN := $(if $(wildcard .venv/bin/python),.venv/bin/,)

.PHONY: check lint types test notebooks pins

check: ## exactly what CI runs, on fresh copies and in fresh environments
	bash .ci/run

lint:
	$(BIN)ruff check .
	$(BIN)ruff format --check .

types:
	$(BIN)mypy

test: ## the quick tests; `pytest -n 2` runs all of them
	$(BIN)pytest -n 2 -m "not slow"

notebooks:
	$(BIN)pytest tests/test_notebooks.py

pins: ## constraints.txt and requirements.lock; `make pins UPGRADE=--upgrade` takes the newest
	python3 .ci/pins.py $(UPGRADE)
