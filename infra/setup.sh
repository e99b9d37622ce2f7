#!/usr/bin/env bash
# Prepares this checkout and machine. `setup.sh runtime|dev` makes .venv with the locked packages;
# `setup.sh browser|java|promtool` installs Debian packages that tests and the local cluster need. What is there already is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

debian() { # PACKAGE…: installs them, quietly unless it fails
    command -v apt-get >/dev/null || { say "Please install: $* (this is not a Debian machine)"; exit 1; }
    say "Installing $* (apt, about a minute) …"
    local log
    log=$(mktemp)
    { as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null || { cat "$log" >&2; exit 1; }
    rm -f "$log"
}

python() { # the interpreter to build on: 3.11 or later
    local candidate
    for candidate in python3.11 python3 python3.12 python3.13; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    say "Septet needs Python 3.11 or later."
    exit 1
}

virtualenv() {
    [ -x .venv/bin/pip ] && return
    local interpreter
    interpreter=$(python)
    say "Making .venv with $("$interpreter" --version) …"
    "$interpreter" -c 'import ensurepip' 2>/dev/null || debian python3-venv
    "$interpreter" -m venv --clear .venv
}

counted() { # TOTAL: pip's lines in, one line of progress out
    local total=$1 n=0 line
    while IFS= read -r line; do
        case $line in
            Collecting*) n=$((n + 1)); [ ! -t 2 ] || printf '\r  %d of %d fetched ' "$n" "$total" >&2 ;;
            Installing\ collected*) [ ! -t 2 ] || printf '\r  %d fetched, installing … ' "$n" >&2 ;;
            Successfully*) [ ! -t 2 ] || printf '\r%-40s\r' '' >&2 ;;
        esac
    done
}

packages() { # runtime|dev: the locked packages and this checkout, once per content of the lock
    local lock=requirements/$1.txt stamp sum
    virtualenv
    sum=$(cat "$lock" pyproject.toml | sha256sum)
    # What is installed for development also runs.
    for stamp in ".venv/.$1" .venv/.dev; do
        [ "$(cat "$stamp" 2>/dev/null)" != "$(cat "requirements/${stamp#.venv/.}.txt" pyproject.toml | sha256sum)" ] || return 0
    done
    local total
    total=$(grep -c '^[a-z].*==' "$lock")
    say "Installing $total locked packages (about a minute) …"
    .venv/bin/pip install --no-compile --no-deps --require-hashes -r "$lock" | counted "$total"
    .venv/bin/pip install -q --no-deps --no-build-isolation -e .
    echo "$sum" >".venv/.$1"
}

browser() { command -v chromium >/dev/null || debian chromium; }

java() {
    local missing=()
    command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
    command -v mvn >/dev/null || missing+=(maven)
    [ ${#missing[@]} = 0 ] || debian "${missing[@]}"
}

promtool() { # only that one file of the package: nothing is to run Prometheus here
    ! type -P promtool >/dev/null && [ ! -x .venv/bin/promtool ] || return 0
    command -v apt-get >/dev/null || { say "Please install promtool, of Prometheus (this is not a Debian machine)"; exit 1; }
    say "Fetching promtool (apt, 19 MB) …"
    local folder
    folder=$(mktemp -d)
    (cd "$folder" && { apt-get download -qq prometheus || { as_root apt-get update -qq && apt-get download -qq prometheus; }; }) \
        >"$folder/log" 2>&1 </dev/null || { cat "$folder/log" >&2; exit 1; }
    dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar xO ./usr/bin/promtool >.venv/bin/promtool
    chmod +x .venv/bin/promtool
    rm -rf "$folder"
}

for part; do
    case $part in
        runtime | dev) packages "$part" ;;
        browser | java | promtool) "$part" ;;
        *) say "setup.sh: no part called $part"; exit 2 ;;
    esac
done
