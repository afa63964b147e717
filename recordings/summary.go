package recordings

import (
	"context"
	"errors"
	"time"
)

// A Tally counts requests.
type Tally struct {
	Requests uint64
	Failed   uint64 // of them
}

// add counts e, if it is a request.
func (t *Tally) add(e *Event) {
	if e.Kind != Request {
		return
	}
	t.Requests++
	if e.Failed() {
		t.Failed++
	}
}

// A Summary is what a list of recordings says of one.
type Summary struct {
	Path    string
	Size    int64 // of the file
	Header  Header
	Events  uint64
	Length  time.Duration // from the first event to the last
	Missing string        // as [File.Missing] has it

	// Tally counts the requests, if Counted: a recording that was not closed says
	// not how many it has, and is read for them only as far as was asked.
	Tally
	Counted bool
}

// Summarize opens the recording at path for a summary. To count the requests of
// one that does not say, it reads up to so many events.
func Summarize(ctx context.Context, path string, most uint64) (s Summary, err error) {
	f, err := OpenFile(path)
	if err != nil {
		return Summary{Path: path}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	first, next := f.Bounds()
	begin, end := f.Times()
	s = Summary{Path: path, Size: f.size, Header: f.header, Events: next - first, Length: end.Sub(begin), Missing: f.Missing()}
	switch {
	case f.tally != nil:
		s.Tally, s.Counted = *f.tally, true
	case s.Events <= most:
		if s.Tally, err = f.count(ctx); err != nil {
			return s, err
		}
		s.Counted, s.Missing = true, f.Missing() // it may be damaged
	}
	return s, nil
}

// count reads all events.
func (f *File) count(ctx context.Context) (t Tally, err error) {
	events := make([]Event, 1024)
	for from, _ := f.Bounds(); ; {
		if ctx.Err() != nil {
			return t, context.Cause(ctx)
		}
		n := f.Read(events, from)
		if n == 0 {
			return t, nil
		}
		for i := range events[:n] {
			t.add(&events[i])
		}
		from = events[n-1].Seq + 1
	}
}
