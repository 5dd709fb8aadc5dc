# What people type. Needs Python 3.11 or newer; everything else is installed into .venv.

PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name) 2>/dev/null)))
TEST = $(BIN)/pytest --numprocesses auto --maxprocesses 4 --quiet
export CHROMIUM

.PHONY: help setup run serve test check fix screenshots bench load drill profile lock audit

help:
	@echo "make run    the product with demo data on http://127.0.0.1:$(PORT)"
	@echo "make test   all tests, on services that the run starts itself"
	@echo "make check  everything that CI checks, then the tests"
	@echo "make fix    formats and corrects what a tool can correct"
	@echo "make lock   requirements.lock anew, from requirements.txt"
	@echo "make audit  bill of materials, licences and known holes of the packages; fails where a hole is known or nobody could say"
	@echo "make setup  only installs"
	@echo "make screenshots  takes the pictures of docs/images again"
	@echo "make serve  the production profile, with the settings of .env"
	@echo "make load   the load test: 1,000 users, everything on this machine (docs/performance.md)"
	@echo "make bench  each target of performance as reached or missed; WORK=list for one of them (docs/performance.md)"
	@echo "make drill  kills the parts of an installation one by one and checks every answer (docs/operations.md)"
	@echo "make profile WORK=detail|list|create|patch|search   where the time of a request goes"

setup: .venv/installed

run: .venv/installed
	@DEBUG=1 DEMO=1 $(BIN)/python manage.py desk --port $(PORT)

serve: .venv/installed
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(BIN)/python manage.py desk --port $(PORT)

test: .venv/tools
	@$(if $(CHROMIUM),,echo "No Chromium found: browser tests are left out. Install one (Debian: apt-get install chromium) or set CHROMIUM=/path.")
	@$(TEST) $(if $(CHROMIUM),,-m "not browser")

check: .venv/tools
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djlint templates erp --lint --quiet
	git ls-files -z '*.py' | xargs -0 $(BIN)/django-upgrade --target-version 5.2 --check
	DEBUG=1 $(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --no-logo
	set -a && . deploy/production.env.sample && $(BIN)/python manage.py check --deploy --fail-level WARNING
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m erp.reference.build --check
	$(BIN)/python deploy/audit.py
	$(TEST)

bench: .venv/bench
	@$(BIN)/python -m benchmarks $(if $(WORK),--work $(WORK)) --json var/bench/results.json

load: .venv/bench
	@$(BIN)/python -m benchmarks.load

drill: .venv/bench
	@$(BIN)/python -m benchmarks.drill

profile: .venv/bench
	@$(BIN)/python -m benchmarks.profile $(WORK)

fix: .venv/tools
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	git ls-files -z '*.py' | xargs -0 $(BIN)/django-upgrade --target-version 5.2

screenshots: .venv/tools
	$(BIN)/python -m erp.testing.screenshots

lock: .venv/tools
	$(BIN)/uv pip compile requirements.txt --output-file requirements.lock --universal --python-version 3.11 \
	    --generate-hashes --no-strip-extras --no-header --no-emit-index-url --quiet

audit: .venv/tools
	@$(BIN)/python deploy/audit.py --strict

.venv/installed: requirements.txt
	@python="$$(for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)"; \
	if [ -z "$$python" ]; then echo "Cotton ERP needs Python 3.11 or newer: install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; fi; \
	echo "Installing packages into .venv …"; \
	"$$python" -m venv .venv
	@$(PIP) install --progress-bar off --requirement requirements.txt
	@touch $@

# --group needs pip 25.1, which is younger than Python 3.11's own.
.venv/tools: .venv/installed pyproject.toml
	@echo "Installing the tools for tests and checks …"
	@$(PIP) install --progress-bar off 'pip>=25.1'
	@$(PIP) install --progress-bar off --group test --group lint --group reference
	@touch $@

.venv/bench: .venv/tools
	@$(PIP) install --progress-bar off --group bench
	@touch $@
