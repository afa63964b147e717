package tui

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// scriptBefore is what served before fixtureSource.
const scriptBefore = `local disk = workbench.memory("disk", 16 * 1024 * 1024)

function get_size(h) return disk:size() end
function pread(h, count, offset)
  return disk:pread(count, offset)
end

function pwrite(h, buf, offset)
  disk:pwrite(buf, offset)
end
`

// withPast is the fixture with the generation before, and some more that failed
// and was printed.
func withPast() (*recordings.Log, *fakeBench) {
	log, bench := fixture()
	bench.past = []recordings.Generation{{Number: 1, Text: scriptBefore}}
	for i := range 3 {
		e := request(400+i, 12_000*ms+plugins.Stamp(i)*20*ms)
		e.Op, e.Callback, e.Errno = plugins.OpWrite, plugins.Pwrite, uint16(syscall.EFBIG)
		log.Append(recordings.Event{
			Kind: recordings.Output, Op: e.Op, Front: e.Front, Conn: e.Conn, Cookie: e.Cookie, Callback: plugins.Pwrite, Offset: e.Offset,
			Generation: e.Generation, Times: plugins.Times{Received: e.Started + 1},
		}, "this write goes beyond the end, which is a long line that has no room in a narrow panel: "+strings.Repeat("0123456789", 8), nil)
		log.Append(e, "pwrite: disk.lua:7: disk full", nil)
	}
	return log, bench
}

// TestPanels draws the panels of the script, its callbacks and its output.
func TestPanels(t *testing.T) {
	for _, tt := range []struct {
		name, keys string
		change     func(*fakeBench)
	}{
		{name: "panel-script", keys: "3 z j j"},
		{name: "panel-script-facts", keys: "3 t"},
		{name: "panel-script-changes", keys: "3 u"},
		{name: "panel-callbacks", keys: "2 z > > > >"},
		{name: "panel-callbacks-side", keys: "2 u z"},
		{name: "panel-output", keys: "7 z k"},
		{name: "panel-refused", keys: "", change: (*fakeBench).refuse},
		{name: "panel-refused-facts", keys: "", change: (*fakeBench).refuseFacts},
	} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
			name := fmt.Sprintf("%s-%dx%d", tt.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				log, bench := withPast()
				if tt.change != nil {
					tt.change(bench)
				}
				s := newScreen(t, size[0], size[1], log, bench, fixtureOptions())
				s.press(tt.keys)
				s.golden(t, name)
			})
		}
	}
}

// refuseFacts makes the fixture's host one that has refused a reload because of its clients.
func (b *fakeBench) refuseFacts() {
	b.status.Problem = fmt.Errorf("nbd#1 is connected and cannot be told that the disk changed (size: 16777216 > 33554432): %w", host.ErrOtherDisk)
	b.status.Refusals++
}
