package lua

import (
	"testing"
)

func TestPlainEscapes(t *testing.T) {
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
		`"\u{20AC}\u{41}"`:           `"\226\130\172\065"`,
		`"\u{}" "\u{110000}" "\u41"`: `"\u{}" "\u{110000}" "\u41"`,
		"f('a\\z \n\n  b', x)":       "f('ab'\n\n, x)",
		`"\\z "`:                     `"\\z "`,
		"'open\n\\x41 '\\x42'":       "'open\n\\x41 '\\066'",
	} {
		if got := plainEscapes(in); got != want {
			t.Errorf("plainEscapes(%q) = %q, want %q", in, got, want)
		}
	}
}
