package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	r := report{
		command: "go run ./cmd/benchmark -pairs 3",
		began:   time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		took:    61 * time.Second,
		pairs:   3,
		seconds: time.Second,
		machine: []fact{{"processor", "slow, 2 cores"}},
		tables: []table{
			{title: "Rates", text: "Of a disk.", rows: []row{
				{name: "reads", unit: perSecond, goal: atLeast(1.4),
					ours:   []sample{{value: 30000, cpu: 10}, {value: 31000, cpu: 12}, {value: 29000, cpu: 11}},
					theirs: []sample{{value: 20000, cpu: 5}, {value: 20000, cpu: 6}, {value: 20000, cpu: 7}}},
				{name: "writes", unit: mebibytes, goal: atLeast(1), failure: errors.New("a|b\nc")},
			}},
			{title: "Memory", text: "Held.", failure: errors.New("the server\nhas ended"), rows: []row{
				{name: "after", unit: memory, goal: within(200), ours: samples(123.4)},
				{name: "without a target", unit: milliseconds, ours: samples(1, 2)},
			}},
		},
	}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	want := "# Benchmarks\n\n" +
		"Written by `go run ./cmd/benchmark -pairs 3` on 2 January 2026, 03:04 UTC, in 1m1s.\n\n" + `- processor: slow, 2 cores

Both sides of a row took turns, 3 pairs of 1s a turn where a turn has no end of its own. Ours and theirs are medians; the ratio is the median of ours over theirs in each pair, the spread its smallest and largest. CPU is what the servers took for a request, user and system.

**2 of 3 targets held.** Missed:

- Rates: writes

## Rates

Of a disk.

| | ours | theirs | ratio | spread | CPU ours | CPU theirs | target | |
|---|---:|---:|---:|---:|---:|---:|---|---|
| reads | 30.0k req/s | 20.0k req/s | 1.50 | 1.45 – 1.55 | 11.0 µs | 6.00 µs | ≥ 1.40 | ✓ held |
| writes | failed: a\|b c |  |  |  |  |  | ≥ 1.00 | ✗ **missed** |

## Memory

Held.

| | ours | theirs | ratio | spread | target | |
|---|---:|---:|---:|---:|---|---|
| after | 123 MiB |  |  |  | ≤ 200 MiB | ✓ held |
| without a target | 1.50 ms |  |  | 1.00 ms – 2.00 ms |  |  |

This section ended early: the server has ended
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0123: "0.012", 0.996: "0.996", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 123456: "123456"} {
		if got := figure(v); got != want {
			t.Errorf("figure(%v) = %s, want %s", v, got, want)
		}
	}
}
