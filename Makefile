# otai: build, try, test. `make help` lists the targets.

GO        ?= go
VERSION   ?= $(shell cat VERSION)
PREFIX    ?= /usr/local
DESTDIR   ?=
FUZZTIME  ?= 20s
SOAK      ?= 30m
# Where test-system keeps the tree of a small Debian.
OTAI_TEST_MACHINE ?= /var/tmp/otai-test-machine
DIST      := build/dist
ARCH      := $(shell $(GO) env GOARCH)
BUNDLE    := otai_$(VERSION)_linux_$(ARCH)

# Host and plugins must be built alike: see docs/plugins.md.
export CGO_ENABLED := 1
# Without the state of a version control: a copy of the sources builds the same bytes.
BUILD     := $(GO) build -trimpath -pgo=off -buildvcs=false
LDFLAGS   := -s -w -X main.version=$(VERSION)

MODULES   := . pkg/api pkg/params plugins/otobo-znuny plugins/hf-local
PLUGINS   := otai_otobo_znuny.so otai_hf_local.so

.DEFAULT_GOAL := build
.PHONY: help build run check test test-all test-releases test-system chaos soak cover lint fuzz bench bench-hf licenses bundle packages sign install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the host and both plugins into build/dist
	@build/toolchain.sh
	@mkdir -p $(DIST)/bin $(DIST)/plugins
	$(BUILD) -ldflags '$(LDFLAGS)' -o $(DIST)/bin/otai ./cmd/otai
	cd plugins/otobo-znuny && $(BUILD) -buildmode=plugin -ldflags '-s -w' -o $(abspath $(DIST))/plugins/otai_otobo_znuny.so .
	cd plugins/hf-local && $(BUILD) -buildmode=plugin -ldflags '-s -w' -o $(abspath $(DIST))/plugins/otai_hf_local.so .

run: build ## the demonstration: 30 tickets sorted in a help desk of its own
	$(DIST)/bin/otai demo

check: lint test ## what continuous integration runs, in its order

test: build ## every module's tests; the race detector watches the packages that share something between goroutines
	@build/test.sh $(MODULES) tools tools/powercut tools/packages

test-all: build ## every test in full: all rows and instruction sets, large sizes, the update from 0.1.0; what depends on Go with each release of build/go-releases; fuzzing
	OTAI_TEST_ALL=1 OTAI_TEST_OLD="$$(build/before.sh || true)" build/test.sh $(MODULES) tools tools/powercut tools/packages
	OTAI_TEST_ALL=1 build/releases.sh build/release-check.sh
	$(MAKE) fuzz FUZZTIME=5s

test-releases: ## every test in full with each release of build/go-releases, too: hours, before one is raised
	OTAI_TEST_ALL=1 build/releases.sh build/test.sh $(MODULES) tools tools/powercut

test-system: packages ## the packages in a Debian with systemd, as root, and with OTAI_TEST_DESK, the script that steers one, against a real Znuny
	OTAI_TEST_ALL=1 OTAI_TEST_ZOO='$(OTAI_TEST_MACHINE)/zoo' OTAI_TEST_DIST='$(abspath $(DIST))' $(GO) test ./cmd/otai -run '^TestPackTheZoo$$' -count=1
	cd tools/packages && OTAI_TEST_ZOO='$(OTAI_TEST_MACHINE)/zoo' OTAI_TEST_MACHINE='$(OTAI_TEST_MACHINE)' $(GO) test . -count=1 -v -parallel 4 -timeout 40m
	test -z '$(OTAI_TEST_DESK)' || OTAI_TEST_DESK='$(OTAI_TEST_DESK)' $(GO) test ./cmd/otai -run '^TestSystem' -count=1 -v -timeout 180m

chaos: ## kills and stops of workers and supervisors, restarts of the database, late and lost answers, power cuts, up to an hour of them; OTAI_TEST_SEED repeats one
	OTAI_TEST_CHAOS=full $(GO) test ./cmd/otai -run '^TestChaosFull$$' -count=1 -v -timeout 90m
	cd tools/powercut && OTAI_TEST_ALL=1 $(GO) test . -count=1 -v

soak: build ## 20 tickets a second at the built-in help desk for SOAK, metrics asked for each second: memory and descriptors stay, none is lost
	OTAI_TEST_SOAK=$(SOAK) $(GO) test ./cmd/otai -run '^TestSoak$$' -count=1 -v -timeout 180m

lint: ## formatting, spelling, vet, staticcheck, decisions by messages, versions, licenses
	@build/lint.sh $(MODULES) tools

cover: ## what part of each package the tests run, through the binaries they build, too
	@build/cover.sh 80 $(MODULES)

fuzz: ## run every fuzz target, each for FUZZTIME
	@build/fuzz.sh $(FUZZTIME) $(MODULES)

bench: build ## start-up, engine overhead, classification; printed, never asserted
	@build/bench.sh

bench-hf: ## own engine against ONNX Runtime (OTAI_ONNXRUNTIME: its library); printed, never asserted
	@build/bench-hf.sh

licenses: ## write THIRD_PARTY_LICENSES anew, from what is linked
	cd tools && $(GO) run ./thirdparty licenses ..

bundle: build ## pack binary, plugins, examples and docs into build/dist, an SBOM beside it
	@build/bundle.sh $(BUNDLE)

packages: bundle ## pack what was built as deb and rpm, too; checksums of all beside them
	@build/packages.sh $(VERSION)

sign: ## sign the files in build/dist/SHA256SUMS, and it, with minisign: KEY names the secret key, OTAI_SIGN_PASSWORD has its password
	@test -n '$(KEY)' || { echo 'make: set KEY to the file of the secret key; `otai plugin sign --generate NAME` makes a pair' >&2; exit 2; }
	cd $(DIST) && tools/packages sign '$(abspath $(KEY))' SHA256SUMS $$(cut -c67- SHA256SUMS)

install: build ## install into DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/otai/plugins $(DESTDIR)$(PREFIX)/share/otai
	install -m 0755 $(DIST)/bin/otai $(DESTDIR)$(PREFIX)/bin/otai
	install -m 0644 $(addprefix $(DIST)/plugins/,$(PLUGINS)) $(DESTDIR)$(PREFIX)/lib/otai/plugins/
	cp -R examples docs LICENSE THIRD_PARTY_LICENSES build/otai.service build/monitoring $(DESTDIR)$(PREFIX)/share/otai/
	find $(DESTDIR)$(PREFIX)/share/otai -name '*.go' -delete
	chmod -R u=rwX,go=rX $(DESTDIR)$(PREFIX)/share/otai

clean: ## remove build/dist
	rm -rf $(DIST)
