package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// tool runs a program that opens what was exported, and returns what it printed.
// Where it is not installed the test is skipped, unless CI=true.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, complaints.String())
	}
	return string(out)
}

// file exports r to a file, and returns its folder.
func file(t *testing.T, r recordings.Recording, name string, o Options) (dir string) {
	t.Helper()
	dir = t.TempDir()
	format, ok := FormatOf(name)
	if !ok {
		t.Fatal(name)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(write(t, r, format, o)), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// transfers returns a recording of n reads and writes, of which some overlap, some
// failed and some are longer than a segment, with all their data or none.
func transfers(n int, full bool) *fake {
	f := newFake()
	f.Log = recordings.NewLog(n * 400)
	for i := range n {
		op, length := plugins.OpRead, uint64(512)
		if i%3 == 0 {
			op = plugins.OpWrite
		}
		if i%50 == 49 {
			length = 100_000
		}
		seq := f.request(uint32(1+i%4), uint64(i), op, uint64(i)*4096, length, 100*i, 100*i+90+50*(i%7), func(e *recordings.Event) {
			// tshark 4.0 waits for data also after a read that failed, and loses the
			// replies that it takes for them.
			if i%11 == 0 && op == plugins.OpWrite {
				e.Errno = 5
			}
			if i%5 == 0 && op == plugins.OpWrite {
				e.Flags = plugins.FlagFUA
			}
		})
		if full {
			f.payloads[seq] = bytes.Repeat([]byte{byte(i)}, int(length))
		}
	}
	return f
}

// TestTshark has tshark count the reads and writes, which it decodes by itself.
func TestTshark(t *testing.T) {
	const n = 1000
	for _, full := range []bool{true, false} {
		t.Run(fmt.Sprintf("full=%v", full), func(t *testing.T) {
			dir := file(t, transfers(n, full), "x.pcapng", Options{})
			out := tool(t, dir, "tshark", "-n", "-r", "x.pcapng", "-Y", "nbd.from", "-T", "fields",
				"-e", "nbd.handle", "-e", "nbd.type", "-e", "nbd.from", "-e", "nbd.len", "-e", "frame.comment")
			got := strings.Split(strings.TrimSpace(out), "\n")
			if len(got) != n {
				t.Errorf("tshark sees %d requests, want %d", len(got), n)
			}
			slices.Sort(got)
			for i, line := range got {
				length, kind, name := 512, 0, "READ"
				if i%50 == 49 {
					length = 100_000
				}
				if i%3 == 0 {
					kind, name = 1, "WRITE"
				}
				want := fmt.Sprintf("%#016x\t%d\t%#016x\t%d\t", i, kind, i*4096, length)
				if i == 0 {
					want = fmt.Sprintf("0x%016x\t%d\t0x%016x\t%d\t", i, kind, i*4096, length)
				}
				if !strings.HasPrefix(line, want) || !strings.Contains(line, fmt.Sprintf("%s %#x %d ", name, i*4096, length)) {
					t.Fatalf("request %d: tshark sees %q, want %q", i, line, want)
				}
			}
			replies := tool(t, dir, "tshark", "-n", "-r", "x.pcapng", "-Y", "nbd.response_to", "-T", "fields", "-e", "nbd.error")
			const failures = (n + 32) / 33
			if failed := strings.Count(replies, "5"); strings.Count(replies, "\n") != n || failed != failures {
				t.Errorf("tshark sees %d replies, %d of them errors; want %d, %d", strings.Count(replies, "\n"), failed, n, failures)
			}
			for _, problem := range []string{"_ws.malformed", "tcp.analysis.lost_segment || tcp.analysis.retransmission || tcp.analysis.ack_lost_segment"} {
				if out := tool(t, dir, "tshark", "-n", "-r", "x.pcapng", "-Y", problem); out != "" && (full || problem != "_ws.malformed") {
					t.Errorf("%s:\n%s", problem, out)
				}
			}
		})
	}
}

func TestJQ(t *testing.T) {
	r := random(500)
	dir := file(t, r, "x.jsonl", Options{})
	out := tool(t, dir, "jq", "-s", `[.[] | select(.op == "WRITE") | .length] | "\(length) \(add)"`, "x.jsonl")
	n := 0
	events := make([]recordings.Event, 500)
	r.Read(events, 0)
	for _, e := range events {
		if e.Op == plugins.OpWrite {
			n++
		}
	}
	if want := fmt.Sprintf("%q\n", fmt.Sprint(n, n*512)); out != want {
		t.Errorf("jq says %s, want %s", out, want)
	}
}

func TestCSVReads(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(write(t, session(), CSV, Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != strings.Join(columns[:], ",") {
		t.Errorf("the header is %s", got)
	}
	if got := rows[6][slices.Index(rows[0], "text")]; got != "reading,\n\"here\"" {
		t.Errorf("a text comes back as %q", got)
	}
	if _, next := session().Bounds(); len(rows) != int(next)+1 {
		t.Errorf("%d rows, want %d", len(rows), next+1)
	}
}

// TestFio has fio do the requests of an iolog, to a file.
func TestFio(t *testing.T) {
	const size = 1 << 20
	f := newFake()
	for i := range 40 {
		op := []plugins.Op{plugins.OpRead, plugins.OpWrite, plugins.OpFlush, plugins.OpZero, plugins.OpExtents}[i%5]
		f.request(1, uint64(i), op, uint64(i)*4096, 4096, 100*i, 100*i+50)
	}
	f.request(1, 99, plugins.OpRead, 0, 0, 5000, 5001) // does nothing
	dir := file(t, f, "x.iolog", Options{})
	disk := filepath.Join(dir, "replayed")
	if err := os.WriteFile(disk, make([]byte, size), 0o666); err != nil {
		t.Fatal(err)
	}
	out := tool(t, dir, "fio", "--name=again", "--read_iolog=x.iolog", "--ioengine=psync", "--replay_redirect="+disk, "--output-format=json", "--output=out.json")
	text, err := os.ReadFile(filepath.Join(dir, "out.json"))
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Jobs []struct {
			Error             int
			Read, Write, Sync struct {
				TotalIOs int   `json:"total_ios"`
				Bytes    int64 `json:"io_bytes"`
			}
		}
	}
	if err := json.Unmarshal(text, &result); err != nil || len(result.Jobs) != 1 {
		t.Fatalf("%v: %s%s", err, out, text)
	}
	job := result.Jobs[0]
	if job.Error != 0 || job.Read.TotalIOs != 8 || job.Write.TotalIOs != 16 || job.Sync.TotalIOs != 8 || job.Write.Bytes != 16*4096 {
		t.Errorf("fio did %+v, want 8 reads, 16 writes, 8 syncs", job)
	}
}

// TestFioPace wants fio to keep to the times of an iolog: requests that were
// 600 ms apart are not done in less.
func TestFioPace(t *testing.T) {
	f := newFake()
	f.request(1, 1, plugins.OpRead, 0, 512, 0, 10)
	f.request(1, 2, plugins.OpRead, 512, 512, 600_000, 600_010)
	dir := file(t, f, "x.iolog", Options{})
	disk := filepath.Join(dir, "replayed")
	if err := os.WriteFile(disk, make([]byte, 4096), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"--name=again", "--read_iolog=x.iolog", "--ioengine=psync", "--replay_redirect=" + disk}
	begin := time.Now()
	tool(t, dir, "fio", args...)
	if took := time.Since(begin); took < 600*time.Millisecond {
		t.Errorf("fio took %s for requests that were 600 ms apart", took)
	}
}

// traced is what the schema of trace events demands of an element.
type traced struct {
	Name  *string
	Ph    *string
	Ts    *float64
	Dur   *float64
	Pid   *int
	Tid   *int
	Cat   string
	Scope string `json:"s"`
	Args  map[string]any
}

// TestChromeSchema checks every element, and that spans of a thread lie inside
// each other or apart.
func TestChromeSchema(t *testing.T) {
	for name, r := range map[string]*fake{"session": session(), "random": random(2000)} {
		var file struct{ TraceEvents []traced }
		if err := json.Unmarshal([]byte(write(t, r, Chrome, Options{})), &file); err != nil {
			t.Fatal(name, err)
		}
		type thread struct{ pid, tid int }
		open := make(map[thread][]float64) // when the spans end that we are in
		named := make(map[thread]bool)
		for i, e := range file.TraceEvents {
			if e.Name == nil || e.Ph == nil || e.Ts == nil || e.Pid == nil || e.Tid == nil || *e.Name == "" {
				t.Fatalf("%s: element %d lacks something: %+v", name, i, e)
			}
			at := thread{*e.Pid, *e.Tid}
			switch *e.Ph {
			case "M":
				if e.Args["name"] == "" || *e.Name != "process_name" && *e.Name != "thread_name" {
					t.Errorf("%s: element %d names nothing", name, i)
				}
				named[at] = true
			case "i":
				if !named[at] || e.Scope != "t" && e.Scope != "g" {
					t.Errorf("%s: mark %d: scope %q of thread %v", name, i, e.Scope, at)
				}
			case "X":
				if !named[at] || e.Dur == nil || *e.Dur < 0 {
					t.Fatalf("%s: span %d has no duration, or no thread", name, i)
				}
				const rounding = 0.01
				ends := open[at]
				for len(ends) > 0 && ends[len(ends)-1] <= *e.Ts+rounding {
					ends = ends[:len(ends)-1]
				}
				end := *e.Ts + *e.Dur
				if len(ends) > 0 && end > ends[len(ends)-1]+rounding {
					t.Errorf("%s: span %d of %v ends at %f, after %f, which it is inside of", name, i, at, end, ends[len(ends)-1])
				}
				open[at] = append(ends, end)
			default:
				t.Errorf("%s: element %d: phase %q", name, i, *e.Ph)
			}
		}
	}
}

// nbdkitLine is a line of nbdkit's log filter about a connection.
var nbdkitLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} connection=(\d+) (` +
	`Connect export="(?:[^"\\]|\\.)*"(?: tls=\d)? size=0x[0-9a-f]+(?: \w+=\w+)*` +
	`|Disconnect transactions=\d+` +
	`|(Read|Cache) id=(?P<id>\d+) offset=0x[0-9a-f]+ count=0x[0-9a-f]+ \.\.\.` +
	`|(?:Write|Trim) id=(?P<id>\d+) offset=0x[0-9a-f]+ count=0x[0-9a-f]+ fua=[01] \.\.\.` +
	`|Zero id=(?P<id>\d+) offset=0x[0-9a-f]+ count=0x[0-9a-f]+ trim=[01] fua=[01] fast=[01] \.\.\.` +
	`|Extents id=(?P<id>\d+) offset=0x[0-9a-f]+ count=0x[0-9a-f]+ req_one=[01] \.\.\.` +
	`|Flush id=(?P<id>\d+) \.\.\.` +
	`|\.\.\.(?:Read|Write|Zero|Trim|Cache|Flush|Extents) id=(?P<id>\d+)(?: extents=\([^)]*\))? return=(?:0|-1 error=E[A-Z0-9]+))$`)

// checkNbdkitLog wants every line to be one of the log filter's, and every request
// to come and go, in order. It returns the lines without their times.
func checkNbdkitLog(t *testing.T, text string) (lines []string) {
	t.Helper()
	inside := make(map[string]string)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !strings.Contains(line, " connection=") { // Ready, Preconnect and the like
			continue
		}
		m := nbdkitLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a line of the log filter: %s", line)
			continue
		}
		id := ""
		for i, name := range nbdkitLine.SubexpNames() {
			if name == "id" && m[i] != "" {
				id = m[1] + "/" + m[i]
			}
		}
		action, _, _ := strings.Cut(strings.TrimPrefix(m[2], "..."), " ")
		switch {
		case strings.HasPrefix(m[2], "..."):
			if inside[id] != action {
				t.Errorf("%s, but %q came", line, inside[id])
			}
			delete(inside, id)
		case id != "":
			if inside[id] != "" {
				t.Errorf("%s comes twice", line)
			}
			inside[id] = action
		}
		lines = append(lines, m[2])
	}
	if len(inside) > 0 {
		t.Errorf("never answered: %v", inside)
	}
	return lines
}

// TestNbdkitLog holds nbdkit's log and ours against the same check.
func TestNbdkitLog(t *testing.T) {
	if got := checkNbdkitLog(t, write(t, session(), Log, Options{})); len(got) != 24 {
		t.Errorf("%d lines of ours, want 24", len(got))
	}
	dir := t.TempDir()
	tool(t, dir, "nbdkit", "-U", "-", "--filter=log", "--filter=error", "memory", "1M", "logfile=x.log", "error-pread=EIO", "error-pread-rate=50%", "--run",
		`for i in 1 2 3 4; do qemu-io -f raw -c 'write 0 4k' -c 'read 0 8k' -c 'discard 4k 4k' -c 'write -z 0 4k' -c 'write -z -u 4k 4k' -c flush "nbd+unix:///?socket=$unixsocket" >/dev/null 2>&1; done
		nbdinfo --map "$uri" >/dev/null`)
	text, err := os.ReadFile(filepath.Join(dir, "x.log"))
	if err != nil {
		t.Fatal(err)
	}
	if got := checkNbdkitLog(t, string(text)); len(got) < 40 {
		t.Errorf("%d lines of nbdkit's:\n%s", len(got), text)
	}
}
