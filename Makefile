# Firebreak: the commands a person or a build machine needs. `make` alone lists them.
# Every target checks the tool versions first and stops at once, naming what is missing.

CARGO_NET_RETRY ?= 5
export CARGO_NET_RETRY
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
FIREBREAK := $(TARGET_DIR)/debug/firebreak

.DEFAULT_GOAL := help
.PHONY: help versions demo test build tidy lint bench
.NOTPARALLEL:

help: versions
	@echo 'make demo    build, make the exercise district, serve it on this machine, print the address'
	@echo 'make test    build everything, run every test and the tidy checks'
	@echo 'make build   build the binary $(FIREBREAK)'
	@echo 'make tidy    room dependencies, SQL in its place, unfinished places, ambient clock, lengths'
	@echo 'make lint    clippy with the bans of clippy.toml (needs the clippy component)'
	@echo 'make bench   bench write, with the bare engine beside each figure'
	@echo 'Variables: DEMO_ARGS and BENCH_ARGS are handed to the binary; CARGO_TARGET_DIR is respected.'

versions:
	@bash scripts/bootstrap.sh versions

build: versions
	@bash scripts/bootstrap.sh build
	cargo build --workspace --locked

demo: build
	$(FIREBREAK) demo $(DEMO_ARGS)

test: versions
	@bash scripts/bootstrap.sh test
	cargo build --workspace --all-targets --locked
	cargo test --workspace --locked --no-fail-fast
	cargo xtask tidy
	@echo 'make test: everything built, every test and every tidy check passed.'

tidy: versions
	cargo xtask tidy

lint: versions
	cargo clippy --workspace --all-targets --locked -- -D warnings

bench: build
	$(FIREBREAK) bench write $(BENCH_ARGS)
