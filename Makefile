# `make demo` and `make test` do all set-up on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread a library: capture, analysis and the engine share the cores of a small machine.
export OMP_NUM_THREADS ?= 1

.PHONY: demo live test lint check clean

demo: $(VENV)/.base face-model
	$(BIN)/fleeting demo

live: $(VENV)/.base face-model
	$(BIN)/fleeting live --camera 0

test: $(VENV)/.test face-model test-tools
	$(BIN)/python -m pytest -q $(PARALLEL)

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint
	$(BIN)/python -m pytest -q -m "not slow and not fault" $(PARALLEL)

# What one session of the program is asserted by stays in one process: tests/conftest.py.
PARALLEL := -n 2 --dist loadgroup

.PHONY: face-model test-tools
test-tools:
	@missing=; for tool in strace Xvfb xdotool; do \
	  command -v $$tool >/dev/null || missing="$$missing $$(echo $$tool | tr X x)"; done; \
	if test -z "$$missing"; then echo "system packages: strace, xvfb, xdotool are installed"; \
	elif command -v apt-get >/dev/null && apt-get -qq update >/dev/null 2>&1 \
	  && apt-get -qq install -y $$missing >/dev/null 2>&1; then \
	  echo "system packages: installed$$missing"; \
	else echo "system packages: missing$$missing; what traces sockets or opens a window skips"; fi

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
