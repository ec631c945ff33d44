# What to run, on a fresh machine too. `make` alone lists it.
#
# Everything is installed into .venv. Three stamps in it say what is there:
# `light` is what training needs, `full` what the book and the tests need,
# `compiled` that Python's own compiler has been over it.
# A stamp that is older than the file it depends on is made again.

PYTHON ?= python3
# Processes that the tests run in.
WORKERS ?= 2
# They share the cores, so a matrix product of theirs has one of them: with
# more threads than cores, these wait for each other.
ONE_THREAD := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
VENV := .venv
BIN := $(VENV)/bin
LIGHT := $(VENV)/light
FULL := $(VENV)/full
COMPILED := $(VENV)/compiled
BENCH := .venv-bench

# One number format and one encoding, whatever the machine is set to.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

NOTEBOOKS := $(wildcard notebooks/*.ipynb)
STRIP := $(BIN)/nbstripout --keep-output --keep-count --keep-id \
	--extra-keys "metadata.language_info.version"

# Announce a step in one line.
say = @printf '\n== %s\n' "$(1)"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help train test test-fast test-gpu checks check-export check-notebooks \
	lint types book-build explorer run-tests run-double run-emulator \
	run-emulated-notebooks bench bench-vectors bench-text bench-training \
	bench-more-text bench-quick regression book pdf gpu export format clean

help:  ## list what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)

# --- What is installed --------------------------------------------------------

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON). Install Python 3.11 or newer, or name" \
			"yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version); 3.11 or newer is needed." \
			"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and" \
			"Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	$(call say,Make a virtual environment in $(VENV))
	@$(PYTHON) -m venv $(VENV)

$(LIGHT): pyproject.toml | $(BIN)/python
	$(call say,Install what training needs)
	@$(BIN)/python -m pip install --quiet --editable '.[corpus,plots]'
	@touch $@

$(FULL): requirements.txt pyproject.toml | $(BIN)/python
	$(call say,Install the book and the tests: requirements.txt)
	@$(BIN)/python -m pip install --quiet --no-compile \
		--requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(LIGHT) $@

# What pip would do first, one file after the other. A test must not be the
# first to import a package: its compiler may warn, and a warning is an error.
$(COMPILED): $(FULL)
	@$(BIN)/python -m compileall -qq -j $(WORKERS) $(VENV)/lib || true
	@touch $@

# --- Train --------------------------------------------------------------------

train: $(LIGHT)  ## train a network of the tutorial's size, show what it learned
	$(call say,Train on the State of the Union addresses)
	@$(BIN)/skipgram train --out out/model
	$(call say,The fake task: which words stand near soviet?)
	@$(BIN)/skipgram context out/model soviet union russia fish cotton
	$(call say,Word vectors for other programs and a map of the words)
	@$(BIN)/skipgram convert out/model out/vectors.bin
	@$(BIN)/skipgram map out/model --out out/map.png

# --- Test ---------------------------------------------------------------------

# One process builds the book. On the other core everything is checked meanwhile
# that needs no book; what that says is shown when both are done.
AGAIN := $(MAKE) --no-print-directory
CHECKED := $(VENV)/checks.log

test: $(FULL)  ## run everything CI runs
	@trap 'kill 0' INT; \
	$(AGAIN) checks WORKERS=1 >$(CHECKED) 2>&1 & \
	$(ONE_THREAD) $(AGAIN) book-build; built=$$?; \
	wait $$!; checked=$$?; cat $(CHECKED); test $$built$$checked = 00
	@$(AGAIN) run-tests
	@$(AGAIN) run-emulated-notebooks

checks: $(COMPILED) check-export check-notebooks lint types run-double \
	run-emulator

# Before a commit: the notebooks are not run, nor anything slow, and no book or
# browser is needed.
test-fast: check-export check-notebooks lint types  ## what one wants before a commit: under three minutes
	$(call say,Run the quick tests)
	@$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile \
		-m 'not slow and not book'

check-export: $(FULL)
	$(call say,Is the library what the notebooks export?)
	@$(BIN)/python tools/check_export.py

check-notebooks: $(FULL)
	$(call say,Were the notebooks run from top to bottom?)
	@$(BIN)/python tools/check_notebooks.py

lint: $(FULL)
	$(call say,Style: ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(FULL)
	$(call say,Types: mypy --strict)
	@$(BIN)/mypy

# The book's network, trained and put into a page; only where something changed.
explorer: $(FULL)  ## train the network of the book, put it into a page
	$(call say,The explorer: the network of the book in a page)
	@$(BIN)/python tools/book_explorer.py

book-build: $(FULL) explorer
	$(call say,Build the book from nothing; a warning is an error)
	@$(BIN)/python tools/fetch_mathjax.py
	@rm -rf _build
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet

# What the chapters train is kept, so that test-gpu need not train it again.
ON_CPU := PYTHONPATH=tests/gpu $(ONE_THREAD) \
	CUPY_ON_CPU_TRAININGS=$(CURDIR)/_build/trainings \
	$(BIN)/python -m cupy_on_cpu

run-tests: $(COMPILED)
	$(call say,Run the notebooks and the tests)
	@$(ON_CPU) record -n $(WORKERS)

# A GPU is not needed: tests/gpu/cupy_on_cpu/README.md says what stands in for it.

test-gpu: run-double run-emulator run-emulated-notebooks  ## the same tests and chapters on CuPy, without a GPU

run-double: $(COMPILED)
	$(call say,Run the tests on a strict double of CuPy)
	@$(ON_CPU) double -n $(WORKERS)

run-emulator: $(COMPILED)
	$(call say,Run the tests on CuPy itself and an emulated GPU)
	@$(ON_CPU) emulator -n $(WORKERS)

run-emulated-notebooks: $(COMPILED)
	$(call say,Run the notebooks on the emulated GPU)
	@$(ON_CPU) notebooks -n $(WORKERS)
	@rm -rf _build/trainings

# On a machine that has one, with `pip install '.[gpu]'`; it says what is missing.
gpu: $(FULL)  ## the self-test and the same tests on this machine's own GPU
	@$(BIN)/python -c 'import sys; from skipgram_lib.backend.select import \
		why_no_cupy; sys.exit(why_no_cupy())'
	$(call say,The self-test: this GPU beside the processor)
	@$(BIN)/skipgram selftest
	$(call say,Run the tests on this GPU)
	@$(ON_CPU) gpu

# --- Measure ------------------------------------------------------------------

$(BENCH)/ready: benchmarks/requirements.txt requirements.txt pyproject.toml \
		| $(BIN)/python
	$(call say,Install the peers of the benchmarks in $(BENCH))
	@$(BIN)/python -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet \
		--requirement benchmarks/requirements.txt
	@$(BENCH)/bin/python -m pip install --quiet --no-deps --editable .
	@touch $@

bench: bench-vectors bench-text bench-training bench-more-text  ## measure against peers, side by side

bench-vectors: $(FULL)
	@$(BIN)/python benchmarks/neighbours.py
	@$(BIN)/python benchmarks/neighbours.py --large
	@$(BIN)/python benchmarks/small_questions.py
	@$(BIN)/python benchmarks/analogies.py
	@$(BIN)/python benchmarks/loading.py

bench-text: $(FULL)
	@$(BIN)/python benchmarks/counting.py
	@$(BIN)/python benchmarks/phrases.py

# It writes 3 GB for a while, to the folder for temporary files.
bench-more-text: $(FULL)
	$(call say,Text larger than memory)
	@$(BIN)/python benchmarks/more_text.py

# Hours. benchmarks/README.md says how long each takes.
bench-training: $(BENCH)/ready
	$(call say,The cost of a pass)
	@$(BENCH)/bin/python benchmarks/pass_cost.py
	$(call say,Training: the embedded corpus)
	@$(BENCH)/bin/python benchmarks/training.py --corpus sotu
	$(call say,Training: 12 million tokens)
	@$(BENCH)/bin/python benchmarks/training.py --corpus general
	$(call say,The full softmax pair by pair)
	@$(BENCH)/bin/python benchmarks/full_softmax_torch.py --check
	@$(BENCH)/bin/python benchmarks/full_softmax_torch.py --seconds 540
	$(call say,Larger networks)
	@$(BENCH)/bin/python benchmarks/scaling.py
	$(call say,The full softmax and sampling)
	@$(BENCH)/bin/python benchmarks/softmax_or_sampling.py
	$(call say,The number of features)
	@$(BENCH)/bin/python benchmarks/features.py

# Two checkouts, one run: has anything become slower?
regression: $(FULL)  ## compare the speed with an older checkout: OLD=path
	@test -d "$(OLD)/skipgram_lib" || { \
		echo "Name a checkout of an older version: make regression" \
			"OLD=path/to/checkout" >&2; exit 1; }
	@$(BIN)/python benchmarks/regression.py "$(OLD)"

QUICK := --out out/bench

bench-quick: $(BENCH)/ready  ## the same, small, to see that it runs
	@$(BENCH)/bin/python benchmarks/pass_cost.py --rounds 3 \
		$(QUICK)/pass_cost.json
	@$(BENCH)/bin/python benchmarks/training.py --seeds 0 \
		--epochs gensim=1 fasttext=1 $(QUICK)/training.json
	@$(BENCH)/bin/python benchmarks/full_softmax_torch.py --check \
		--tokens 50000 --trial 1 --seconds 60 $(QUICK)/full_softmax.json
	@$(BENCH)/bin/python benchmarks/scaling.py --corpus sotu \
		--sizes 1000 10000 --features 100 --seconds 10 $(QUICK)/scaling.json
	@$(BENCH)/bin/python benchmarks/softmax_or_sampling.py \
		--words 1000 $(QUICK)/softmax_or_sampling.json
	@$(BENCH)/bin/python benchmarks/features.py \
		--words 1000 --features 10 50 $(QUICK)/features.json

# --- Read and write the book --------------------------------------------------

# Jupyter Book prints the address itself.
book: $(FULL) explorer  ## build the book, print the address to open
	@$(BIN)/python tools/fetch_mathjax.py
	@$(BIN)/jupyter-book build . --quiet

pdf: $(FULL)  ## print the whole book to _build/skip-gram-exactly.pdf
	@$(BIN)/python tools/fetch_mathjax.py
	@$(BIN)/python tools/make_pdf.py

export: $(FULL)  ## write the exported modules from the notebooks
	@$(BIN)/python tools/export.py

format: $(FULL)  ## tidy the notebooks and the Python files
	@$(STRIP) $(NOTEBOOKS)
	@$(BIN)/python tools/install_cells.py
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

clean:  ## remove what was made, .venv too
	rm -rf $(VENV) $(BENCH) _build out book/_static/mathjax \
		book/_static/explorer book/_static/explorer_cover.js build *.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
