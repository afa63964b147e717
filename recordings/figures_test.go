package recordings

import (
	"slices"
	"testing"
	"time"

	"workbench/plugins"
)

// TestFigures: they are those of a log, and a copy stays as it is.
func TestFigures(t *testing.T) {
	log := NewLog(1 << 16)
	var f Figures
	for i := range uint64(200) {
		e := request(i)
		e.Generation, e.InCallback = uint32(1+i/100), time.Duration(i)*time.Microsecond
		if i%3 == 0 {
			e = Event{Kind: Callback, Callback: plugins.Open, Generation: e.Generation, Times: e.Times}
		}
		log.Append(e, "", nil)
		f.Add(&e)
	}
	want := log.Stats()
	if got := f.Stats(); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	c := f.Clone()
	e := request(1)
	e.Generation, e.InCallback = 1, time.Hour
	f.Add(&e)
	if got := c.Stats(); !slices.Equal(got, want) {
		t.Errorf("the copy changed: %+v\nwant %+v", got, want)
	}
	if slices.Equal(f.Stats(), want) {
		t.Error("nothing was added")
	}
	c.Add(&e)
	if got := c.Stats(); !slices.Equal(got, f.Stats()) {
		t.Errorf("%+v\nwant %+v", got, f.Stats())
	}
}
