# make test     everything that must hold before a change lands, fuzz included; installs the programs that the tests need
# make check    formatting, vet and staticcheck alone
# make fuzz     what takes input from outside on random input, for some seconds each; FUZZTIME=5m: for so long
# make bench    the workbench and other servers in turns, into BENCHMARKS.md, in 25 minutes; BENCH=-short: to the terminal, in 3
# make allocations  what the hot pieces allocate, against what was accepted; ACCEPT=yes accepts what they do now
# make microbench   Go benchmarks of the hot pieces
# make soak     what takes long: a disk is shaken for a minute in each mode, and mounted a thousand times
# make pictures the pictures of the documents, from the real program in a terminal
# make build    the program, as ./workbench

GO ?= go
TEST_TIMEOUT ?= 20m
FUZZTIME ?=

# What takes input from outside, as package:target:inputs. It is inputs that are counted,
# because Go may take the end of a time for a failure, on a busy machine above all.
FUZZ = nbd:FuzzOption:50000 nbd:FuzzHandshake:15000 nbd:FuzzRequest:40000 nbd:FuzzTransmission:15000 \
	nbd:FuzzReplies:40000 nbd:FuzzExplain:40000 cmd/workbench:FuzzParseHex:50000 tui:FuzzLine:10000 tui:FuzzScan:50000 \
	plugins/stdlib:FuzzUnpack:100000 recordings:FuzzFilter:40000 recordings:FuzzFile:20000

.PHONY: test tools check allocations fuzz bench microbench soak pictures build

test: tools check allocations
	$(GO) test -race -timeout $(TEST_TIMEOUT) ./...
	$(MAKE) fuzz

fuzz:
	@for f in $(FUZZ); do \
		package=$${f%%:*} inputs=$${f##*:} target=$${f#*:}; target=$${target%:*}; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),$${inputs}x) -fuzzminimizetime 100x ./$$package || exit 1; \
	done

tools:
	@sh scripts/test-tools.sh

check:
	@unformatted=$$(gofmt -l cmd tui fusemount nbd plugins recordings); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

allocations:
	$(GO) run ./cmd/allocations $(if $(ACCEPT),-accept)

bench:
	$(GO) run ./cmd/benchmark $(BENCH)

microbench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

soak:
	WORKBENCH_SHAKE=60s $(GO) test -race -count 1 -run 'TestShake' ./cmd/workbench
	WORKBENCH_CYCLES=1000 $(GO) test -race -count 1 -run 'TestMountAgainAndAgain|TestManyMounts' ./fusemount

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o workbench ./cmd/workbench

pictures:
	bash scripts/pictures.sh
