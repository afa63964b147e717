# make test     everything that must hold before a change lands; installs the programs that the tests need
# make check    formatting, vet and staticcheck alone
# make bench    Go benchmarks of the hot pieces
# make build    the program, as ./workbench

GO ?= go
TEST_TIMEOUT ?= 20m

.PHONY: test tools check bench build

test: tools check
	$(GO) test -race -timeout $(TEST_TIMEOUT) ./...

tools:
	@sh scripts/test-tools.sh

check:
	@unformatted=$$(gofmt -l cmd tui fusemount nbd plugins recordings); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o workbench ./cmd/workbench
