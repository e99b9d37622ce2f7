# Everything one does with Septet. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
# Every role is a process of its own, and the tests start hundreds: compiling all again for each takes longer than the rest of its start.
unexport PYTHONDONTWRITEBYTECODE
OWN := domain schemas producers processors projections api infra septet bench tests

.PHONY: help setup run check test audit image up cluster down status chaos demo bench lock clean dev tools static

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  \033[1mmake %-7s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with the locked packages (skipped when nothing changed)
	@infra/setup.sh runtime

run: setup ## serve API and console on the embedded engine: one process, nothing else needed
	@exec $(BIN)/septet run

check: dev static ## the fast checks: format, lint, types, import rules, unit tests
	@$(BIN)/pytest -q tests/unit

test: dev tools static ## everything: the checks, then all tests on real Kafka, Cassandra and a browser
	@mkdir -p artifacts  # three parts beside each other: what has servers or a browser waits a lot, the rest computes
	@$(BIN)/pytest -m "not cluster" --ignore=tests/e2e/console >artifacts/tests-without-servers.txt 2>&1 & rest=$$!; \
	    $(BIN)/pytest tests/e2e/console >artifacts/tests-in-a-browser.txt 2>&1 & browser=$$!; \
	    trap "kill $$rest $$browser 2>/dev/null || true" EXIT; failed=0; \
	    $(BIN)/pytest -m cluster --ignore=tests/e2e/console || failed=1; wait $$browser || failed=1; wait $$rest || failed=1; \
	    cat artifacts/tests-in-a-browser.txt artifacts/tests-without-servers.txt; exit $$failed

chaos: dev tools ## break everything under load for MINUTES (10); SEED repeats the choices of a run
	@SEPTET_CHAOS_MINUTES=$(or $(MINUTES),10) SEPTET_CHAOS_SEED=$(or $(SEED),0) $(BIN)/pytest -s tests/chaos

image: setup ## build the container image of Septet itself
	@infra/images/build

up: setup ## start Kafka and Cassandra: in containers, else as local processes
	@$(BIN)/python -m infra.local up

cluster: up ## run every role of Septet on them, each as a process of its own, until Ctrl-C
	@exec $(BIN)/septet cluster

down: setup ## stop what `make up` started; the data stay
	@$(BIN)/python -m infra.local down

status: setup ## say what of the cluster runs
	@$(BIN)/python -m infra.local status

demo: setup ## import an exported group chat, fill calendars and a car park, and say how to sign in and look at it
	@$(BIN)/septet demo

bench: dev tools ## run the benchmarks; ARGS="chat --short" are its options
	@$(BIN)/python -m bench $(ARGS)

lock: dev ## compile requirements/*.in to the locked lists (needs uv)
	@for list in runtime dev audit; do uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-header --no-annotate requirements/$$list.in -o requirements/$$list.txt; done

audit: setup ## look for known vulnerabilities in the locked packages (asks PyPI's advisory data)
	@infra/audit

clean: ## remove what was built here: .venv, caches; not the data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artifacts
	@find $(OWN) -name __pycache__ -prune -exec rm -rf {} +

dev:
	@infra/setup.sh dev

tools:
	@infra/setup.sh browser java promtool

static:
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet . ; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
