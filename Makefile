# `make demo` shows the main job, `make test` proves the whole; both set up what they need first.

# Where cargo puts what it builds, as cargo itself understands it.
TARGET := $(or $(CARGO_TARGET_DIR),target)

# cargo-deny, kept outside the checkout so that a fresh clone does not build it again.
DENY_VERSION := 0.20.2
DENY := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/holdpoint/cargo-deny-$(DENY_VERSION)/bin/cargo-deny

# Rust tests find Python here; with the second variable a test that would skip for want of something fails.
PYTHON_TESTS = HOLDPOINT_TEST_PYTHON="$$(readlink -f .venv)/bin/python" \
	HOLDPOINT_TEST_JUPYTER="$$(readlink -f .venv-jupyter)" HOLDPOINT_TEST_ENTERPRISE="$$(readlink -f .venv-enterprise)" \
	HOLDPOINT_TEST_LANGGRAPH="$$(readlink -f .venv-langgraph)/bin/python" HOLDPOINT_TEST_NO_SKIP=1
CARGO_TEST = $(PYTHON_TESTS) cargo test --locked

.PHONY: help setup setup-tests build demo test lint bench bench-analysis soak fuzz clean-demo

help:
	@echo "make demo        a walk through the main job, with a real EPICS server"
	@echo "make test        all checks and tests"
	@echo "make build       the binary: $(TARGET)/release/holdpoint"
	@echo "make setup       the Python environment and the sandbox that demo and tests need"
	@echo "make bench       the benchmarks"
	@echo "make bench-analysis  the analysis beside other tools, on files from PyPI"
	@echo "make soak        long sweeps: many random cases, and power cuts where they can be simulated"
	@echo "make fuzz        random frames against the gateway, random programs against the analysis"
	@echo "make clean-demo  removes what the demo made"

setup:
	@demo/setup.sh

setup-tests:
	@demo/setup.sh --tests

build:
	cargo build --locked --release

demo: setup build
	@.venv/bin/python demo/demo.py --holdpoint $(TARGET)/release/holdpoint

# The test runner comes last but for the demo, which is walked through with the binary the tests have built.
test: setup-tests lint
	cargo build --locked --examples
	$(CARGO_TEST) --doc
	$(CARGO_TEST) --lib --bins --tests
	.venv/bin/python demo/demo.py --holdpoint $(TARGET)/debug/holdpoint

lint: $(DENY)
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps
	$(DENY) check --hide-inclusion-graph bans licenses sources

# Neither optimised nor with debug information: it builds in about a minute on two cores, and is fast enough.
$(DENY):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version $(DENY_VERSION) --locked --no-default-features \
		--debug --quiet --root $(abspath $(dir $@)..)

bench: setup
	cargo bench --locked

# Installs from PyPI, into a folder of its own, what is measured and what it is measured against.
BENCH_ANALYSIS := $(TARGET)/bench-analysis
bench-analysis: $(BENCH_ANALYSIS)/installed
	$(BENCH_ANALYSIS)/bin/python benches/analysis/compare.py

$(BENCH_ANALYSIS)/installed: benches/analysis/requirements.txt
	python3 -m venv --clear $(BENCH_ANALYSIS)
	$(BENCH_ANALYSIS)/bin/pip install --quiet --disable-pip-version-check -r benches/analysis/requirements.txt
	touch $@

soak: setup-tests
	PROPTEST_CASES=$(or $(PROPTEST_CASES),20000) HOLDPOINT_TEST_KILLS=$(or $(KILLS),500) $(CARGO_TEST) --release --test it
	.venv/bin/python tests/corpus_unseen/check.py --labels tests/corpus_unseen/labels_writes.jsonl tests/corpus_unseen/labels_reads.jsonl
	tests/power_cut.sh "$$(ls -t $(TARGET)/release/deps/it-* | grep -v '\.d$$' | head -n 1)" $(or $(ROUNDS),200)

# The codec and the circuits of the gateway, against frames that no client sends; the analysis, against
# bytes, tokens and programs that nobody writes.
fuzz: setup-tests
	PROPTEST_CASES=$(or $(PROPTEST_CASES),100000) $(CARGO_TEST) --release --test it -- gateway::laws analysis_laws

clean-demo:
	case "$$(readlink -f .demo)" in */holdpoint-demo-*) rm -rf "$$(readlink -f .demo)" .demo;; esac
