package check

import "testing"

func TestWithoutComments(t *testing.T) {
	for _, tt := range []struct{ language, text, want string }{
		{"lua", "a -- b\nc", "a     \nc"},
		{"lua", "a --[[ b\nc ]] d", "a       \n     d"},
		{"lua", "a --[==[ ]] ]==] d", "a                d"},
		{"lua", `a = "-- no" -- yes`, `a = "-- no"       `},
		{"lua", `a = "\"-- no" -- yes`, `a = "\"-- no"       `},
		{"lua", "a = [[ -- no\n]] -- yes", "a = [[ -- no\n]]       "},
		{"lua", "#a -- b", "#a     "},
		{"lua", "a --[[ open", "a          "},
		{"lua", "a 'open\n-- b", "a 'open\n    "},
		{"starlark", "a # b\nc", "a    \nc"},
		{"starlark", `a = "# no" # yes`, `a = "# no"      `},
		{"starlark", "a = \"\"\"# no\n\" # no\"\"\" # yes", "a = \"\"\"# no\n\" # no\"\"\"      "},
		{"starlark", "a -- b", "a -- b"},
		{"starlark", "'''open # no", "'''open # no"},
	} {
		if got := withoutComments(tt.text, tt.language); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.language, tt.text, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"pread", "pread", 0}, {"pwirte", "pwrite", 1}, {"canflsh", "canflush", 1}, {"getsizes", "getsize", 1},
		{"", "open", 4}, {"open", "close", 4}, {"opne", "open", 1}, {"extnets", "extents", 1}, {"trim", "zero", 4},
	} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != tt.want {
			t.Errorf("%s and %s: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	disk := Disk{}
	disk.Info.Size = 10000
	disk.BlockSizes.Minimum, disk.BlockSizes.Maximum = 4096, 4096
	got := fit([]span{{0, 1}, {1, 100}, {4000, 200}, {9000, 1000}, {8191, 2}, {0, 0}}, disk)
	if len(got) != 2 || got[0] != (span{0, 4096}) || got[1] != (span{4096, 4096}) {
		t.Errorf("%v", got)
	}
}
