# make setup makes .venv; every other target needs only that.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test check clean

setup: $(STAMP)

# One call of pip for everything, so that the constraints bind each package before any is chosen.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,all]'
	# It plays soundfonts. It asks for PyAudio, which only its live playing needs and which has to be compiled.
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt tinysoundfont
	touch $@

demo: setup
	$(BIN)/python -m msgld demo

# A process for each core, each with whole files: modules share what they train.
test: setup
	$(BIN)/python -m pytest -q -n auto --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Caches and builds only: results, weights and .venv stay.
clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find msgld tests bench -type d -name __pycache__ -prune -exec rm -rf {} +
