# Every target says what it does after its ##; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X main.version=$(VERSION)
BUILD     := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
TOOL      := go tool -modfile=tools/go.mod
FUZZTIME  ?= 20000x
SEEDS     ?= 200
SEED      ?= 1
COUNT     ?= 10
BENCH     ?= .
BASE      ?= HEAD~1
PKG       ?= ./...
ARGS      ?=
PREFIX    ?= /usr/local

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## binaries in bin/, static, version stamped; a default.pgo beside a main is used
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/...

.PHONY: run
run: build ## start the server in the foreground (ARGS="--port 7000")
	./bin/valkey-server $(ARGS)

.PHONY: install
install: build ## copy the binaries to $(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install bin/* $(DESTDIR)$(PREFIX)/bin/

.PHONY: fmt
fmt: ## gofmt and goimports over every Go file
	gofmt -w $$(git ls-files '*.go')
	$(TOOL) goimports -local valkey -w $$(git ls-files '*.go')

.PHONY: tidy
tidy: ## go mod tidy
	go mod tidy

.PHONY: generate
generate: ## go generate: docs/compat.md and whatever else is derived
	go generate ./...

.PHONY: lint
lint: ## golangci-lint, go vet's own checks and the repository's manners
	go vet ./...
	go vet -tags invariants,e2e,compat ./...
	$(TOOL) golangci-lint run ./...
	go test ./internal/tidy

.PHONY: check
check: ## fmt, tidy, generate and lint; fails when they changed a file
	@before=$$(git status --porcelain; git diff); \
	$(MAKE) --no-print-directory fmt tidy generate lint; \
	after=$$(git status --porcelain; git diff); \
	[ "$$before" = "$$after" ] || { git status --short; echo "check: fmt, tidy or generate changed files" >&2; exit 1; }

.PHONY: test
test: ## unit tests and scripts
	go test ./...

.PHONY: test-race race
race: test-race ## the same as test-race
test-race: ## the tests under the race detector
	go test -race ./...

.PHONY: test-invariants invariants
invariants: test-invariants ## the same as test-invariants
test-invariants: ## the tests with assertions that are real, in shuffled order
	go test -tags invariants -shuffle=on ./...

.PHONY: rewrite
rewrite: ## rewrite the recorded outputs of PKG=./path, then show what changed
	go test $(PKG) -rewrite
	git diff --stat -- $(PKG)

.PHONY: fuzz
fuzz: ## every fuzz target in turn, FUZZTIME each (a number of runs, 20000x, or a time)
	@git grep -hoE --untracked '^func Fuzz\w+' -- '*_test.go' >/dev/null || { echo "fuzz: no target" >&2; exit 1; }
	@git grep -oE --untracked '^func Fuzz\w+' -- '*_test.go' | while IFS=: read -r file decl; do \
		echo "fuzz $${file%/*} $${decl#func }"; \
		go test -run '^$$' -fuzz "^$${decl#func }\$$" -fuzztime $(FUZZTIME) "./$${file%/*}"; \
	done

.PHONY: sim
sim: ## fleets of sentinels in virtual time: SEEDS fleets, from SEED on
	go test -tags invariants -count=1 -timeout 0 ./quorum -run TestSim -seeds $(SEEDS) -seed $(SEED)
	go test -tags invariants -count=1 -timeout 0 ./testenv/sim -run TestSeeds -v -seeds $(SEEDS) -seed $(SEED)

.PHONY: e2e
e2e: ## real processes on loopback
	go test -tags e2e -count=1 ./testenv/...

.PHONY: compat
compat: ## beside a real Valkey (VALKEY=<its folder>) and Redis: replies, links, files; REWRITE=1 records replies
	VALKEY=$(abspath $(VALKEY)) go test -count=1 ./testenv/compat $(if $(REWRITE),-run TestScripts -rewrite)
	$(if $(REWRITE),,VALKEY=$(abspath $(VALKEY)) go test -tags compat -count=1 ./testenv/interop)

.PHONY: bench
bench: build ## Go benchmarks, then the server under load, beside another one when VALKEY=<its folder> is given
	go test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime 200ms $(PKG)
	go run ./testenv/bench -ours bin $(if $(VALKEY),-theirs $(abspath $(VALKEY))) $(ARGS)

# What a fleet runs: ours, or the programs in VALKEY=<folder>.
FLEET := go run ./testenv/fleet -bin $(if $(VALKEY),$(abspath $(VALKEY)),bin) $(ARGS)

.PHONY: up down status failover-demo
up: $(if $(VALKEY),,build) ## start a primary, two replicas and three sentinels here, in .fleet/
	@$(FLEET) up
status: ## say who is what in the fleet
	@$(FLEET) status
failover-demo: $(if $(VALKEY),,build) ## kill the fleet's primary under a writing client, and tell what happens when
	@$(FLEET) failover-demo
down: ## stop the fleet; the data stays (ARGS=-clean removes it)
	@$(FLEET) down

.PHONY: bench-ha
bench-ha: build ## failover times of a fleet, beside another one when VALKEY=<its folder> is given (ARGS="-n 5 -only crash")
	go run ./testenv/benchha -ours bin $(if $(VALKEY),-theirs $(abspath $(VALKEY))) $(ARGS)

.PHONY: pgo
pgo: ## record cmd/valkey-server/default.pgo, which the build optimises for, under load over a Unix socket
	profile=$$(mktemp -d); trap 'rm -rf "$$profile"' EXIT; \
	go test ./server -run '^$$' -bench Server -benchtime 5s -o "$$profile/test" -cpuprofile "$$profile/cpu"; \
	go tool pprof -proto -focus 'netloop|engine|store' "$$profile/test" "$$profile/cpu" >cmd/valkey-server/default.pgo

.PHONY: bench-compare
bench-compare: ## Go benchmarks of this tree against BASE=<ref>, by benchstat
	@base=$$(mktemp -d); trap 'git worktree remove --force "$$base/tree"; rm -rf "$$base"' EXIT; \
	git worktree add --detach --quiet "$$base/tree" $(BASE); \
	(cd "$$base/tree" && go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(PKG)) >"$$base/old" || true; \
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(PKG) >"$$base/new"; \
	$(TOOL) benchstat "$$base/old" "$$base/new"

.PHONY: cover
cover: ## coverage by package
	go test -coverprofile=cover.out -coverpkg=./... ./... >/dev/null
	go tool cover -func=cover.out | tail -n 1

.PHONY: ci
ci: ## what continuous integration runs
	.ci/run

.PHONY: clean
clean: ## remove bin/ and profiles
	rm -rf bin cover.out
