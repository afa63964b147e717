package stdlib

import (
	"math"
	"testing"
)

// The vectors are those of nbdkit's own test of nbdkit_parse_size, and more.
func TestParseSize(t *testing.T) {
	good := []struct {
		text string
		want int64
	}{
		{"0", 0}, {"-0", 0}, {"+0", 0}, {" 08", 8}, {"\t\n\v\f\r 7", 7},
		{"1", 1}, {"1b", 1}, {"1B", 1}, {"1s", 512}, {"2S", 1024},
		{"1k", 1 << 10}, {"1K", 1 << 10}, {"+1M", 1 << 20}, {"1m", 1 << 20},
		{"1g", 1 << 30}, {"1t", 1 << 40}, {"1P", 1 << 50}, {"1e", 1 << 60}, {"7E", 7 << 60},
		{"8191p", 8191 << 50}, {"9223372036854775807", math.MaxInt64}, {"0e", 0}, {"-0M", 0},
	}
	for _, c := range good {
		if got, err := ParseSize(c.text); got != c.want || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{
		"", " ", "M", "+", "-", "-1", "-1M", "-9223372036854775808", "-9223372036854775809", "0x0", "0xa", "1.5M", "1e3", "1MB", "1MiB",
		"1 ", "1 M", "1M ", "1x", "--1", "+-1", "1k1", "1\x00", "\u00a01",
		"8E", "8192P", "9223372036854775808", "18446744073709551616", "99999999999999999999999", "9223372036854775807k",
	} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", text, got)
		}
	}
}
