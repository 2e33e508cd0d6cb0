# `make demo` and `make test` do all set-up on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread a library: capture, analysis and the engine share the cores of a small machine.
export OMP_NUM_THREADS ?= 1

.PHONY: demo live test check clean

demo: $(VENV)/.base face-model
	$(BIN)/fleeting demo

live: $(VENV)/.base face-model
	$(BIN)/fleeting live --camera 0

test: $(VENV)/.test face-model test-tools
	$(BIN)/python -m pytest -q

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -m "not slow and not fault" -n 2 --dist loadfile

.PHONY: face-model test-tools
test-tools:
	@command -v strace >/dev/null && command -v Xvfb >/dev/null && command -v xdotool >/dev/null \
	  || { command -v apt-get >/dev/null && apt-get -qq update \
	    && apt-get -qq install -y strace xvfb xdotool; } \
	  || echo "no strace, Xvfb and xdotool here: what traces sockets or opens a window is skipped"

face-model: $(VENV)/.base
	$(BIN)/fleeting face-model

$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[train,cluster,insightface,labs,openvino,test]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
