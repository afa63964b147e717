package replay

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// Diff compares two recordings. Connections belong together by their front end
// and number, and on each of them requests by operation, offset, length and
// flags, in the order in which they came; the most that can be paired is. Of
// the options, Limit and Progress count. The error is one of reading, or ctx's.
//
// Each recording is read once for the connections, and then, for each of them,
// the part in which it was there.
func Diff(ctx context.Context, a, b recordings.Recording, o Options) (*Report, error) {
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	d := &differ{tally: tally{limit: o.Limit}, a: a, b: b}
	for i, rec := range []recordings.Recording{a, b} {
		if h := rec.Header(); h.Filter != "" {
			d.Notes = append(d.Notes, fmt.Sprintf("of the %s, only what matches %q was recorded", [...]string{"first", "second"}[i], h.Filter))
		}
	}
	was, took, err := survey(ctx, a)
	if err != nil {
		return d.finish(), err
	}
	d.Recorded = took
	is, took, err := survey(ctx, b)
	if err != nil {
		return d.finish(), err
	}
	d.Took = took
	d.Connections = uint64(len(was))
	d.Callbacks = pairCallbacks(a.Stats(), b.Stats())

	all := maps.Clone(was)
	maps.Copy(all, is)
	ids := slices.SortedFunc(maps.Keys(all), func(x, y connID) int {
		return cmp.Or(cmp.Compare(x.front, y.front), cmp.Compare(x.conn, y.conn))
	})
	for i, id := range ids {
		if o.Progress != nil {
			o.Progress(uint64(i), uint64(len(ids)))
		}
		d.open(was[id], is[id])
		align(feedOf(ctx, a, id, was[id]), feedOf(ctx, b, id, is[id]), d.pair)
		if ctx.Err() != nil {
			return d.finish(), context.Cause(ctx)
		}
		if d.failure != nil {
			return d.finish(), d.failure
		}
	}
	if o.Progress != nil {
		o.Progress(uint64(len(ids)), uint64(len(ids)))
	}
	return d.finish(), nil
}

// A differ is one comparison.
type differ struct {
	tally
	a, b    recordings.Recording
	failure error // the first of reading
}

// A presence is the part of a recording in which a connection was there.
type presence struct {
	first, end uint64
	opened     *recordings.Event // the disk that it opened last; nil = none
}

// open compares the disks of a connection.
func (d *differ) open(was, is presence) {
	if was.opened == nil || is.opened == nil || was.opened.Length == is.opened.Length {
		return
	}
	d.differ(Difference{
		Kind: Size, Event: *was.opened, Other: *is.opened,
		Was: Answer{Size: was.opened.Length}, Is: Answer{Size: is.opened.Length},
	})
}

// pair compares the answers to a request, or notes one that has no partner.
func (d *differ) pair(x, y *step) {
	if x != nil {
		d.Requests++
	}
	switch {
	case y == nil:
		d.differ(Difference{Kind: Missing, Event: x.event})
		return
	case x == nil:
		d.differ(Difference{Kind: Added, Event: y.event})
		return
	}
	d.Compared++
	e, f := &x.event, &y.event
	found := Difference{Kind: Errno, Event: *e, Other: *f, Was: Answer{Errno: e.Err()}, Is: Answer{Errno: f.Err()}}
	switch {
	case e.Errno != f.Errno:
		found.Was.Text, _ = d.a.Text(e)
		found.Is.Text, _ = d.b.Text(f)
		d.differ(found)
	case e.Op != plugins.OpWrite && (e.Op != plugins.OpRead || e.Failed()):
	case e.Sum == 0 || f.Sum == 0:
		d.left[NoSum]++
	case e.Sum != f.Sum:
		found.Kind = Data
		d.find(&found)
		d.differ(found)
	}
}

// find finds the first byte that differs, as far as both recordings have them.
func (d *differ) find(found *Difference) {
	was, whole, err := payload(d.a, &found.Event)
	is, other, err2 := payload(d.b, &found.Other)
	if err = cmp.Or(err, err2); err != nil && d.failure == nil {
		d.failure = err
	}
	if !whole || !other {
		n := min(len(was), len(is))
		was, is = was[:n], is[:n]
	}
	found.place(was, is, firstDifference(was, is, found.Event.Offset, &spans{}))
}

// payload returns what there is of the bytes of e, and whether it is all.
func payload(rec recordings.Recording, e *recordings.Event) (data []byte, whole bool, err error) {
	data, whole, err = rec.Payload(e)
	if err != nil {
		return nil, false, fmt.Errorf("the data of request %d: %w", e.Seq, err)
	}
	if !whole {
		data, _ = rec.Data(e)
	}
	return data, whole, nil
}

// feedOf returns the requests of a connection.
func feedOf(ctx context.Context, rec recordings.Recording, id connID, part presence) *feed {
	p := newPlan(rec)
	p.next, p.end = part.first, part.end
	p.asked = true
	p.only = &id
	return &feed{next: func() *step {
		for ctx.Err() == nil {
			s := p.step()
			if s == nil || s.event.Kind == recordings.Request {
				return s
			}
		}
		return nil
	}}
}
