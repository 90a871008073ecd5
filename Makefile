# Every target makes the virtual environment it needs by itself (.venv) and is quick when nothing changed.
#   make demo    train, evaluate, save and inspect a CNN on handwritten digits; pictures in demo-output/
#   make test    Swift's tests, C's, then Python's, also on the lower CPU levels and with one thread
#   make test-keras   files and weights to Keras and back, with a Keras in an environment of its own
#   make examples   the Swift programs of examples/, built and run; those with pictures need libpng (libpng-dev)
#   make lint    formatters, linters, types, direction of imports, exported symbols, file sizes
#   make format  let the formatters do their part
#   make bench   every operation and a training step, swiftconv alone, in at most 5 minutes
#   make bench-peers   all of it beside TensorFlow, JAX, ONNX Runtime, OpenVINO …; writes docs/performance.md
#   make bench-kernels   single micro-kernels in Swift, on each CPU level this machine has
#   make docs    the Swift library's pages (DocC) and the Python site with guides and gallery (Sphinx), docs/site/; pictures of Swift programs need libpng
#   make wheel   a wheel, dist/
#   make install-c PREFIX=/usr/local   the C library: header, libswiftconv.so, pkg-config file
#   make clean   remove everything that was built
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.PHONY: demo test test-swift test-c test-python test-keras examples lint format bench bench-peers bench-kernels docs wheel install-c clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NATIVE := $(shell find Sources python/src -type f 2>/dev/null) Package.swift setup.py
SWIFT_CODE := Package.swift Sources Tests $(wildcard examples/swift benchmarks/swift)
PYTHON_CODE := python pytests setup.py tools examples docs/conf.py $(wildcard benchmarks/python)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip 'setuptools>=77' wheel

# The package itself, editable: the extension is built from Swift and C when a source of it changed.
$(VENV)/.native: $(NATIVE) pyproject.toml | $(BIN)/python
	$(PIP) install --no-build-isolation -e .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install --no-build-isolation -e '.[dev]'
	touch $@ $(VENV)/.native

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) install --no-build-isolation -e '.[demo]'
	touch $@ $(VENV)/.native

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(PIP) install --no-build-isolation -e '.[docs]'
	touch $@ $(VENV)/.native

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(PIP) install --no-build-isolation -e '.[bench]'
	touch $@ $(VENV)/.native

demo: $(VENV)/.demo $(VENV)/.native
	$(BIN)/python examples/mnist_cnn.py

test: test-swift test-c test-python

# The levels this machine has below its best one; the best one is the default of every run.
LOWER := baseline $(if $(shell grep -m1 -ow avx512f /proc/cpuinfo),v3)

# Who multiplies matrices: both, where the second one is installed.
GEMMS := native $(if $(shell PATH=$$PATH:/sbin ldconfig -p 2>/dev/null | grep -m1 libopenblas.so.0),openblas)
NO_OPENBLAS = $(if $(filter openblas,$(GEMMS)),:,echo "libopenblas.so.0 is not installed: the native matrix product alone is tested")

# The whole suites come last: their summaries are what one looks for.
test-swift:
	swift build --build-tests
	for level in $(LOWER); do
		SWIFTCONV_CPU_LEVEL=$$level SWIFTCONV_NUM_THREADS=1 swift test --skip-build --filter 'OpsTests|GraphTests'
	done
	$(NO_OPENBLAS)
	for gemm in $(GEMMS); do
		SWIFTCONV_GEMM=$$gemm swift test --skip-build --filter 'OpenBLASTests|MatMulTests|ConvolutionTests|ParityTests'
	done
	for alone in '^DocumentTests' theSameSeedGivesTheSameModel; do
		SWIFTCONV_TESTED_ALONE=1 swift test --skip-build --filter "$$alone"
	done
	swift test --skip-build

# The C library as it is installed, and programs that find it as a stranger's would: by pkg-config.
C_TREE := build/c
C_FLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror
C_FOUND = $$(PKG_CONFIG_PATH=$(CURDIR)/$(C_TREE)/lib/pkgconfig pkg-config --cflags --libs swiftconv) -Wl,-rpath,$(CURDIR)/$(C_TREE)/lib

test-c:
	$(MAKE) --no-print-directory install-c PREFIX=$(CURDIR)/$(C_TREE)
	mkdir -p $(C_TREE)/bin
	cc $(C_FLAGS) -std=c11 examples/c/classify.c -o $(C_TREE)/bin/classify $(C_FOUND)
	cc $(C_FLAGS) -ITests/_CDoor -ITests/_CDoor/include Tests/_CDoor/*.c Tests/_CPrograms/door.c -o $(C_TREE)/bin/door $(C_FOUND) -lpthread
	$(C_TREE)/bin/door
	if pkg-config --exists jansson; then
		cc $(C_FLAGS) Tests/_CPrograms/parity/*.c -o $(C_TREE)/bin/parity $(C_FOUND) $$(pkg-config --cflags --libs jansson) -lm
		$(C_TREE)/bin/parity pytests/reference $(C_TREE)/parity-results
	else
		echo "libjansson-dev is not installed: the reference cases are not run from C"
	fi

test-python: $(VENV)/.dev $(VENV)/.native
	for level in $(LOWER); do
		SWIFTCONV_CPU_LEVEL=$$level SWIFTCONV_NUM_THREADS=1 $(BIN)/python -m pytest pytests/test_parity.py pytests/test_parity_api.py
	done
	$(NO_OPENBLAS)
	for gemm in $(GEMMS); do
		SWIFTCONV_GEMM=$$gemm $(BIN)/python -m pytest pytests/test_parity.py pytests/nn/test_gemm.py -k 'dense or convolution or gemm'
	done
	$(BIN)/python -m pytest

# Keras writes files that we read, and reads ours. KERAS_PYTHON names another Python that has it and a backend.
KERAS_PYTHON ?= .venv-keras/bin/python
.venv-keras/bin/python:
	$(PYTHON) -m venv .venv-keras
	$@ -m pip --disable-pip-version-check --quiet install keras jax h5py

test-keras: $(VENV)/.dev $(VENV)/.native $(KERAS_PYTHON)
	SWIFTCONV_KERAS_PYTHON=$(abspath $(KERAS_PYTHON)) $(BIN)/python -m pytest pytests/applications pytests/saving/test_real_keras.py

# Packages that depend on this one, as a user's would, but built into the library's own folder, so that its kernels are not compiled again for each.
# The plan of a build is removed before the next package's: it would be taken for that one's too. libpng is what the pictures need, not the library.
RELEASE := -c release --scratch-path $(CURDIR)/.build --package-path
examples:
	next_package() { rm -f .build/release.yaml; }
	trap next_package EXIT
	next_package
	swift run $(RELEASE) examples/consumer consumer
	swift run $(RELEASE) examples/consumer snippets
	if pkg-config --exists libpng; then
		next_package
		# built apart from the run, for `swift test` alone would build the library once more, with other flags
		swift build --build-tests $(RELEASE) examples/swift
		swift test --skip-build $(RELEASE) examples/swift
		mkdir -p demo-output
		swift run $(RELEASE) examples/swift edge-detection --output demo-output/edges-swift.png
		swift run $(RELEASE) examples/swift tutorial --images 6000 --epochs 1 --model demo-output/digits-swift.safetensors --picture demo-output/digit-swift.png --sorted demo-output/digits-swift.png
		swift run $(RELEASE) examples/swift classify demo-output/digits-swift.safetensors demo-output/digit-swift.png
	else
		echo "libpng-dev is not installed: the Swift examples with pictures (examples/swift) are left out"
	fi

lint: $(VENV)/.dev
	swift format lint --strict --recursive $(SWIFT_CODE)
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest swiftconv._native --mypy-config-file pyproject.toml
	$(BIN)/lint-imports
	$(BIN)/python tools/check_symbols.py
	$(BIN)/python tools/check_tiles.py
	$(BIN)/python tools/file_sizes.py

format: $(VENV)/.dev
	swift format --in-place --recursive $(SWIFT_CODE)
	$(BIN)/ruff check --fix-only $(PYTHON_CODE)
	$(BIN)/ruff format $(PYTHON_CODE)

# swiftconv alone, also with OpenBLAS; at most 5 minutes
bench: $(VENV)/.native
	$(BIN)/python benchmarks/python/run.py --quick

# All rows beside other libraries. They get an environment of their own (.venv-peers; PEER_PYTHON names another one, which is left as it is).
# PEERS="torch" adds packages to it, ONLY='dense-3x3' takes some of the rows.
PEER_PACKAGES := tensorflow-cpu keras jax onnxruntime openvino onnx
PEERS ?=
ONLY ?=
PEER_PYTHON ?= .venv-peers/bin/python
PUBLISH ?= docs/performance.md
.venv-peers/bin/python:
	$(PYTHON) -m venv .venv-peers
	$@ -m pip --disable-pip-version-check --quiet install $(PEER_PACKAGES)

bench-peers: $(VENV)/.bench $(VENV)/.native $(PEER_PYTHON)
	$(if $(PEERS),$(PEER_PYTHON) -m pip --disable-pip-version-check --quiet install $(PEERS))
	$(BIN)/python benchmarks/python/run.py --peers '.*' --python $(PEER_PYTHON) --only '$(ONLY)' $(if $(PUBLISH),--publish $(PUBLISH))

# Micro-kernels alone; FILTER='v3.gemm' takes some of them.
FILTER ?= .
bench-kernels:
	swift run -c release --package-path benchmarks/swift kernelbench --quiet --filter '$(FILTER)'

# The plugin of DocC is fetched for this target alone (Package.swift).
docs: $(VENV)/.docs $(VENV)/.native
	SWIFTCONV_DOCS=1 swift package --allow-writing-to-directory docs/site \
		generate-documentation --target SwiftConv --output-path docs/site --warnings-as-errors --transform-for-static-hosting
	cp docs/index.html docs/site/index.html
	$(BIN)/python tools/python_docs.py docs/site/python
	echo "written: docs/site; to read it: python3 -m http.server -d docs/site"

wheel: | $(BIN)/python
	$(PIP) wheel --no-build-isolation --no-deps --wheel-dir dist .
	ls -l dist

PREFIX ?= /usr/local
install-c:
	swift build -c release --product SwiftConvC
	$(PYTHON) tools/install_c.py '$(PREFIX)' $(if $(DESTDIR),--destdir '$(DESTDIR)')

clean:
	rm -rf .build examples/*/.build benchmarks/swift/.build build dist docs/site docs/api docs/gallery demo-output $(VENV) python/*.egg-info python/swiftconv/*.so
