package lua

import (
	"testing"
)

func TestDecimalEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`"\x41"`:                     `"\065"`,
		`'\xfF'`:                     `'\255'`,
		`"\\x41"`:                    `"\\x41"`,
		`"\\\x41"`:                   `"\\\065"`,
		`[[\x41]] "\x42"`:            `[[\x41]] "\066"`,
		`[==[ ]] \x41 ]==] "\x42"`:   `[==[ ]] \x41 ]==] "\066"`,
		"-- \"\\x41\n'\\x42'":        "-- \"\\x41\n'\\066'",
		"--[[ ' \n \\x41 ]] '\\x42'": "--[[ ' \n \\x41 ]] '\\066'",
		`"\xzz" a[1]["\x41"]`:        `"\xzz" a[1]["\065"]`,
		`"\"\x41"`:                   `"\"\065"`,
		`"\x4`:                       `"\x4`,
		`"\`:                         `"\`,
		"'open\n\\x41 '\\x42'":       "'open\n\\x41 '\\066'",
	} {
		if got := decimalEscapes(in); got != want {
			t.Errorf("decimalEscapes(%q) = %q, want %q", in, got, want)
		}
	}
}
