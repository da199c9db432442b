# make setup makes .venv; every other target needs only that.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Installed without what they ask for. tinysoundfont, which plays soundfonts, wants PyAudio, which has to be compiled and
# which only its live playing needs. The others are for the tests of bench/peers: they want stubs of old releases, which
# mypy would believe, and encoders that nothing here calls.
BARE := tinysoundfont audio-diffusion-pytorch einops-exts demucs julius

.PHONY: setup demo test check docs clean

setup: $(STAMP)

# One call of pip for everything, so that the constraints bind each package before any is chosen.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,all]'
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt $(BARE)
	touch $@

demo: setup
	$(BIN)/python -m msgld demo

# A process for each core, each with whole files, since their tests share what they train; slow files come first.
test: setup
	$(BIN)/python -m pytest -q -rs -n auto --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Into site/, for a web server or to be opened as files. Without the theme's notice of its own end, which pyproject.toml knows.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	$(BIN)/python tools/docsite/check.py site

# Caches and builds only: results, weights and .venv stay.
clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find msgld tests bench tools research -type d -name __pycache__ -prune -exec rm -rf {} +
