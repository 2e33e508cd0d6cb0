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

# What shares a run of the program stays in one process: tests/conftest.py.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: face-model test-tools
test-tools:
	@missing=; for tool in strace chromium; do \
	  command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	/usr/bin/python3 -c "$(HAS_GSTREAMER)" >/dev/null 2>&1 || missing="$$missing $(GSTREAMER)"; \
	if test -z "$$missing"; then echo "system packages: all that tests use are installed"; \
	elif command -v apt-get >/dev/null && apt-get -qq update >/dev/null 2>&1 \
	  && apt-get -qq install -y $$missing >/dev/null 2>&1; then \
	  echo "system packages: installed$$missing"; \
	else echo "system packages: missing$$missing; what traces sockets, opens a browser or is an RTSP camera skips"; fi

# An RTSP server with an encoder, for the tests of network cameras.
GSTREAMER := python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-rtsp gstreamer1.0-plugins-base \
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
HAS_GSTREAMER := import gi; gi.require_version('GstRtspServer', '1.0'); \
  from gi.repository import Gst, GstRtspServer; Gst.init(None); \
  assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')

face-model: $(VENV)/.base
	$(BIN)/fleeting face-model

$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[train,cluster,encryption,insightface,labs,study,openvino,test]"
	touch $@

# Hashes of everything that fleeting[encryption,labs,study] needs to run; uv and pipx bring the tools.
.PHONY: lock audit
lock: $(VENV)/.base
	sed '/^[^#]/,$$d' requirements.lock > requirements.lock.part
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra encryption --extra labs --extra study --constraint constraints.txt \
	  --generate-hashes --universal --no-header --no-annotate --quiet >> requirements.lock.part
	mv requirements.lock.part requirements.lock

audit: $(VENV)/.base
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
