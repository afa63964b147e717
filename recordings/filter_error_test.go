package recordings

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds got against a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale; go test ./recordings -update writes it anew\ngot:\n%s", path, got)
	}
}

// badFilters are mistakes, most of which people make.
var badFilters = []string{
	// words and fields
	"wriet", "op:read fau", "lne>=64k", "length>4k", "offset:1M", "ENOSPC", "pread", "hole", "op:zero !hole", "ok",
	"len", "dur", "cb", "xyzzy", "xyzzy:1", "disk.lua:31", "fua:yes", "read=1", "64k", "op:read and op:write", "read or write", "not fua",
	"latency>5ms", "type:reload", "seq:12",
	// values
	"op:wriet", "op:read,wirte", "op:write_zeroes", "op:", "op:read,", "op: | fua", "kind:foo", "flag:hole", "src:tcp", "cb:pred", "fate:broken",
	"err:ENOSPCC", "err:0", "err:5000", "err:28x", "wire:EFBIG", "wire:ENOENT",
	"len>=64q", "len>=", "len>=64kB", "len:4.3k", "len:1.0001k", "len>=-5", "len:99999999999999999999", "len:16E", "len:0xzz", "len:0x10k", "len>=k",
	"dur>5", "dur>5MS", "dur>5M", "dur>5 ms", "dur>fast", "dur>1.5ns", "dur:3000000h", "dur>1m30", "dur>5d",
	"off:2M..1M", "off:1M..1M", "off:..", "off:1M...2M", "off>1M..2M", "req:1..x", "req:1k", "line:abc", "gen:-1", "rule:one",
	"conn:tcp#1", "conn:nbd#", "conn:nbd", "conn:#1", "data:5", "data:xyz", "data:0x", `data:""`, "data:" + strings.Repeat("00", 129),
	`text:""`, `""`, "since:yesterday", "since:25:00", "since:12:00:61", "since:30", "since:1m,5m", "until:2026-13-01", "since>30s",
	// operators
	"len==4k", "len=>4k", "len=<4k", "len<>4k", "len~4k", "op>read", "op~read", "op=~re.d", "op:!read", "fua != held", "text!=foo", "data>00",
	"len>=4k,8k", ">5ms", ":write", "len>=!4k", "err<EIO",
	// structure
	"(op:read", "op:read)", ")", "()", "( )", "fua ()", "|", "op:read |", "| fua", "fua || df", "fua | | df", "(fua |)", "!", "! | fua", "fua !", "!)",
	"fua & df", "fua && df", "fua, df", `"abc`, `fua "abc`, `text:"a\"`, "text:foo(bar)", strings.Repeat("(", 101) + "fua" + strings.Repeat(")", 101),
	// characters
	"\tläng>4k", "größe>5 \x1b[2J", "op:\xff", "“disk full”", "len≥4k", "op:\"re\nad\x1b[2J\"",
}

// TestFilterErrors pins what a mistake is answered with: message, place and hint.
func TestFilterErrors(t *testing.T) {
	var b strings.Builder
	for _, text := range badFilters {
		f, err := ParseFilter(text)
		var bad *FilterError
		if !errors.As(err, &bad) {
			t.Errorf("%q is accepted as %q", text, f)
			continue
		}
		if line := bad.Error(); strings.ContainsAny(line, "\n\x1b") {
			t.Errorf("%q: %q is not one line", text, line)
		}
		if at := bad.Column + bad.Length - 1; bad.Column < 1 || bad.Length < 1 || at > len([]rune(text))+1 {
			t.Errorf("%q: column %d, length %d are not in it", text, bad.Column, bad.Length)
		}
		fmt.Fprintf(&b, "%s\n%s\n\n", bad.Excerpt(), bad.Error())
	}
	golden(t, "testdata/filter_errors.golden", b.String())
}
