package export

import (
	"bufio"
	"fmt"

	"workbench/plugins"
	"workbench/recordings"
)

// fioDisk is the name of the file in an iolog: fio's --replay_redirect puts any
// other in its place.
const fioDisk = "disk"

// fioFirst is the time of the first request: after one at 0, fio 3.33 does not
// wait for the second.
const fioFirst = 1

// fioActions says what fio does for a request. It has no word for a zero, whose
// nearest likeness is a write of as many bytes, and none for a cache or a
// question about extents, which are left out.
var fioActions = [...]string{
	plugins.OpRead:  "read",
	plugins.OpWrite: "write",
	plugins.OpFlush: "sync",
	plugins.OpTrim:  "trim",
	plugins.OpZero:  "write",
}

// A fioLog writes an iolog of version 3: requests in the order in which they came,
// with the microseconds since the first one, as fio 3.33 reads and writes them.
type fioLog struct {
	w     *bufio.Writer
	begun bool
	start plugins.Stamp
	last  int64 // microseconds of the last line
}

func newFio(w *bufio.Writer, _ recordings.Recording, _ Options) encoder { return &fioLog{w: w} }

func (f *fioLog) encode(m *moment) error {
	if m.end || !m.picked || !m.isRequest() || int(m.Op) >= len(fioActions) {
		return nil
	}
	offset, length := m.Offset, m.Length
	if m.Op == plugins.OpFlush {
		offset, length = 0, 0 // fio takes anything else for a sync that was cut short
	} else if length == 0 {
		return nil // nothing to do, and fio would stop at it
	}
	if err := f.open(m.at); err != nil {
		return err
	}
	f.last = max(f.last, fioFirst+m.at.Sub(f.start).Microseconds()) // one that is told late does not turn the time back
	_, err := fmt.Fprintf(f.w, "%d %s %s %d %d\n", f.last, fioDisk, fioActions[m.Op], offset, length)
	return err
}

// open writes the head of the file, once.
func (f *fioLog) open(at plugins.Stamp) error {
	if f.begun {
		return nil
	}
	f.begun, f.start = true, at
	_, err := fmt.Fprintf(f.w, "fio version 3 iolog\n0 %[1]s add\n0 %[1]s open\n", fioDisk)
	return err
}

func (f *fioLog) close() error {
	if err := f.open(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f.w, "%d %s close\n", f.last, fioDisk)
	return err
}
