package tui

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

func mustFilter(text string) *recordings.Filter {
	f, err := recordings.ParseFilter(text)
	if err != nil {
		panic(err)
	}
	return f
}

// fixtureList is a checklist like that of the tour.
func fixtureList() *Checklist {
	return &Checklist{
		Title: "tour",
		Intro: "Two clients read and write a disk that this script answers for.",
		Steps: []Step{
			{"Change the script and save it; the clients stay connected", "e opens /tmp/workbench/disk.lua", mustFilter("reload gen>2 !err")},
			{"Hold a request, look at it, and let it go", "p holds, 5 shows them, A lets all go, p ends it", mustFilter("request held")},
			{"Have writes fail by a rule", "i, then: op:write => fail ENOSPC", mustFilter(`request ruled err "=> fail"`)},
		},
	}
}

// TestTourTicks: each step is ticked by what it asks for, and by nothing else.
func TestTourTicks(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
		log, bench := fixture()
		o := fixtureOptions()
		o.Checklist = fixtureList()
		s := newScreen(t, size[0], size[1], log, bench, o)
		done := func(want ...bool) {
			t.Helper()
			s.pulse()
			for i, w := range want {
				if s.app.tour.done[i] != w {
					t.Errorf("step %d: done %v, want %v", i+1, s.app.tour.done[i], w)
				}
			}
		}
		done(false, false, false) // the fixture has reloads and failures of its own
		s.mustShow("0 of 3", "e opens /tmp/workbench/disk.lua")
		reload := recordings.Event{Kind: recordings.Reload, Generation: 2, Errno: uint16(syscall.EINVAL), Times: plugins.Times{Received: s.now}}
		log.Append(reload, "refused", nil)
		held := request(1, s.now)
		log.Append(recordings.Event{Kind: recordings.Hold, Op: plugins.OpRead, Times: held.Times}, "held: rule 1", nil)
		ruled := held
		ruled.Fate = plugins.Ruled
		log.Append(ruled, "", nil) // delayed
		ruled.Errno = uint16(syscall.EIO)
		log.Append(ruled, "disk.lua:3: EIO", nil) // delayed, and the script failed
		done(false, false, false)

		held.Fate = plugins.Held | plugins.Ruled
		log.Append(held, "", nil)
		done(false, true, false)
		s.mustShow("1 of 3")
		reload.Generation, reload.Errno = 3, 0
		log.Append(reload, "generation 3 serves", nil)
		done(true, true, false)
		s.mustShow("2 of 3", "op:write => fail ENOSPC")
		log.Append(ruled, "rule 1: op:write => fail EIO", nil)
		done(true, true, true)
		s.mustShow("✓ all done")
	}
}

// TestTourFolds: the card leaves the panels more room.
func TestTourFolds(t *testing.T) {
	log, bench := fixture()
	o := fixtureOptions()
	o.Checklist = fixtureList()
	s := newScreen(t, 80, 24, log, bench, o)
	rows := func() int { return strings.Count(s.text(), "\n┃") }
	high := rows()
	s.press("H")
	s.mustShow("H unfolds this", "Change the script")
	s.mustNotShow("e opens")
	if rows() <= high {
		t.Errorf("folded %d rows for requests, before %d", rows(), high)
	}
	s.press("H")
	s.mustShow("e opens")
}

func TestTourGolden(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
		log, bench := fixture()
		o := fixtureOptions()
		o.Checklist = fixtureList()
		s := newScreen(t, size[0], size[1], log, bench, o)
		held := request(1, s.now)
		held.Fate = plugins.Held
		log.Append(held, "", nil)
		s.pulse()
		s.golden(t, fmt.Sprintf("tour-%dx%d", size[0], size[1]))
	}
}
