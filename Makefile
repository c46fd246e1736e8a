# make run: everything, from nothing to build/site/index.html · make test · make lab · make links · make bench · make clean
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test lab data links bench clean help
run: $(READY)
	@$(BIN)/labkit run

test: $(READY)
	@$(BIN)/python -m pytest

lab: $(READY)
	@$(BIN)/jupyter lab notebooks

data: $(READY)
	@$(BIN)/labkit data

links: $(READY)
	@$(BIN)/python -m labkit.course.links

bench: $(READY)
	@$(BIN)/python -m pytest -o addopts= tests/benchmarks --benchmark-only -s

help:
	@head -1 Makefile

clean:
	rm -rf build $(VENV)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "labkit needs Python 3.10 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": name another with make PYTHON=python3.12 " + "$(MAKECMDGOALS)")'
	@echo "Setting up $(VENV) with the packages of pyproject.toml (one to three minutes, once)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $(READY)
