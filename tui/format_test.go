package tui

import (
	"testing"
	"time"
)

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                 "0ns",
		999:                               "999ns",
		1000:                              "1µs",
		4100:                              "4.1µs",
		9999:                              "9.9µs",
		41 * time.Microsecond:             "41µs",
		999_999:                           "999µs",
		1500 * time.Microsecond:           "1.5ms",
		59_999 * time.Millisecond:         "59s",
		2*time.Minute + 3*time.Second:     "2m03s",
		25 * time.Hour:                    "25h00m",
		100 * time.Hour:                   "4d04h",
		-3 * time.Millisecond:             "-3ms",
		1<<63 - 1:                         "106751d23h",
		59*time.Minute + 59*time.Second:   "59m59s",
		99*time.Hour + 59*time.Minute + 1: "99h59m",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("shortDuration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestShortSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0:               "0 B",
		1023:            "1023 B",
		1024:            "1 KiB",
		1536:            "1.5 KiB",
		4096:            "4 KiB",
		1<<20 - 1:       "1023 KiB",
		16 << 20:        "16 MiB",
		1<<30 + 1<<29:   "1.5 GiB",
		1<<63 - 1:       "7.9 EiB",
		1<<64 - 1:       "15 EiB",
		8 << 40:         "8 TiB",
		1<<60 + 1<<59:   "1.5 EiB",
		10<<10 + 1<<9:   "10 KiB",
		1<<50 + 1<<40*9: "1 PiB",
	} {
		got := shortSize(n)
		if got != want {
			t.Errorf("shortSize(%d) = %q, want %q", n, got, want)
		}
		if len(got) > 8 {
			t.Errorf("shortSize(%d) = %q, which is wider than 8", n, got)
		}
	}
}

func TestShortCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 9999: "9999", 10_000: "10k", 12_345: "12k", 999_999: "999k", 1_250_000: "1.2M",
		1<<64 - 1: "18E",
	} {
		got := shortCount(n)
		if got != want {
			t.Errorf("shortCount(%d) = %q, want %q", n, got, want)
		}
		if len(got) > 4 {
			t.Errorf("shortCount(%d) = %q, which is wider than 4", n, got)
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, tt := range []struct {
		n           int
		full, short string
	}{
		{0, "0 lines", "0 lines"},
		{1, "1 line", "1 line"},
		{2, "2 lines", "2 lines"},
		{12345, "12,345 lines", "12k lines"},
	} {
		if full, short := amount(tt.n, "line"), numbered(tt.n, "line"); full != tt.full || short != tt.short {
			t.Errorf("%d: %q and %q, want %q and %q", tt.n, full, short, tt.full, tt.short)
		}
	}
}
