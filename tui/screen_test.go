package tui

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// fakeBench is a host that says what it is told to say.
type fakeBench struct {
	host.Control // nil: what is not told below is not asked
	mu           sync.Mutex
	status       host.Status
	reloads      int
	undone       int
	released     int
	held         []host.HeldRequest
	rules        []host.RuleStatus
	asked        []string // what was done to held requests and rules
	fails        error    // what comes of it
	past         []recordings.Generation
	policies     []host.Policy // of reloads that were asked for
	looks        int           // at the status
	stirred      chan struct{} // closed when set is called; nil unless somebody waits for it
}

// Generations returns the past and what the status says.
func (b *fakeBench) Generations() []recordings.Generation {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(slices.Clone(b.past), recordings.Generation{Number: b.status.Generation, Text: b.status.Source})
}

func (b *fakeBench) KickAs(p host.Policy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.policies = append(b.policies, p)
}

func (b *fakeBench) Held() []host.HeldRequest {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.held)
}

func (b *fakeBench) Rules() []host.RuleStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.rules)
}

// ask notes what was asked for.
func (b *fakeBench) ask(format string, args ...any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, fmt.Sprintf(format, args...))
	return b.fails
}

// did reports whether it was asked for what.
func (b *fakeBench) did(what string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.asked, what)
}

func (b *fakeBench) Mark(e recordings.Event, sign string) { _ = b.ask("mark %d %s", e.Seq, sign) }
func (b *fakeBench) Release(n uint64) error               { return b.ask("release %d", n) }
func (b *fakeBench) DropHeld(n uint64) error              { return b.ask("drop %d", n) }
func (b *fakeBench) RemoveRule(n uint16) error            { return b.ask("remove %d", n) }
func (b *fakeBench) SwitchRule(n uint16, on bool) error   { return b.ask("switch %d %v", n, on) }
func (b *fakeBench) AddRule(text string) (uint16, error)  { return 1, b.ask("add %s", text) }
func (b *fakeBench) MoveRule(n uint16, by int) error      { return b.ask("move %d %d", n, by) }
func (b *fakeBench) ReplaceRule(n uint16, text string) error {
	return b.ask("replace %d %s", n, text)
}
func (b *fakeBench) EditHeld(n uint64, e host.Edit) error   { return b.ask("edit %d %s", n, e) }
func (b *fakeBench) AnswerHeld(n uint64, data []byte) error { return b.ask("answer %d %q", n, data) }
func (b *fakeBench) FailHeld(n uint64, errno syscall.Errno) error {
	return b.ask("fail %d %s", n, plugins.ErrnoName(errno))
}

func (b *fakeBench) Status() host.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looks++
	return b.status
}

// looked returns how often the status was looked at since it was last called.
func (b *fakeBench) looked() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, b.looks = b.looks, 0
	return n
}

func (b *fakeBench) Kick() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reloads++
}

func (b *fakeBench) KickUndo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.undone++
}

func (b *fakeBench) ReleaseAll() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.released += b.status.Held
	return b.status.Held
}

// set changes what the host says.
func (b *fakeBench) set(change func(*host.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
	if b.stirred != nil {
		close(b.stirred)
		b.stirred = nil
	}
}

func (b *fakeBench) Stirs() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stirred == nil {
		b.stirred = make(chan struct{})
	}
	return b.stirred
}

// A screen is an app with a feed that is read when the test says so.
type screen struct {
	t     testing.TB
	app   *app
	feed  *feed
	log   *recordings.Log
	bench *fakeBench
	now   plugins.Stamp
	idle  bool // as the app last listened
	quit  bool

	copied    string // to the clipboard
	clipFails error
	edited    []string // what was opened in the editor

	slowest time.Duration // in a benchmark: that a message and its frame took
}

// newScreen opens a screen of w by h cells on log, in no colours.
func newScreen(t testing.TB, w, h int, log *recordings.Log, bench *fakeBench, o Options) *screen {
	t.Helper()
	return newColouredScreen(t, w, h, log, bench, o, termenv.Ascii)
}

func newColouredScreen(t testing.TB, w, h int, log *recordings.Log, bench *fakeBench, o Options, p termenv.Profile) *screen {
	t.Helper()
	s := &screen{t: t, log: log, bench: bench, now: fixtureNow}
	if o.Events == nil {
		o.Events = log
	}
	if bench != nil {
		o.Workbench = bench
	}
	o.Wall = func(st plugins.Stamp) time.Time {
		return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC).Add(time.Duration(st))
	}
	o.Now = func() plugins.Stamp { return s.now }
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(p)
	s.app = newApp(o, newTheme(r))
	s.feed = &feed{events: o.Events, bench: o.Workbench, recorder: o.Record, now: o.Now}
	s.app.edit = func(file string, line int) (*exec.Cmd, error) {
		s.edited = append(s.edited, fmt.Sprintf("%s:%d", file, line))
		return exec.Command("true"), nil
	}
	s.app.lend = func(func() error, func(error) tea.Msg) tea.Cmd { return nil }
	s.app.listen = func(idle bool) tea.Cmd { s.idle = idle; return nil }
	s.app.clip = func(text string) error { s.copied = text; return s.clipFails }
	s.app.recall(o)
	s.app.work = func(f func(context.Context) tea.Msg) (tea.Cmd, context.CancelFunc) {
		ctx, stop := context.WithCancel(t.Context())
		return func() tea.Msg { defer stop(); return f(ctx) }, stop
	}
	s.app.tap = func(events Events, now func() plugins.Stamp) (func(bool) tea.Cmd, func()) {
		f := &feed{events: events, now: now}
		return func(bool) tea.Cmd {
			if _, next := events.Bounds(); f.next == next {
				return nil // nothing comes any more
			}
			return func() tea.Msg { return f.read() }
		}, func() {}
	}
	s.resize(w, h)
	s.pulse()
	return s
}

func (s *screen) resize(w, h int) { s.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// pulse brings what is in the log.
func (s *screen) pulse() { s.send(s.feed.read()) }

// send gives the app a message, and then what comes of it.
func (s *screen) send(msg tea.Msg) {
	s.t.Helper()
	begin := time.Now()
	_, cmd := s.app.Update(msg)
	if _, timed := s.t.(*testing.B); timed {
		s.app.View()
		s.slowest = max(s.slowest, time.Since(begin))
	}
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		s.quit = true
	case tea.BatchMsg:
		for _, c := range msg {
			if m := c(); m != nil {
				s.send(m)
			}
		}
	default:
		s.send(msg)
	}
}

var keyTypes = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab,
	"up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"home": tea.KeyHome, "end": tea.KeyEnd, "left": tea.KeyLeft, "right": tea.KeyRight, "backspace": tea.KeyBackspace,
	"ctrl+c": tea.KeyCtrlC, "ctrl+p": tea.KeyCtrlP, "ctrl+n": tea.KeyCtrlN, "ctrl+z": tea.KeyCtrlZ, "ctrl+d": tea.KeyCtrlD, "ctrl+u": tea.KeyCtrlU, "ctrl+w": tea.KeyCtrlW,
	"ctrl+f": tea.KeyCtrlF, "ctrl+a": tea.KeyCtrlA, "ctrl+b": tea.KeyCtrlB, "ctrl+e": tea.KeyCtrlE,
}

// press presses keys, which have blanks between them: "j j enter space".
func (s *screen) press(keys string) {
	s.t.Helper()
	for key := range strings.FieldsSeq(keys) {
		s.send(keyMsg(key))
	}
}

func keyMsg(key string) tea.KeyMsg {
	if kt, ok := keyTypes[key]; ok {
		return tea.KeyMsg{Type: kt}
	}
	if key == "space" {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
}

func pasteMsg(text string) tea.KeyMsg {
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true}
}

// text returns the screen without colours.
func (s *screen) text() string { return ansi.Strip(s.app.View()) }

// mustShow fails unless all of want are on the screen.
func (s *screen) mustShow(want ...string) {
	s.t.Helper()
	text := s.text()
	for _, w := range want {
		if !strings.Contains(text, w) {
			s.t.Errorf("the screen does not show %q:\n%s", w, text)
		}
	}
}

// mustNotShow fails if any of not is on the screen.
func (s *screen) mustNotShow(not ...string) {
	s.t.Helper()
	text := s.text()
	for _, n := range not {
		if strings.Contains(text, n) {
			s.t.Errorf("the screen shows %q:\n%s", n, text)
		}
	}
}

const ms = plugins.Stamp(time.Millisecond)

// fixtureNow is a bit after the last event of the fixture.
const fixtureNow = 12_000*ms + 100*ms

// fixtureSource is the script of the fixture.
const fixtureSource = `local disk = workbench.memory("disk", 16 * 1024 * 1024)

function get_size(h) return disk:size() end
function pread(h, count, offset) return disk:pread(count, offset) end

function pwrite(h, buf, offset)
  if offset >= 0x100000 then nbdkit.set_error("EFBIG"); error("disk full") end
  disk:pwrite(buf, offset)
end
`

// fixture returns a log of some seconds in the life of a disk: two generations,
// two clients, one of which is gone, some requests that fail.
func fixture() (*recordings.Log, *fakeBench) {
	log := recordings.NewLog(4 << 20)
	call := func(at plugins.Stamp, gen uint32, cb plugins.Callback, took time.Duration) {
		log.Append(recordings.Event{
			Kind: recordings.Callback, Callback: cb, Generation: gen, Front: plugins.FrontNBD, Conn: 1,
			Times: plugins.Times{Received: at, Started: at, Done: at + plugins.Stamp(took), InCallback: took},
		}, "", nil)
	}
	fact := func(at plugins.Stamp, k recordings.Kind, conn uint32, length uint64, text string) {
		log.Append(recordings.Event{
			Kind: k, Front: plugins.FrontNBD, Conn: conn, Length: length, Times: plugins.Times{Received: at},
		}, text, nil)
	}
	call(1*ms, 1, plugins.Load, 12*time.Microsecond)
	call(2*ms, 1, plugins.Config, 8*time.Microsecond)
	call(3*ms, 1, plugins.GetReady, 90*time.Microsecond)
	log.Append(recordings.Event{
		Kind: recordings.Reload, Generation: 1, Times: plugins.Times{Received: 4 * ms},
	}, "loaded examples/disk.lua", nil)
	fact(900*ms, recordings.Connect, 1, 0, "unix:/tmp/wb/nbd.sock pid 4711")
	fact(901*ms, recordings.Negotiate, 1, 0, "STRUCTURED_REPLY")
	fact(902*ms, recordings.Negotiate, 1, 0, `SET_META_CONTEXT "": base:allocation`)
	fact(903*ms, recordings.Negotiate, 1, 0, `GO "": 16777216 bytes, HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES, SEND_DF; block sizes 1, 4096, 33554432`)
	call(904*ms, 1, plugins.Open, 21*time.Microsecond)
	call(904*ms, 1, plugins.GetSize, 3*time.Microsecond)
	call(905*ms, 1, plugins.CanWrite, 2*time.Microsecond)
	fact(906*ms, recordings.Opened, 1, 16<<20, "")
	fact(1000*ms, recordings.Connect, 2, 0, "127.0.0.1:50410")
	fact(1003*ms, recordings.Opened, 2, 16<<20, "data")

	for i := range 400 {
		at := 2000*ms + plugins.Stamp(i)*25*ms
		r := request(i, at)
		text := ""
		if i == 399 {
			r.Op, r.Offset, r.Length, r.Errno = plugins.OpWrite, 0x100000, 4096, uint16(syscall.EFBIG)
			r.Callback = plugins.Pwrite
			r.Flags = plugins.FlagFUA
			text = "pwrite: disk.lua:7: disk full"
			log.Append(recordings.Event{
				Kind: recordings.Output, Front: r.Front, Conn: r.Conn, Cookie: r.Cookie, Callback: plugins.Pwrite,
				Generation: r.Generation, Times: plugins.Times{Received: r.Started + 1},
			}, "write beyond the end: 0x100000", nil)
		}
		if i%90 == 7 {
			log.Append(recordings.Event{
				Kind: recordings.Output, Front: r.Front, Conn: r.Conn, Cookie: r.Cookie, Callback: r.Op.Callback(),
				Generation: r.Generation, Times: plugins.Times{Received: r.Started},
			}, fmt.Sprintf("block %d is cold", r.Offset/4096), nil)
		}
		if i == 200 {
			log.Append(recordings.Event{
				Kind: recordings.Reload, Generation: 2,
				Times: plugins.Times{Received: at, Started: at - 3*ms, Done: at},
			}, "generation 2 serves; the gate was closed for 3ms", nil)
			fact(at, recordings.Disconnect, 2, 0, "in peace")
		}
		log.Append(r, text, []byte("\xeb\x3c\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x00\x80 Hello, disk! \x1b[31m"))
	}
	status := host.Status{
		State: host.Serving, Path: "examples/disk.lua", Language: "lua",
		Params:     []plugins.Param{{Key: "size", Value: "16M"}, {Key: "latency", Value: "200us"}},
		Generation: 2, ThreadModel: plugins.SerializeRequests, Source: fixtureSource, Watching: true,
		Callbacks: []plugins.Callback{plugins.Open, plugins.GetSize, plugins.Pread, plugins.Pwrite, plugins.Flush,
			plugins.Trim, plugins.Zero, plugins.Extents, plugins.Close},
		Reloads: 1, Closed: host.ClosedTimes{Last: 3 * time.Millisecond, Longest: 3 * time.Millisecond}, Handles: 1,
	}
	return log, &fakeBench{status: status}
}

// request returns the fixture's request i.
func request(i int, at plugins.Stamp) recordings.Event {
	e := recordings.Event{
		Kind: recordings.Request, Front: plugins.FrontNBD, Conn: uint32(1 + i%2), Cookie: uint64(1000 + i), Generation: 1,
		Op: plugins.OpRead, Offset: uint64(i%64) * 4096, Length: 4096,
	}
	if i >= 200 {
		e.Conn, e.Generation = 1, 2
	}
	switch {
	case i%7 == 3:
		e.Op, e.Length = plugins.OpWrite, 64<<10
	case i%31 == 5:
		e.Op, e.Flags = plugins.OpZero, plugins.FlagMayTrim
	case i%50 == 9:
		e.Op, e.Offset, e.Length = plugins.OpFlush, 0, 0
	case i%41 == 2:
		e.Op, e.Length, e.Flags = plugins.OpExtents, 1<<20, plugins.FlagReqOne
	}
	took := time.Duration(20+i*37%90) * time.Microsecond
	if i%97 == 50 {
		took *= 100
	}
	e.Times = plugins.Times{
		Received: at, Started: at + 4000, Done: at + 4000 + plugins.Stamp(took), InCallback: took,
		Replied: at + 9000 + plugins.Stamp(took),
	}
	return e
}

// fixtureOptions are the options of the fixture's screen.
func fixtureOptions() Options {
	return Options{URI: "nbd+unix:///?socket=/tmp/wb/nbd.sock", Mount: "/mnt/disk"}
}

// refuse makes the fixture's host one that has refused a reload.
func (b *fakeBench) refuse() {
	err := &plugins.Error{File: "examples/disk.lua", Line: 7, Column: 6, Msg: "syntax error near 'offset'"}
	b.status.Problem = err
	b.status.Excerpt = err.Excerpt(fixtureSource)
	b.status.Refused = fixtureSource
	b.status.Refusals++
}
