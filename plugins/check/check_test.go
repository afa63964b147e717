package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"workbench/plugins"
	"workbench/plugins/check"
	"workbench/plugins/examples"
	"workbench/plugins/lua"
	"workbench/plugins/starlark"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var runtimes = []plugins.Runtime{lua.Runtime{}, starlark.Runtime{}}

// In a bad script, a comment on the line to blame says what must be found there,
// "want: SEVERITY PART OF THE TEXT", perhaps several times. "want file:" is for
// what no line is to blame for; "params:", "write" and "limit:" say how to check it.
var (
	wantPattern   = regexp.MustCompile(`(?:--|#) want( file)?: (error|warning|note) `)
	optionPattern = regexp.MustCompile(`(?m)^(?:--|#) (params|write|limit):? ?(.*)$`)
)

// A want is a finding that must come up.
type want struct {
	line     int
	severity string
	text     string
}

func (w want) String() string { return fmt.Sprintf("%d: %s %s", w.line, w.severity, w.text) }

func wants(text string) (list []want) {
	for i, line := range strings.Split(text, "\n") {
		at := wantPattern.FindAllStringSubmatchIndex(line, -1)
		for n, m := range at {
			end := len(line)
			if n+1 < len(at) {
				end = at[n+1][0]
			}
			w := want{i + 1, line[m[4]:m[5]], strings.TrimSpace(line[m[1]:end])}
			if m[2] >= 0 {
				w.line = 0
			}
			list = append(list, w)
		}
	}
	return list
}

// options reads how a bad script is to be checked.
func options(t *testing.T, name, text string) check.Options {
	t.Helper()
	o := check.Options{Source: plugins.Source{Path: name, Text: text}, Runtimes: runtimes, Limit: 20 * time.Second}
	for _, m := range optionPattern.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "write":
			o.Write = true
		case "limit":
			var err error
			if o.Limit, err = time.ParseDuration(m[2]); err != nil {
				t.Fatal(err)
			}
		case "params":
			for _, word := range strings.Fields(m[2]) {
				key, value, _ := strings.Cut(word, "=")
				o.Params = append(o.Params, plugins.Param{Key: key, Value: value})
			}
		}
	}
	return o
}

// Each planted mistake is found, at its line, and nothing besides.
func TestBadScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.*")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			left := wants(string(text))
			if len(left) == 0 {
				t.Fatal("the script does not say what is to be found")
			}
			report, err := check.Run(t.Context(), options(t, path, string(text)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Findings {
				at := slices.IndexFunc(left, func(w want) bool {
					return w.line == f.Line && w.severity == f.Severity.String() && strings.Contains(f.Text, w.text)
				})
				if at < 0 {
					t.Errorf("found, but not planted: %s: %s: %s (%s)", f.Position(), f.Severity, f.Text, f.Rule)
					continue
				}
				left = slices.Delete(left, at, at+1)
				if f.File != path || f.Advice == "" && f.Severity != check.Error || f.Line > 0 && f.Excerpt == "" {
					t.Errorf("file %s, advice %q, excerpt %q: %s", f.File, f.Advice, f.Excerpt, f.Text)
				}
			}
			for _, w := range left {
				t.Errorf("not found: %s", w)
			}
		})
	}
}

// parameters are what an example cannot do without.
func parameters(t *testing.T, e examples.Example) []plugins.Param {
	t.Helper()
	if !strings.Contains(e.Source, "Give file=") {
		return nil
	}
	image := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(image, slices.Repeat([]byte("0123456789abcdef"), 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	return []plugins.Param{{Key: "file", Value: image}}
}

// Nothing is wrong with the examples, and a check of writes leaves no trace.
func TestExamples(t *testing.T) {
	for _, e := range examples.List() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			o := check.Options{
				Source: plugins.Source{Path: e.Name, Text: e.Source}, Runtimes: runtimes,
				Params: parameters(t, e), Limit: 30 * time.Second,
			}
			for _, o.Write = range []bool{false, true} {
				report, err := check.Run(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range report.Findings {
					t.Errorf("%s: %s: %s (%s)", f.Position(), f.Severity, f.Text, f.Rule)
				}
				if report.Requests < 15 || len(report.Disks) == 0 || len(report.Callbacks) < 3 {
					t.Errorf("%d requests, %d disks, callbacks %v", report.Requests, len(report.Disks), report.Callbacks)
				}
				writable := slices.Contains(report.Callbacks, plugins.Pwrite)
				if report.Written != (o.Write && writable) {
					t.Errorf("written is %v", report.Written)
				}
			}
			for _, p := range o.Params {
				if !strings.HasPrefix(e.Name, "file.") {
					continue // others keep it in a form of their own
				}
				data, err := os.ReadFile(p.Value)
				if err != nil || string(data) != strings.Repeat("0123456789abcdef", 1<<16) {
					t.Errorf("the image was changed (%v)", err)
				}
			}
		})
	}
}

// What an interpreter cannot be stopped in is left behind, and the check ends.
func TestLost(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	makePipe(t, pipe)
	text := `
function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset)
  return io.open("` + pipe + `"):read("*a")
end`
	report, err := check.Run(t.Context(), check.Options{
		Source: plugins.Source{Path: "pipe.lua", Text: text}, Runtimes: runtimes, Limit: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != 1 || report.Findings[0].Rule != check.RuleHang || report.Findings[0].Line != 4 ||
		!strings.Contains(report.Findings[0].Text, "pread was not done after 500ms, and could not be stopped") {
		t.Errorf("findings %+v", report.Findings)
	}
	if f, err := os.OpenFile(pipe, os.O_WRONLY, 0); err != nil { // lets the callback go
		t.Error(err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// A check that is told to stop does so, and puts the disk back as it was.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	image := filepath.Join(t.TempDir(), "disk.img")
	before := strings.Repeat("0123456789abcdef", 1<<12)
	if err := os.WriteFile(image, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	text := `
local disk = workbench.file("` + image + `", "r+")
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) print("write") h:pwrite(buf, offset) end`
	_, err := check.Run(ctx, check.Options{
		Source: plugins.Source{Path: "disk.lua", Text: text}, Runtimes: []plugins.Runtime{stopper{lua.Runtime{}, cancel}}, Write: true,
	})
	if err == nil || !strings.Contains(err.Error(), "the check was stopped: context canceled") {
		t.Errorf("error %v", err)
	}
	if after, err := os.ReadFile(image); err != nil || string(after) != before {
		t.Errorf("the disk was left changed (%v)", err)
	}
}

// A disk that nobody writes may change by itself: that is told, but no mistake.
func TestChanging(t *testing.T) {
	text := `
local n = 0
function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset)
  n = (n + 1) % 256
  return string.rep(string.char(n), count)
end`
	report, err := check.Run(t.Context(), check.Options{Source: plugins.Source{Path: "n.lua", Text: text}, Runtimes: runtimes})
	if err != nil || !report.Changing || len(report.Findings) > 0 {
		t.Errorf("%+v, error %v", report, err)
	}
}
