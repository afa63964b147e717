package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"workbench/plugins"
	"workbench/recordings"
)

// filteredRows returns how many rows the list has.
func (s *screen) filteredRows() int { return s.app.requests.list.next - s.app.requests.list.first }

// typed presses the keys of a text, blanks and all.
func typed(text string) string {
	var keys []string
	for _, r := range text {
		if r == ' ' {
			keys = append(keys, "space")
			continue
		}
		keys = append(keys, string(r))
	}
	return strings.Join(keys, " ")
}

func TestFilter(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("/ o p : w")
	s.mustShow("✗ column 4:", "/ op:w▏", "write", "bytes are written")
	s.press("r i t e space e r r")
	s.mustShow("✓ enter shows the requests that match")
	s.press("enter")
	s.mustShow("▽ filter: op:write err · 1 of 400", "EFBIG", "↓ following · 1 ")
	s.mustNotShow("READ ", "/ op")

	s.more(10) // none of which fails
	s.mustShow("filter: op:write err · 1 of 410")
	e := request(0, s.now)
	e.Op, e.Errno = plugins.OpWrite, 5
	s.log.Append(e, "", nil)
	s.pulse()
	s.mustShow("filter: op:write err · 2 of 411", "✗ EIO")

	s.press("/") // the text is recalled
	s.mustShow("/ op:write err▏")
	s.press("x esc")
	s.mustShow("filter: op:write err · 2 of 411")
	s.press("/ ctrl+u")
	s.mustShow("✓ enter shows all requests")
	s.press("enter")
	s.mustNotShow("filter:")
	if s.filteredRows() != 411 {
		t.Errorf("%d rows without a filter", s.filteredRows())
	}
	s.press("/ up")
	s.mustShow("/ op:write err▏")
	s.press("down")
	s.mustShow(" / ▏")
}

// TestFilterPicks: the rows are those that match, whatever was said when.
func TestFilterPicks(t *testing.T) {
	for _, text := range []string{"op:write", "read len:4k", "conn:2", "gen:2 dur>1ms", "!read", "off:0..1M", "op:trim", `"disk full"`, "data:eb3c"} {
		log, bench := fixture()
		s := newScreen(t, 120, 40, log, bench, fixtureOptions())
		s.press("/ " + typed(text) + " enter")
		f, err := recordings.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		check := func(when string) {
			t.Helper()
			want := 0
			first, next := s.app.scene.requests.bounds()
			for n := first; n < next; n++ {
				e, ok := readRequest(&s.app.scene, s.app.scene.requests.seq(n))
				if ok && f.Match(&e, log) {
					want++
				}
			}
			if got := s.filteredRows(); got != want {
				t.Errorf("%s, %s: %d rows, want %d", text, when, got, want)
			}
		}
		check("at once")
		s.more(200)
		check("with more")
		s.press("space")
		s.more(100)
		check("while paused")
		s.press("/ esc space")
		check("going on")
	}
}

// TestFilterWhilePaused: a filter can be set and changed while the screen stands still.
func TestFilterWhilePaused(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("space")
	s.more(50)
	s.press("/ " + typed("op:read") + " enter")
	paused := s.filteredRows()
	s.mustShow("paused, 50 new", "filter: op:read", " of 400")
	s.press("space")
	s.mustShow(" of 450")
	if s.filteredRows() <= paused {
		t.Errorf("%d rows after the pause, %d in it", s.filteredRows(), paused)
	}
}

// TestFilterKeepsSelection: what is selected stays so, or the last before it.
func TestFilterKeepsSelection(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	selected := func() recordings.Event {
		e, _ := readRequest(&s.app.scene, s.app.requests.index(&s.app.scene).seq(s.app.requests.list.selected))
		return e
	}
	s.press("g " + strings.Repeat("j ", 45)) // 3 + 6*7: a write
	before := selected()
	if before.Op != plugins.OpWrite {
		t.Fatalf("the fixture has a %v there", before.Op)
	}
	s.press("/ " + typed("write") + " enter")
	if got := selected(); got != before {
		t.Errorf("%+v is selected, want %+v", got, before)
	}
	s.mustNotShow("new ·")
	s.press("/ ctrl+u " + typed("read") + " enter")
	if got := selected(); got.Op != plugins.OpRead || got.Seq >= before.Seq || got.Seq+4 < before.Seq {
		t.Errorf("event %d is selected, want the read before %d", got.Seq, before.Seq)
	}
	last := selected()
	s.press("/ ctrl+u enter")
	if got := selected(); got != last {
		t.Errorf("%+v is selected, want %+v", got, last)
	}
	s.press("enter")
	s.mustShow(fmt.Sprintf("cookie       0x%x", last.Cookie))
	s.press("esc / " + typed("fast_zero") + " enter")
	s.mustShow("No request matches the filter", "0 of 400")
	s.press("enter")
	if s.app.detail != nil {
		t.Error("enter opened a request though none has a row")
	}
}

// TestFilterFollowsRing: requests that the log dropped leave the list.
func TestFilterFollowsRing(t *testing.T) {
	log := recordings.NewLog(1) // 16 events
	_, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("/ " + typed("read") + " enter")
	for i := range 300 {
		s.log.Append(request(i, s.now), "", nil)
		s.pulse()
	}
	reads := 0
	for i := 284; i < 300; i++ {
		if request(i, 0).Op == plugins.OpRead {
			reads++
		}
	}
	if s.filteredRows() != reads {
		t.Errorf("%d rows, want %d", s.filteredRows(), reads)
	}
	s.mustShow(fmt.Sprintf("%d of 16", reads), "last ")
	s.press("space")
	s.more(100) // all that was seen is gone
	s.press("/ " + typed(" 4k") + " ctrl+u " + typed("write") + " enter space")
	s.mustShow(" of 16")
}

// TestFilterInPieces: a long log is searched while keys are answered.
func TestFilterInPieces(t *testing.T) {
	const total = 5*searchSize + 100
	log := recordings.NewLog(64 << 20)
	for i := range total {
		log.Append(request(i, ms), "", nil)
	}
	_, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	for _, next := s.app.live.requests.bounds(); next < total; _, next = s.app.live.requests.bounds() {
		s.pulse()
	}
	s.press("/ " + typed("flush"))
	_, cmd := s.app.Update(keyMsg("enter"))
	s.mustShow("% searched", "following")
	steps := 0
	for ; cmd != nil; steps++ {
		before := s.filteredRows()
		if steps == 1 { // a key between two pieces starts no second search
			if _, second := s.app.Update(keyMsg("k")); second != nil {
				t.Error("two searches are under way")
			}
		}
		_, cmd = s.app.Update(cmd())
		if s.filteredRows() < before {
			t.Errorf("%d rows, %d before", s.filteredRows(), before)
		}
	}
	if steps < 4 || steps > 6 {
		t.Errorf("%d steps", steps)
	}
	s.mustNotShow("searched")
	want := 0
	for i := range total {
		if request(i, 0).Op == plugins.OpFlush {
			want++
		}
	}
	s.mustShow(fmt.Sprintf("%s of %s", grouped(want), grouped(total)))
}

func TestPromptKeys(t *testing.T) {
	for _, tt := range []struct{ keys, want string }{
		{"o p", "op▏"},
		{"a b left c", "ac▏b"},
		{"a b home c", "c▏ab"},
		{"a b home right right right c end d", "abcd▏"},
		{"a é backspace b", "ab▏"},
		{"backspace a", "a▏"},
		{typed("err op:read") + " ctrl+w x", "err x▏"},
		{typed("err ") + " left ctrl+u", "▏"},
		{"q ? j", "q?j▏"},
		{"f l tab", "flag:▏"},
		{"f l tab tab tab", "flag:may_trim▏"},
		{"f l tab shift+tab tab", "flag:fua▏"},
		{"op:w tab space e tab", "op:write err:▏"},
		{"x y tab", "xy▏"},
		{"up down a", "a▏"},
	} {
		log, bench := fixture()
		s := newScreen(t, 80, 24, log, bench, fixtureOptions())
		s.press("/ " + tt.keys)
		if rows := strings.Split(s.text(), "\n"); strings.TrimSpace(rows[len(rows)-2]) != "/ "+tt.want {
			t.Errorf("%q gives %q, want %q", tt.keys, rows[len(rows)-2], tt.want)
		}
	}
}

// TestPromptTakesPasted: a text that is pasted or typed at once is text.
func TestPromptTakesPasted(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("/op:read")
	s.mustShow("/ op:read▏")
	s.send(pasteMsg("\nlen>=4k\x1b\t" + hostile))
	s.mustShow("/ op:read len>=4k ")
	if strings.ContainsAny(s.app.View(), "\x1b\x07") {
		t.Error("an escape sequence reached the terminal")
	}
	s.press("ctrl+c")
	s.mustShow("Quit?")
	s.press("esc esc")
	s.mustNotShow("op:read len")
	s.press("/")
	s.send(pasteMsg(strings.Repeat("long ", 10_000)))
	s.mustShow(" / ▏") // of a paste beyond any sense nothing is taken
	s.send(pasteMsg(strings.Repeat("long ", 50) + "end"))
	s.mustShow("/ …", " long long end▏")
}

// TestPromptHasNoLetters: what can be typed is no key of a command.
func TestPromptHasNoLetters(t *testing.T) {
	for _, c := range commands() {
		for _, k := range c.keys {
			if c.where&inPrompt != 0 && len([]rune(k)) == 1 {
				t.Errorf("%s has the key %q", c.id, k)
			}
		}
	}
}

// TestFilterColours: what is wrong is in the ink of errors, and says so without it.
func TestFilterColours(t *testing.T) {
	log, bench := fixture()
	s := newColouredScreen(t, 80, 24, log, bench, fixtureOptions(), termenv.TrueColor)
	inkOf := func(keys string) string {
		s.press(keys)
		rows := strings.Split(s.app.View(), "\n")
		row := rows[len(rows)-2]
		return row[strings.Index(row, "/"):]
	}
	if row := inkOf("/ o p : b a d"); !strings.Contains(row, s.app.scene.bad.on+"b") || strings.Contains(row, s.app.scene.bad.on+"o") {
		t.Errorf("not the value alone is to blame: %q", row)
	}
	if row := inkOf("ctrl+u o p : r e a d"); !strings.Contains(row, s.app.scene.good.on+"o") || !strings.Contains(ansi.Strip(row), "op:read") {
		t.Errorf("not the ink of what is right: %q", row)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// BenchmarkSearch looks at one piece of the log, which a key may have to wait for.
func BenchmarkSearch(b *testing.B) {
	log := recordings.NewLog(64 << 20)
	for i := range 4 * searchSize {
		log.Append(request(i, ms), "some text", []byte("some data"))
	}
	_, bench := fixture()
	for _, text := range []string{"op:write err", "dur>1ms | off:1M..2M", `"full"`, "data:55aa"} {
		b.Run(text, func(b *testing.B) {
			s := newScreen(b, 80, 24, log, bench, fixtureOptions())
			f, err := recordings.ParseFilter(text)
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			for b.Loop() {
				s.app.requests.pick(&s.app.scene, text, f)
				s.app.requests.search(&s.app.scene)
			}
			b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/searchSize, "ns/event")
		})
	}
}
