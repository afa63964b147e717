package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/lua"
	"workbench/recordings"
	"workbench/recordings/replay"
)

// shelfKey is the key of the panel of recordings.
var shelfKey = panelKey(recordingsPanel)

// shelf returns a list of recordings of all sorts.
func shelf() scanned {
	day := func(hour int) time.Time { return time.Date(2026, 3, 14, hour, 30, 0, 0, time.UTC) }
	one := func(name, script string, hour int, n, failed uint64, size int64) shelved {
		return shelved{changed: day(hour), Summary: recordings.Summary{
			Path: "/home/ann/disks/" + name, Size: size, Events: n + 12, Length: time.Duration(n) * 1234 * time.Microsecond,
			Header: recordings.Header{
				Created: day(hour), Script: "disks/" + script, Language: "lua", Policy: recordings.PayloadHash,
				Params:      []plugins.Param{{Key: "file", Value: "disk.img"}},
				Generations: []recordings.Generation{{Number: 1}}, Exports: []recordings.Export{{Name: "", Info: plugins.Info{Size: 16 << 20}}},
			},
			Tally: recordings.Tally{Requests: n, Failed: failed}, Counted: true,
		}}
	}
	files := []shelved{
		one("now.wbrec", "disk.lua", 11, 400, 1, 20_000),
		one("before-the-change.wbrec", "disk.lua", 10, 123_456, 17, 5_000_000),
		one("after.wbrec", "overlay.star", 9, 130, 0, 14_000),
		one("killed.wbrec", "disk.lua", 8, 9_000_000, 0, 800_000_000),
		{changed: day(7), err: errors.New("/home/ann/disks/notes.wbrec: not a recording"), Summary: recordings.Summary{Path: "/home/ann/disks/notes.wbrec", Size: 812}},
	}
	files[1].Header.Policy, files[1].Header.Generations = recordings.PayloadFull, make([]recordings.Generation, 3)
	files[2].Header.Filter = "op:write"
	files[3].Missing, files[3].Counted = "the end: the recording was not closed", false
	return scanned{files: files}
}

// found returns a comparison that found something.
func found() *report {
	e := request(3, 2100*ms) // a write
	e.Seq = 812
	read := request(4, 2125*ms)
	read.Seq = 815
	figures := func(cb plugins.Callback, n uint64, p50 time.Duration) *recordings.CallbackStats {
		return &recordings.CallbackStats{Generation: 1, Callback: cb, Count: n, P50: p50, P95: 2 * p50, P99: 3 * p50}
	}
	return &report{
		title: "before.wbrec, replayed", was: "recorded", is: "now", from: "/home/ann/disks/before.wbrec",
		Report: &replay.Report{
			Requests: 1300, Connections: 2, Compared: 1297, Differ: 2, Recorded: 14 * time.Second, Took: 900 * time.Millisecond,
			First: []replay.Difference{
				{Kind: replay.Errno, Event: e, Was: replay.Answer{Errno: 28, Text: "pwrite: examples/disk.lua:7: disk full"}},
				{Kind: replay.Data, Event: read, At: 40, Exact: true, Was: replay.Answer{Data: []byte{1, 2, 3}}, Is: replay.Answer{Data: []byte{1, 2, 4}}},
			},
			Left:  []replay.Left{{Why: replay.NoData, Count: 3}},
			Notes: []string{"the script changed while it was recorded: there are 2 generations"},
			Callbacks: []replay.CallbackPair{
				{Was: figures(plugins.Pread, 1000, 40*time.Microsecond), Is: figures(plugins.Pread, 1000, 30*time.Microsecond)},
				{Was: figures(plugins.Pwrite, 300, 50*time.Microsecond), Is: figures(plugins.Pwrite, 297, 90*time.Microsecond)},
				{Is: figures(plugins.Zero, 3, time.Millisecond)},
			},
		},
	}
}

func TestLibraryGolden(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
		for _, tt := range []struct {
			name, keys string
			msg        any
		}{
			{"library", "j", nil},
			{"report", "", outcome{report: found()}},
			{"report-zoomed", "z j", outcome{report: found()}},
		} {
			name := fmt.Sprintf("%s-%dx%d", tt.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				log, bench := fixture()
				o := fixtureOptions()
				o.Record = &fakeRecorder{status: recordings.RecorderStatus{Path: "/home/ann/disks/now.wbrec", Bytes: 12 << 20}}
				s := newScreen(t, size[0], size[1], log, bench, o)
				s.press(shelfKey)
				s.send(shelf())
				if tt.msg != nil {
					s.send(tt.msg)
					s.send(shelf()) // the folders were looked at again
				}
				s.press(tt.keys)
				s.golden(t, name)
			})
		}
	}
}

// A fakeRecorder records a log, or says what it is told to.
type fakeRecorder struct {
	log    *recordings.Log
	folder string
	r      *recordings.Recorder
	status recordings.RecorderStatus
}

func (f *fakeRecorder) Start(path string, keep recordings.Policy) error {
	if path == "" {
		path = filepath.Join(f.folder, "named.wbrec")
	}
	var err error
	f.r, err = recordings.Create(path, recordings.Header{Created: time.Now(), Script: "disk.lua", Policy: keep}, recordings.RecorderOptions{Log: f.log})
	return err
}

func (f *fakeRecorder) Stop() (recordings.RecorderStatus, error) {
	err := f.r.Close()
	s := f.r.Status()
	f.r = nil
	return s, err
}

func (f *fakeRecorder) Status() recordings.RecorderStatus {
	if f.r == nil {
		return f.status
	}
	return f.r.Status()
}

// A deck is a screen over a host of its own, with a client, that records into a
// folder and replays to a fresh host.
type deck struct {
	*screen
	folder, script string
	host           *host.Host
	disk           plugins.Handle
	asked          []ReplayOptions
	cookie         uint64
}

const deckScript = `local disk = workbench.memory("disk", 1 << 20)
function open() return disk end
function get_size(h) return 1048576 end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
`

func newDeck(t *testing.T, w, h int) *deck {
	t.Helper()
	dir := t.TempDir()
	d := &deck{folder: dir, script: filepath.Join(dir, "disk.lua")}
	d.write(t, strings.ReplaceAll(deckScript, "1 << 20", "1048576"))
	log := recordings.NewLog(1 << 20)
	var err error
	if d.host, err = host.New(t.Context(), d.hostOptions(log)); err != nil {
		t.Fatal(err)
	}
	if d.disk, err = d.host.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.disk.Close(), d.host.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	log.Append(recordings.Event{Kind: recordings.Opened, Front: plugins.FrontNBD, Conn: 1, Length: 1 << 20, Times: plugins.Times{Received: plugins.Now()}}, "", nil)
	d.screen = newScreen(t, w, h, log, nil, Options{
		Workbench: d.host, Folders: []string{dir}, Record: &fakeRecorder{log: log, folder: dir}, Replay: d.replay,
	})
	return d
}

func (d *deck) hostOptions(log *recordings.Log) host.Options {
	return host.Options{Path: d.script, Runtimes: []plugins.Runtime{lua.Runtime{}}, Log: log}
}

func (d *deck) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(d.script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (d *deck) replay(ctx context.Context, rec recordings.Recording, o ReplayOptions) (*replay.Report, error) {
	d.asked = append(d.asked, o)
	if o.Live {
		return replay.Run(ctx, rec, d.host, replay.Options{ReadOnly: !o.Writes, Progress: o.Progress})
	}
	h, err := host.New(ctx, d.hostOptions(recordings.NewLog(1<<20)))
	if err != nil {
		return nil, err
	}
	r, err := replay.Run(ctx, rec, h, replay.Options{ReadOnly: o.Reads, Progress: o.Progress})
	return r, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
}

// do has the client do something.
func (d *deck) do(op plugins.Op, offset uint64, text string) {
	d.t.Helper()
	d.cookie++
	r := plugins.Request{Op: op, Offset: offset, Length: uint64(len(text)), Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: d.cookie}}
	r.Received = plugins.Now()
	if op == plugins.OpWrite {
		r.Data = []byte(text)
	}
	err := d.disk.Do(d.t.Context(), &r)
	plugins.Finish(d.disk, &r, err)
	if err != nil {
		d.t.Error(err)
	}
	d.now = plugins.Now()
}

// TestRecordReplayAndOpen is the whole way: record, change the script, replay,
// see the difference, open it, go back.
func TestRecordReplayAndOpen(t *testing.T) {
	d := newDeck(t, 120, 40)
	d.press("W")
	d.mustShow("record into")
	d.press("f u l l enter")
	d.pulse()
	d.mustShow("● rec ")
	d.do(plugins.OpWrite, 4096, "hello, disk")
	d.do(plugins.OpRead, 4096, "hello, disk")
	d.do(plugins.OpRead, 0, "        ")
	d.pulse()
	d.press("W")
	d.mustShow("✓ recorded", "named.wbrec")
	d.pulse()
	d.mustNotShow("● rec ")
	d.press(shelfKey + " z")
	d.mustShow("✓ whole disk.lua", "all data", "named.wbrec")

	d.press("r enter")
	d.mustShow("✓ named.wbrec, replayed: the same, 3 of 3 requests compared")
	d.press("esc")
	d.mustShow("✓ whole disk.lua")

	d.write(t, strings.ReplaceAll(strings.ReplaceAll(deckScript, "1 << 20", "1048576"), "pwrite(buf,", `pwrite(string.upper(buf),`))
	d.press("r enter")
	d.mustShow("✗ named.wbrec, replayed: 1 differs of 3 requests", "byte 0 (0x1000 on the disk)")
	live := d.app
	d.press("enter")
	d.mustShow("named.wbrec: disk.lua", "esc leaves", "READ 11 B at 0x1000", "│hello, d", "3 requests in")
	if live.over == nil || len(d.asked) != 2 {
		t.Fatalf("it is not over the live screen; %d replays", len(d.asked))
	}
	d.do(plugins.OpRead, 0, "        ") // the live one goes on folding
	d.pulse()
	d.press("esc esc")
	d.mustShow("1 differs of 3 requests")
	d.press("1 esc esc")
	d.mustShow("following · 4")
	if d.quit {
		t.Error("esc quit")
	}

	// q of an opened recording goes back, too; only then it quits.
	d.press(shelfKey + " esc enter")
	d.mustShow("esc leaves")
	d.press("q")
	d.mustNotShow("esc leaves")
	d.press("q y")
	if !d.quit {
		t.Error("q does not quit")
	}
}

// TestCompareRecordings marks one and compares another with it.
func TestCompareRecordings(t *testing.T) {
	d := newDeck(t, 120, 40)
	for _, name := range []string{"a", "b"} {
		d.press("W")
		d.press(typed(filepath.Join(d.folder, name)) + " tab enter")
		d.pulse()
		d.do(plugins.OpWrite, 0, "from "+name)
		d.do(plugins.OpRead, 0, "from "+name)
		d.pulse()
		d.press("W")
		d.pulse()
		if name == "a" { // the clock of files is coarse
			hourAgo := time.Now().Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(d.folder, "a.wbrec"), hourAgo, hourAgo); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.press(shelfKey + " z d")
	d.mustNotShow("differ") // nothing is marked
	d.press("G m")
	d.mustShow("◆")
	d.press("d") // with itself
	d.mustNotShow("differ")
	d.press("g d")
	d.mustShow("differ of", "only the second has it")
	d.press("esc")
	d.mustShow("◆")
}

// TestReplayRequests does single requests again, and those that are shown.
func TestReplayRequests(t *testing.T) {
	d := newDeck(t, 120, 40)
	d.do(plugins.OpWrite, 0, "hello")
	d.do(plugins.OpRead, 0, "hello")
	d.pulse()
	d.press("r")
	d.mustShow("enter does READ 5 B at 0x0 (5 bytes at 0) again")
	d.press("enter")
	d.mustShow("✓ READ 5 B at 0x0 (5 bytes at 0) again, the same answer")
	if len(d.asked) != 1 || !d.asked[0].Live || d.asked[0].Writes {
		t.Errorf("asked for %+v", d.asked)
	}
	d.press("g r")
	d.mustShow("WRITE writes")
	d.press("enter")
	d.mustShow("▸ it would change the disk that clients use")
	if len(d.asked) != 1 {
		t.Error("a write was sent without being asked for")
	}
	d.press(typed("writes") + " enter")
	d.mustShow("✓ WRITE 5 B", "the same answer")
	d.press("r " + typed("all nothing"))
	d.mustShow("✗ nothing: want all, writes, speed= or nothing")
	d.press("esc r " + typed("all") + " enter")
	d.mustShow("requests, again: the same")
	if last := d.asked[len(d.asked)-1]; last.Writes {
		t.Error("all sends writes that nobody asked for")
	}
}

// TestSave saves what is shown in each format, and replaces no file unasked.
func TestSave(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	dir := t.TempDir()
	s.press("/ " + typed("op:flush") + " enter")
	for _, f := range saveFormats {
		path := filepath.Join(dir, "few"+f.Text)
		s.press("w " + typed(path))
		s.mustShow("✓ enter saves the 7 requests that the filter picks")
		s.press("enter")
		s.mustShow("✓ saved " + path)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	csv := filepath.Join(dir, "few.csv")
	text, err := os.ReadFile(csv)
	if err != nil || strings.Count(string(text), "\n") != 8 || strings.Count(string(text), "FLUSH") != 7 {
		t.Errorf("%v\n%s", err, text)
	}
	f, err := recordings.OpenFile(filepath.Join(dir, "few"+recordingExt))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, next := f.Bounds(); next != 7 || f.Missing() != "" {
		t.Errorf("%d events, missing %q", next, f.Missing())
	}

	if err := os.WriteFile(csv, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.press("w " + typed(csv) + " enter")
	s.mustShow("few.csv is there: write")
	if text, err := os.ReadFile(csv); err != nil || string(text) != "mine" {
		t.Errorf("it was replaced: %v", err)
	}
	s.press("! enter")
	s.mustShow("✓ saved")
	if text, err := os.ReadFile(csv); err != nil || string(text) == "mine" {
		t.Errorf("it was not replaced: %v", err)
	}
	s.press("w " + typed("few.what"))
	s.mustShow("✗ want the name of a file")
	s.press("ctrl+u enter")
	s.mustShow("save to")
	s.press("esc w " + typed("/nowhere/at/all/x.csv") + " enter")
	s.mustShow("✗ open /nowhere/at/all/x.csv: no such file or directory")
}

// TestScanFolders: what is no recording is listed as such, and the newest come first.
func TestScanFolders(t *testing.T) {
	d := newDeck(t, 120, 40)
	d.press("W enter")
	d.pulse()
	d.do(plugins.OpRead, 0, "x")
	d.press("W")
	for name, text := range map[string]string{"bad.wbrec": "no", "other.txt": "no"} {
		if err := os.WriteFile(filepath.Join(d.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(d.folder, "bad.wbrec"), old, old); err != nil {
		t.Fatal(err)
	}
	found := scanFolders(t.Context(), []string{d.folder, d.folder, filepath.Join(d.folder, "none")})
	if found.err != nil || len(found.files) != 2 || found.files[0].err != nil || found.files[0].Requests != 1 || found.files[1].err == nil {
		t.Errorf("%+v", found)
	}
}

// TestTaskStops: esc stops what is under way, and says so.
func TestTaskStops(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.app.begin("counting", func(ctx context.Context, task *task) outcome {
		<-ctx.Done()
		return outcome{err: ctx.Err()}
	})
	task := s.app.task
	task.progress(30, 100)
	s.app.arrange()
	s.mustShow("◐ counting: 30 % · esc stops it")
	if ok, why := s.app.idle(); ok || why == "" {
		t.Error("a second task may begin")
	}
	s.press("esc")
	s.send(outcome{task: task, err: errors.New("counting: stopped")})
	s.mustShow("✗ counting: stopped")
	if s.app.task != nil {
		t.Error("the task is still there")
	}
}

// TestLetters: what a recording's commands bring goes to it, and is dropped when
// it was left.
func TestLetters(t *testing.T) {
	d := newDeck(t, 100, 30)
	d.press("W enter")
	d.pulse()
	d.do(plugins.OpRead, 0, "x")
	d.press("W")
	d.pulse()
	d.press(shelfKey + " enter")
	over := d.app.over
	if over == nil {
		t.Fatal(d.text())
	}
	d.send(letter{over, acted{err: errors.New("for the recording")}})
	d.mustShow("for the recording")
	d.press("q")
	d.send(letter{over, acted{err: errors.New("too late")}})
	d.mustNotShow("too late")
	f, err := recordings.OpenFile(filepath.Join(d.folder, "named.wbrec"))
	if err != nil {
		t.Fatal(err)
	}
	d.send(letter{over, fileOpened{file: f}})
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a file that came too late was not closed: %v", err)
	}
	d.send(acted{err: errors.New("for the live one")})
	d.mustShow("for the live one")
}

// TestLibraryLooksAgain: files that others wrote are there when the panel is entered.
func TestLibraryLooksAgain(t *testing.T) {
	d := newDeck(t, 120, 40)
	d.press(shelfKey + " z")
	d.mustShow("No recording yet")
	path := filepath.Join(d.folder, "other.wbrec")
	r, err := recordings.Create(path, recordings.Header{Script: "other.lua", Created: time.Now()}, recordings.RecorderOptions{Log: recordings.NewLog(1 << 16)})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	d.press("1 " + shelfKey)
	d.mustShow("✓ whole other.lua")
}

// TestRecordingsHostile: names and texts of recordings cannot disturb the screen.
func TestRecordingsHostile(t *testing.T) {
	for _, zoom := range []string{"", " z"} {
		s := hostileScreen(t, 80, 24)
		s.press(shelfKey + zoom)
		list := shelf()
		for i := range list.files {
			f := &list.files[i]
			f.Path, f.Header.Script, f.Missing, f.Header.Filter = hostile+f.Path, hostile, hostile, hostile
			f.Header.Params = []plugins.Param{{Key: hostile, Value: hostile}}
			f.Header.Exports = []recordings.Export{{Name: hostile}}
		}
		list.files[4].err = errors.New(hostile)
		bad := found()
		bad.title, bad.Notes = hostile, []string{hostile}
		bad.First[0].Was.Text = hostile
		for _, msg := range []any{list, outcome{report: bad}, outcome{said: hostile}, outcome{err: errors.New(hostile)}} {
			s.send(msg)
			for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {203, 60}} {
				s.resize(size[0], size[1])
				checkSize(t, fmt.Sprintf("%T%s at %v", msg, zoom, size), s.app.View(), size[0], size[1])
			}
		}
	}
}

// TestEmptyRecordingOpens: its header has no figures that make no sense, and q leaves.
func TestEmptyRecordingOpens(t *testing.T) {
	s := newScreen(t, 80, 24, emptyLog(), nil, Options{Title: "empty.wbrec: disk.lua, 2026-03-14 12:00"})
	s.mustShow("empty.wbrec: disk.lua", "no requests")
	s.press("W w r")
	s.mustNotShow("record into", "save to")
	s.press("q y")
	if !s.quit {
		t.Error("q does not quit")
	}
}

// TestGoTo keeps a filter that shows the request, and takes away one that hides it.
func TestGoTo(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("/ " + typed("op:write") + " enter g")
	seq := s.app.scene.requests.seq(3) // a write
	s.app.goTo(seq)
	s.mustShow("filter: op:write")
	if e, _ := readRequest(&s.app.scene, s.app.requests.index(&s.app.scene).seq(s.app.requests.list.selected)); e.Seq != seq {
		t.Errorf("event %d is selected, want %d", e.Seq, seq)
	}
	seq = s.app.scene.requests.seq(4) // a read
	s.app.goTo(seq)
	s.app.arrange()
	s.mustNotShow("filter: op:write")
	if e, _ := readRequest(&s.app.scene, s.app.requests.index(&s.app.scene).seq(s.app.requests.list.selected)); e.Seq != seq {
		t.Errorf("event %d is selected, want %d", e.Seq, seq)
	}
}

// TestTaskNeverBegun: who waits for the end of a task that was stopped waits for
// nothing if its command never ran.
func TestTaskNeverBegun(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	cmd := s.app.begin("counting", func(context.Context, *task) outcome {
		t.Error("it began though it was stopped")
		return outcome{}
	})
	task := s.app.task
	task.stop()
	<-task.over
	for _, late := range cmd().(tea.BatchMsg) {
		s.send(late())
	}
	s.mustShow("✗ counting: stopped")
	if s.app.task != nil {
		t.Error("the task is still there")
	}
}

// TestMouseOfRecording: that the mouse was left to the terminal holds when the
// recording is left.
func TestMouseOfRecording(t *testing.T) {
	d := newDeck(t, 100, 30)
	d.press("W enter")
	d.pulse()
	d.do(plugins.OpRead, 0, "x")
	d.press("W")
	d.pulse()
	d.press(shelfKey + " enter M")
	d.mustShow("mouse off", "esc leaves")
	d.send(edited{errors.New("it failed")}) // of the editor that was opened here
	d.mustShow("it failed")
	d.press("q")
	d.mustShow("mouse off")
	d.mustNotShow("it failed")
}
