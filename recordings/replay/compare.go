package replay

import (
	"bytes"
	"fmt"
	"syscall"

	"github.com/cespare/xxhash/v2"

	"workbench/plugins"
	"workbench/recordings"
)

// A verdict is what a request's own goroutine finds out about the answer.
type verdict uint8

const (
	same verdict = iota
	noSum
	differs
	unjudged // it was not sent, or the recording could not be read
)

// compare holds the answer against the recorded one. It is not known yet what
// other requests may have disturbed.
func (x *sent) compare(rec recordings.Recording) {
	e := &x.event
	x.request.Extents = nil
	if e.Op != plugins.OpRead || x.meddled {
		x.request.Data = nil
	}
	switch {
	case x.meddled:
	case plugins.ErrnoOf(x.err) != e.Err():
		x.verdict = differs
	case e.Failed() || e.Op != plugins.OpRead:
	default:
		x.verdict, x.failure = sameData(rec, e, x.request.Data)
	}
	if x.verdict != differs {
		x.request.Data = nil
	}
}

// sameData compares what e moved with data.
func sameData(rec recordings.Recording, e *recordings.Event, data []byte) (verdict, error) {
	if e.Sum != 0 {
		if xxhash.Sum64(data) != e.Sum {
			return differs, nil
		}
		return same, nil
	}
	was, ok, err := rec.Payload(e)
	switch {
	case err != nil:
		return unjudged, fmt.Errorf("the data of request %d: %w", e.Seq, err)
	case !ok:
		return noSum, nil
	case !bytes.Equal(was, data):
		return differs, nil
	}
	return same, nil
}

// judge reports what differs in x, when nothing can disturb it any more.
func (r *runner) judge(x *sent) {
	e := &x.event
	switch {
	case x.verdict == unjudged:
		return
	case x.meddled:
		r.left[Meddled]++
		return
	case e.Err() == syscall.ESHUTDOWN || r.stopped && x.err != nil:
		r.left[Late]++
		return
	case x.verdict == noSum:
		r.left[NoSum]++
	}
	if x.verdict != differs {
		r.Compared++
		return
	}
	d := Difference{Kind: Errno, Event: *e}
	d.Was.Errno, d.Is = e.Err(), answerOf(x.err)
	d.Was.Text, _ = r.rec.Text(e)
	if d.Was.Errno == d.Is.Errno {
		d = Difference{Kind: Data, Event: *e}
		known, err := d.find(r.rec, x.request.Data, &x.unknown)
		if err != nil && r.failure == nil {
			r.failure = err
		}
		if !known {
			r.left[Unknown]++
			return
		}
	} else if e.Op.Writes() {
		r.unknown.add(x.reach())
	}
	r.Compared++
	r.differ(d)
}

// find finds the first byte that differs and is known; known is false if there
// is none. is are the bytes that came.
func (d *Difference) find(rec recordings.Recording, is []byte, unknown *spans) (known bool, err error) {
	e := &d.Event
	was, ok, err := rec.Payload(e)
	switch {
	case err != nil:
		return false, fmt.Errorf("the data of request %d: %w", e.Seq, err)
	case !ok && len(unknown.list) > 0:
		return false, nil // the hash is of all of it
	case !ok:
		was, _ = rec.Data(e) // the first bytes may be there
	}
	compared := is
	if !ok {
		compared = is[:min(len(was), len(is))]
	}
	at := firstDifference(was, compared, e.Offset, unknown)
	if at < 0 && ok {
		return false, nil
	}
	d.place(was, is, at)
	return true, nil
}

// place notes that was and is differ at a byte; -1 says that they, which are not
// all that was moved, do not.
func (d *Difference) place(was, is []byte, at int) {
	d.Exact = at >= 0
	if !d.Exact {
		at = len(was)
	}
	d.At = uint64(at)
	d.Was.Data, d.Is.Data = excerpt(was, at), excerpt(is, at)
}

// excerpt returns a copy of some bytes from at on.
func excerpt(data []byte, at int) []byte {
	at = min(at, len(data))
	return bytes.Clone(data[at:min(at+shownData, len(data))])
}

// firstDifference returns where was and is, which stand at offset on the disk,
// begin to differ in what is known, -1 if they do not.
func firstDifference(was, is []byte, offset uint64, unknown *spans) int {
	n := min(len(was), len(is))
	for at := 0; at < n; {
		if was[at] == is[at] {
			at += equalPrefix(was[at:n], is[at:n])
			continue
		}
		hidden := unknown.within(span{offset + uint64(at), offset + uint64(at) + 1})
		if len(hidden.list) == 0 {
			return at
		}
		i := unknown.find(offset + uint64(at))
		at = int(min(unknown.list[i].end-offset, uint64(n)))
	}
	if len(was) != len(is) {
		return n
	}
	return -1
}

// equalPrefix returns how many bytes a and b, which are of one length, have in
// common at their beginning.
func equalPrefix(a, b []byte) int {
	const piece = 4096
	n := 0
	for len(a)-n >= piece && bytes.Equal(a[n:n+piece], b[n:n+piece]) {
		n += piece
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// answerOf returns what err tells.
func answerOf(err error) Answer {
	if err == nil {
		return Answer{}
	}
	return Answer{Errno: plugins.ErrnoOf(err), Text: err.Error()}
}
