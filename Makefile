# The tools of .venv if there is one, otherwise those on the PATH.
BIN := $(if $(wildcard .venv/bin/python),.venv/bin/,)

.PHONY: check lint types test notebooks docs pins highs mutants

check: ## exactly what CI runs, on fresh copies and in fresh environments
	bash .ci/run

lint:
	$(BIN)ruff check .
	$(BIN)ruff format --check .

types:
	$(BIN)mypy

test: ## the README's test command; `pytest -n 2 -m slow` runs the rest
	$(BIN)pytest -n 2 -m "not slow"

notebooks:
	$(BIN)pytest tests/test_notebooks.py

docs: ## the documentation as a site, in docs/_build
	$(BIN)python docs/generate.py
	$(BIN)sphinx-build -W --keep-going -b html docs docs/_build

pins: ## constraints.txt and requirements.lock; `make pins UPGRADE=--upgrade` takes the newest
	python3 .ci/pins.py $(UPGRADE)

highs: ## what would notice a wrong answer, on another HiGHS: `make highs VERSION=1.16.0 [TESTS=...]`
	bash .ci/highs $(VERSION) $(TESTS)

mutants: ## would a test notice a small wrong change? `make mutants [PLACES=optimizer/plan/money.py]`
	bash .ci/mutants $(PLACES)
