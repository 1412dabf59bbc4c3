# Every task of a developer is one word; `make` alone lists them.
#
# The environment lives in .venv. Three stamps in it say which locks it was made from, so
# that a second run installs nothing and a changed lock installs what is missing.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two installers in one environment, or two test suites on two cores, get in each other's way.
.NOTPARALLEL:

PYTHON ?= python3
PORT ?= 8001
JOBS ?= 2
PG_PORT ?= 5432
PG_USER ?= agentevals
PG_PASSWORD ?= agentevals
PG_DATABASE ?= agentevals
PG_CONTAINER ?= agentevals-pg
export PG_PORT PG_USER PG_PASSWORD PG_DATABASE PG_CONTAINER

VENV := .venv
RUN := $(VENV)/bin/python
BOOTSTRAP := $(VENV)/.bootstrap
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
POSTGRES := $(RUN) -m agentevals_site.development.postgres
UV := $(VENV)/bin/uv --quiet

# uv is quick but knows nothing of pip's configuration (a mirror, a certificate): where it
# fails, pip tries. Both check every hash, and neither builds with unlocked tools.
define install
@$(UV) pip install --python $(RUN) --no-build-isolation $(1) \
	|| $(RUN) -m pip install --quiet --no-build-isolation $(1)
endef

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- Environment ------------------------------------------------------------------------

.PHONY: setup
setup: $(DEVELOPMENT)  ## Install everything that development needs into .venv

$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed and $(PYTHON) is not one; name it: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot create virtual environments; install its venv package" >&2; exit 1; }

$(BOOTSTRAP): requirements/bootstrap.txt | $(RUN)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(RUNTIME): requirements/base.txt pyproject.toml $(BOOTSTRAP)
	@echo "Installing what the service needs"
	$(call install,--require-hashes -r requirements/base.txt)
	$(call install,--no-deps --editable .)
	@touch $@

$(DEVELOPMENT): requirements/dev.txt $(RUNTIME)
	@echo "Installing what development needs"
	$(call install,--require-hashes -r requirements/dev.txt)
	@touch $@

LOCK = $(UV) pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: $(BOOTSTRAP)  ## Compile requirements/*.txt; with UPGRADE=1 to the newest versions
	@$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	@$(LOCK) pyproject.toml -o requirements/base.txt
	@$(LOCK) pyproject.toml --group dev -c requirements/base.txt -o requirements/dev.txt

.PHONY: clean
clean:  ## Remove .venv, caches and builds; stored runs in .agentevals stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache .coverage* coverage.xml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Running ----------------------------------------------------------------------------

.PHONY: serve
serve: export AGENTEVALS_STORAGE_BACKEND ?= sqlite
serve: $(RUNTIME)  ## Start server and worker on SQLite at PORT (8001)
	@exec $(VENV)/bin/agentevals serve --port $(PORT)

.PHONY: demo
demo: $(RUNTIME)  ## Score a sample trace over HTTP on a throw-away server
	@$(RUN) -m agentevals_site.development.demo

.PHONY: superuser
superuser: export AGENTEVALS_STORAGE_BACKEND ?= sqlite
superuser: $(RUNTIME)  ## Create a login for the admin pages of `make serve`
	@$(RUN) manage.py migrate --verbosity 0
	@$(RUN) manage.py createsuperuser $(if $(DJANGO_SUPERUSER_PASSWORD),--noinput)

.PHONY: dev-backend
dev-backend: export AGENTEVALS_STORAGE_BACKEND = memory
dev-backend: $(RUNTIME)  ## Start the server alone; it stores nothing
	@exec $(VENV)/bin/agentevals serve --port $(PORT)

.PHONY: dev-backend-pg
dev-backend-pg: $(DEVELOPMENT)  ## Start server and worker on the PostgreSQL of pg-up
	@dsn=$$($(POSTGRES) up) && export AGENTEVALS_DATABASE_URL="$$dsn" AGENTEVALS_STORAGE_BACKEND=postgres \
		&& $(VENV)/bin/agentevals migrate \
		&& exec $(VENV)/bin/agentevals serve --port $(PORT)

.PHONY: pg-up
pg-up: $(DEVELOPMENT)  ## Start PostgreSQL (Docker, or a wheel without it) and print its DSN
	@$(POSTGRES) up

.PHONY: pg-down
pg-down: $(DEVELOPMENT)  ## Stop that PostgreSQL; its data stays
	@$(POSTGRES) down

.PHONY: migrate
migrate: $(DEVELOPMENT)  ## Migrate AGENTEVALS_DATABASE_URL, or the PostgreSQL of pg-up
	@dsn="$${AGENTEVALS_DATABASE_URL:-$$($(POSTGRES) dsn)}" && [ -n "$$dsn" ] \
		&& AGENTEVALS_DATABASE_URL="$$dsn" $(VENV)/bin/agentevals migrate

# --- Checking ---------------------------------------------------------------------------

.PHONY: test
test: test-postgres test-sqlite  ## Run all tests on PostgreSQL, then the promises on SQLite

.PHONY: test-postgres
test-postgres: $(DEVELOPMENT)
	$(RUN) -m pytest -n $(JOBS)

.PHONY: chaos
chaos: $(DEVELOPMENT)  ## Break workers and PostgreSQL under load for a minute, and count
	$(RUN) -m tests.chaos $(ARGS)

.PHONY: test-sqlite
test-sqlite: $(DEVELOPMENT)
	AGENTEVALS_TEST_BACKEND=sqlite $(RUN) -m pytest -n $(JOBS) -m durable

.PHONY: parity
parity: $(DEVELOPMENT)  ## Ask the peer and us the same, print the differences; installs the peer
	$(RUN) -m tests.parity $(ARGS)

.PHONY: bench-queue
bench-queue: $(DEVELOPMENT)  ## Measure runs a second through the queue; peers with ARGS=--peers
	$(RUN) -m tests.benchmarks.queue $(ARGS)

.PHONY: check
check: check-style check-types check-imports check-django check-api  ## Check style, types, architecture, deployment, migrations, API

.PHONY: check-style
check-style: $(DEVELOPMENT)
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

.PHONY: check-types
check-types: $(DEVELOPMENT)
	$(RUN) -m mypy

.PHONY: check-imports
check-imports: $(DEVELOPMENT)
	$(VENV)/bin/lint-imports

.PHONY: check-django
check-django: export AGENTEVALS_STORAGE_BACKEND = sqlite
check-django: export AGENTEVALS_STATE_DIR = build/check
check-django: $(DEVELOPMENT)
	AGENTEVALS_ENVIRONMENT=production AGENTEVALS_ALLOWED_HOSTS=agentevals.example \
		AGENTEVALS_SECRET_KEY=$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(50))') \
		$(RUN) manage.py check --deploy --fail-level WARNING
	$(RUN) manage.py makemigrations --check

API := docs/reference/openapi.json
DESCRIBE := AGENTEVALS_STORAGE_BACKEND=sqlite AGENTEVALS_STATE_DIR=build/check \
	$(RUN) manage.py spectacular --format openapi-json --validate --fail-on-warn

.PHONY: openapi
openapi: $(DEVELOPMENT)  ## Write the description of the API, docs/reference/openapi.json
	@$(DESCRIBE) --file $(API)

.PHONY: check-api
check-api: $(DEVELOPMENT)
	@$(DESCRIBE) --file build/check/openapi.json
	@cmp $(API) build/check/openapi.json \
		|| { echo "$(API) is not what the code says; run make openapi" >&2; exit 1; }
