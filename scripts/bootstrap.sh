#!/usr/bin/env bash
# Checks that this machine can build and test Firebreak, and installs what Debian packages.
#
#   bootstrap.sh versions   Rust only; answers within a second, installs nothing
#   bootstrap.sh build      what a build needs: a C compiler (SQLite and ring are C), certificates
#   bootstrap.sh test       the same, and a PostgreSQL server for the tests to start
#
# As root, missing packages are installed with apt-get; otherwise they are listed and the exit code is 1.
# When nothing is missing, apt is not called at all.
set -euo pipefail

rust_needed=1.95
postgresql_needed=15
mode="${1:-test}"

# at_least HAVE NEEDED: compares "major.minor" versions.
at_least() {
    local have_major="${1%%.*}" need_major="${2%%.*}" have_minor need_minor
    have_minor="${1#*.}"; have_minor="${have_minor%%[!0-9]*}"
    need_minor="${2#*.}"
    [ "$have_major" -gt "$need_major" ] || { [ "$have_major" -eq "$need_major" ] && [ "${have_minor:-0}" -ge "$need_minor" ]; }
}

check_rust() {
    local tool version wrong=0
    for tool in cargo rustc; do
        if ! command -v "$tool" >/dev/null 2>&1; then
            echo "missing: $tool (Rust $rust_needed or newer must be on PATH; rustup or your distribution installs it)" >&2
            wrong=1
            continue
        fi
        version="$("$tool" --version 2>/dev/null | cut -d' ' -f2)" || version=""
        if ! [[ "$version" =~ ^[0-9]+\.[0-9]+ ]]; then
            echo "broken: '$tool --version' gives no version; run it by hand to see why" >&2
            wrong=1
        elif ! at_least "$version" "$rust_needed"; then
            echo "too old: $tool $version, needed $rust_needed or newer" >&2
            wrong=1
        fi
    done
    return "$wrong"
}

has_c_compiler() { command -v cc >/dev/null 2>&1; }
has_c_headers() { has_c_compiler && echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1; }
has_certificates() { [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -n "${SSL_CERT_FILE:-}" ]; }
has_postgresql() {
    local initdb version
    for initdb in /usr/lib/postgresql/*/bin/initdb $(command -v initdb 2>/dev/null || true); do
        [ -x "$initdb" ] || continue
        version="$("$initdb" --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1)" || continue
        [ "${version:-0}" -ge "$postgresql_needed" ] && return 0
    done
    return 1
}

missing_packages() {
    has_c_compiler || echo gcc
    has_c_headers || echo libc6-dev
    command -v make >/dev/null 2>&1 || echo make
    has_certificates || echo ca-certificates
    if [ "$mode" = test ]; then
        command -v git >/dev/null 2>&1 || echo git
        has_postgresql || echo postgresql
    fi
}

install() {
    export DEBIAN_FRONTEND=noninteractive
    echo "bootstrap: installing $*"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

case "$mode" in
    versions | build | test) ;;
    *) echo "usage: bootstrap.sh [versions|build|test]" >&2; exit 2 ;;
esac

check_rust || exit 1
[ "$mode" = versions ] && exit 0

mapfile -t missing < <(missing_packages)
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    if ! install "${missing[@]}"; then
        echo "bootstrap: apt-get could not install: ${missing[*]} (network, or package sources?)" >&2
        exit 1
    fi
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -eq 0 ] && exit 0
    echo "bootstrap: still missing after apt-get: ${missing[*]} (PostgreSQL must be $postgresql_needed or newer)" >&2
    exit 1
fi

{
    echo "bootstrap: missing packages (Debian names): ${missing[*]}"
    echo "As root:  apt-get install --no-install-recommends ${missing[*]}"
    echo "PostgreSQL must be version $postgresql_needed or newer; a running server is not needed, the tests start their own."
} >&2
exit 1
