package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// TestStatsGolden: the figures at four sizes.
func TestStatsGolden(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
		name := fmt.Sprintf("stats-%dx%d", size[0], size[1])
		t.Run(name, func(t *testing.T) {
			log, bench := fixture()
			ruled(log)
			s := newScreen(t, size[0], size[1], log, bench, fixtureOptions())
			s.press(": " + typed("stats by op where len>0 | err") + " enter j")
			s.golden(t, name)
		})
	}
}

// TestStats: each group has as many requests as its filter picks, the groups have
// them all, and enter applies the filter.
func TestStats(t *testing.T) {
	for _, where := range []string{"", "gen:2", "op:write | err", `"disk full"`} {
		for i := range groupings {
			by := groupings[i].name
			text := "by " + by
			if where != "" {
				text += " where " + where
			}
			t.Run(text, func(t *testing.T) {
				log, bench := fixture()
				ruled(log)
				s := newScreen(t, 120, 40, log, bench, fixtureOptions())
				s.press("F ctrl+u " + typed(text) + " enter")
				p := s.app.calls.groups
				if p == nil || s.app.focus != callbacksPanel {
					t.Fatal("no figures are shown")
				}
				s.mustShow(text+" · ", "esc: the callbacks")
				f, err := recordings.ParseFilter(where)
				if err != nil {
					t.Fatal(err)
				}
				want, sum := 0, 0
				for _, seq := range s.rowSeqs() {
					if e, _ := readRequest(&s.app.scene, seq); f.Match(&e, log) {
						want++
					}
				}
				for i := range p.groups {
					g := &p.groups[i]
					if sum += int(g.count); g.p50 > g.p95 || g.p95 > g.p99 || g.p99 > g.max || g.failed > g.count {
						t.Errorf("%+v cannot be", g)
					}
					if g.filter == "" {
						continue
					}
					s.press("2 g " + strings.Repeat("j ", i) + "enter")
					if s.app.focus != requestsPanel || s.filteredRows() != int(g.count) {
						t.Errorf("%s: the filter %q picks %d, want %d", g.name, p.filterText(g), s.filteredRows(), g.count)
					}
				}
				if sum != want || int(p.requests) != want {
					t.Errorf("the groups have %d requests, want %d", sum, want)
				}
				s.press("2 esc")
				s.mustNotShow("esc: the callbacks")
			})
		}
	}
}

// TestStatsFigures: the figures of one group are those of its requests.
func TestStatsFigures(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("F ctrl+u " + typed("by op where op:write") + " enter")
	if len(s.app.calls.groups.groups) != 1 {
		t.Fatalf("%d groups", len(s.app.calls.groups.groups))
	}
	var want groupStats
	for _, seq := range s.rowSeqs() {
		if e, _ := readRequest(&s.app.scene, seq); e.Op.String() == "WRITE" {
			want.count++
			want.bytes += e.Length
			want.total += e.Duration()
			want.max = max(want.max, e.Duration())
			if e.Failed() {
				want.failed++
			}
		}
	}
	got := s.app.calls.groups.groups[0]
	if got.count != want.count || got.bytes != want.bytes || got.total != want.total || got.max != want.max || got.failed != want.failed {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestStatsPrompt: what is typed is completed, and what is wrong is said and blamed.
func TestStatsPrompt(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	for _, tt := range []struct{ typed, shows string }{
		{"", "by what? op, client,"},
		{"by colour", "there are no figures by colour: want op, client"},
		{"by op wher", "want where and a filter after by op, not wher"},
		{"by op where dur>", "dur"},
		{"by op where opp:read", "opp"},
		{"by op where err", "enter shows the figures in the panel callbacks, where enter filters"},
		{"by ge", "the generation of the script that answered"},
		{"by op w", "and a filter for the requests"},
		{"by op where le", "how much of the disk"},
	} {
		s.press("F ctrl+u " + typed(tt.typed))
		s.mustShow(tt.shows)
		s.press("esc")
	}
	s.press(": " + typed("stats by er") + " tab " + typed("where o") + " tab")
	if got, want := s.app.prompt.text, "stats by error where op:"; got != want {
		t.Errorf("completed to %q, want %q", got, want)
	}
	s.press("esc : " + typed("stats by op where opp:read"))
	p := s.app.prompt
	if at := p.blamed(); p.text[at[0]:min(at[1], len(p.text))] != "opp" {
		t.Errorf("%q is blamed", p.text[at[0]:at[1]])
	}
}

// TestStatsOfMany: groups beyond those that are kept are one, and what was stopped
// says so.
func TestStatsOfMany(t *testing.T) {
	log := recordings.NewLog(4 << 20)
	for i := range keptGroups + 50 {
		e := request(0, fixtureNow/2)
		e.Length = uint64(i + 1)
		log.Append(e, "", nil)
	}
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press("F ctrl+u " + typed("by length") + " enter G")
	s.mustShow("others", "250 requests")
	if g := s.app.calls.groups.selected(); g.name != "others" || g.count != 50 {
		t.Errorf("%+v", g)
	}
	s.press("enter") // no filter picks them
	if s.app.focus != callbacksPanel || s.app.requests.picked != nil {
		t.Error("a filter is applied")
	}
	s.press("esc")

	q, err := parseStats("by op")
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.app.addUp(q)
	s.press("esc") // before it has begun
	for _, c := range cmd().(tea.BatchMsg) {
		if msg := c(); msg != nil {
			s.send(msg)
		}
	}
	if s.app.calls.groups != nil || s.app.task != nil {
		t.Error("it was not stopped")
	}
	s.mustShow("figures by op: stopped")

	ctx, stop := context.WithCancel(t.Context())
	x := newGroupCount(q, s.app.scene.state)
	x.read(ctx, log, log, 0, keptGroups, func(done, _ uint64) { // the first piece is its last
		if stop(); done == 0 {
			t.Error("no progress")
		}
	})
	s.send(outcome{stats: newGroupedStats(x, ctx.Err() != nil)})
	s.mustShow(", stopped there")
}
