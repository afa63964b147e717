package recordings

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workbench/plugins"
)

// TestExtents: what is written of an answer is read again, from the beginning of the
// request on, and as many extents as are told.
func TestExtents(t *testing.T) {
	list := []plugins.Extent{{Offset: 0, Length: 4096}, {Offset: 4096, Length: 512, Type: 3}, {Offset: 4608, Length: 1 << 40, Type: plugins.ExtentZero}}
	const text = "3072 data, 512 hole,zero, 1099511627776 zero"
	if got := FormatExtents(list, 1024); got != text {
		t.Errorf("written is %q, want %q", got, text)
	}
	want := []plugins.Extent{{Offset: 1024, Length: 3072}, list[1], list[2]}
	if got := ParseExtents(text, 1024); !slices.Equal(got, want) {
		t.Errorf("read is %v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Uint64Range(0, 1<<62).Draw(t, "offset")
		var list []plugins.Extent
		at := offset
		for range rapid.IntRange(0, 100).Draw(t, "extents") {
			e := plugins.Extent{Offset: at, Length: rapid.Uint64Range(1, 1<<50).Draw(t, "length"), Type: plugins.ExtentType(rapid.IntRange(0, 3).Draw(t, "type"))}
			list, at = append(list, e), e.End()
		}
		got := ParseExtents(FormatExtents(list, offset), offset)
		if !slices.Equal(got, list[:min(len(list), toldExtents)]) {
			t.Fatalf("read %v of %v", got, list)
		}
	})
	for _, text := range []string{"", "x", "1", "1 x", "-1 data", "99999999999999999999 data", "18446744073709551615 data", "..."} {
		if got := ParseExtents(text, 1); len(got) > 0 {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestExtentsStayOffLines: a line for people ends with ok, as for any request.
func TestExtentsStayOffLines(t *testing.T) {
	e := Event{Kind: Request, Op: plugins.OpExtents, Length: 512}
	if line := string(AppendLine(nil, &e, "512 data")); !strings.HasSuffix(line, " ok") {
		t.Errorf("the line is %q", line)
	}
}
