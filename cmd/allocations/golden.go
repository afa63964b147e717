package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A result is what one benchmark came to, for each turn.
type result struct {
	pkg, name     string // "nbd", "BenchmarkRead/data"
	allocs, bytes int64
	nanoseconds   float64
}

func (r *result) key() string { return r.pkg + " " + r.name }

// top is the benchmark's function.
func (r *result) top() string {
	name, _, _ := strings.Cut(r.name, "/")
	return name
}

const goldenHead = `# What benchmarks allocate in a turn: package, benchmark, allocations, bytes.
# Written by make allocations ACCEPT=yes; see go doc ./cmd/allocations.
`

// parseGolden reads what was accepted.
func parseGolden(text string) ([]result, error) {
	var accepted []result
	for number, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("line %d: want package, benchmark, allocations, bytes", number+1)
		}
		allocs, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		bytes, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		accepted = append(accepted, result{pkg: fields[0], name: fields[1], allocs: allocs, bytes: bytes})
	}
	return accepted, nil
}

func formatGolden(results []result) string {
	var b strings.Builder
	b.WriteString(goldenHead)
	for _, r := range results {
		fmt.Fprintf(&b, "%s %s %d %d\n", r.pkg, r.name, r.allocs, r.bytes)
	}
	return b.String()
}

// A selection is the benchmarks of one package.
type selection struct {
	pkg  string
	tops []string
}

func (s selection) pattern() string { return "^(" + strings.Join(s.tops, "|") + ")$" }

// selections returns what is to be run for the accepted results.
func selections(accepted []result) []selection {
	var out []selection
	for _, r := range accepted {
		at := slices.IndexFunc(out, func(s selection) bool { return s.pkg == r.pkg })
		if at < 0 {
			at = len(out)
			out = append(out, selection{pkg: r.pkg})
		}
		if !slices.Contains(out[at].tops, r.top()) {
			out[at].tops = append(out[at].tops, r.top())
		}
	}
	return out
}

// parseOutput reads what go test prints, with -cpu and -benchmem.
func parseOutput(pkg, out string) ([]result, error) {
	var results []result
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		r := result{pkg: pkg, name: strings.TrimSuffix(fields[0], "-"+processors), allocs: -1}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", pkg, line, err)
			}
			switch fields[i+1] {
			case "ns/op":
				r.nanoseconds = value
			case "B/op":
				r.bytes = int64(value)
			case "allocs/op":
				r.allocs = int64(value)
			}
		}
		if r.allocs < 0 {
			return nil, fmt.Errorf("%s: %q has no allocations", pkg, line)
		}
		results = append(results, r)
	}
	return results, nil
}

// allowed is up to how many bytes there may be where so many were accepted: what is
// made once and counted for each turn moves with the collector.
func allowed(bytes int64) int64 { return bytes + bytes/8 + 1024 }

// compare tells what has grown, and what else should be accepted.
func compare(accepted, results []result) (worse, better []string) {
	known := map[string]result{}
	for _, r := range accepted {
		known[r.key()] = r
	}
	for _, r := range results {
		before, ok := known[r.key()]
		delete(known, r.key())
		switch {
		case !ok:
			worse = append(worse, fmt.Sprintf("%s: nothing was accepted for it", r.key()))
		case r.allocs > before.allocs:
			worse = append(worse, fmt.Sprintf("%s: %d allocations, accepted are %d", r.key(), r.allocs, before.allocs))
		case r.bytes > allowed(before.bytes):
			worse = append(worse, fmt.Sprintf("%s: %d bytes allocated, accepted are %d", r.key(), r.bytes, before.bytes))
		case r.allocs < before.allocs:
			better = append(better, fmt.Sprintf("%s: %d allocations, accepted are %d", r.key(), r.allocs, before.allocs))
		case before.bytes > allowed(r.bytes):
			better = append(better, fmt.Sprintf("%s: %d bytes allocated, accepted are %d", r.key(), r.bytes, before.bytes))
		}
	}
	for _, r := range accepted {
		if _, left := known[r.key()]; left {
			worse = append(worse, fmt.Sprintf("%s: there is no such benchmark any more", r.key()))
		}
	}
	return worse, better
}
