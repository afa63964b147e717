package host

import (
	"context"
	"fmt"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// The bounds of a shadow check.
const (
	shadowReads = 32                     // reads that are tried at most
	shadowBytes = 64 << 10               // of each
	shadowScan  = 2048                   // events that are looked through for them
	shadowTime  = 250 * time.Millisecond // for all of them, on both generations
)

// shadowCheck tries the reads that clients made last on the new generation and
// on the one that serves, and returns what differs. That refuses nothing: it is
// what an edit is for, or a mistake, and only a person knows.
//
// It is left out where it would mislead: if a script carries its state over,
// which the new one does not have yet, and if one has reads that should not be
// made without need, and says so by shadow_check = false.
func (h *Host) shadowCheck(ctx context.Context, s *swap) []string {
	for _, g := range []*generation{s.old, s.next} {
		if g.instance.Defines(plugins.BeforeReload) || g.instance.Defines(plugins.AfterReload) || strings.EqualFold(g.instance.Setting("shadow_check"), "false") {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, shadowTime)
	defer cancel()
	checked, differing := 0, 0
	var notes []string
	check := func(d *handle, inner plugins.Handle) {
		defer d.lent.Done()
		for _, r := range h.recentReads(d) {
			diff := shadowRead(ctx, d.inner, inner, r)
			if diff != "" { // perhaps a client wrote between the two
				diff = shadowRead(ctx, d.inner, inner, r)
			}
			if ctx.Err() != nil {
				return
			}
			checked++
			if diff != "" {
				if differing++; differing == 1 {
					notes = append(notes, fmt.Sprintf("READ %#x %d of %s now %s", r.Offset, r.Length, nameOf(d.params), diff))
				}
			}
		}
	}
	for d, inner := range s.opened {
		if inner != nil && d.lend() {
			check(d, inner)
		}
	}
	if differing > 0 {
		notes = append(notes, fmt.Sprintf("%d of the last %d reads differ from generation %d", differing, checked, s.old.number))
	}
	return notes
}

// recentReads returns the last reads of d's connection that worked, the newest
// first, each range once.
func (h *Host) recentReads(d *handle) []plugins.Request {
	type span struct{ offset, length uint64 }
	seen := map[span]bool{}
	var out []plugins.Request
	events := make([]recordings.Event, 256)
	_, next := h.opts.Log.Bounds()
	for from := next; from > 0 && next-from < shadowScan && len(out) < shadowReads; {
		to := from
		from -= min(from, uint64(len(events)))
		n := h.opts.Log.Read(events[:to-from], from)
		for i := n - 1; i >= 0 && len(out) < shadowReads; i-- {
			e := &events[i]
			if e.Kind != recordings.Request || e.Op != plugins.OpRead || e.Failed() || e.Front != d.params.Front || e.Conn != d.params.Conn {
				continue
			}
			at := span{e.Offset, min(e.Length, shadowBytes)}
			if !seen[at] {
				seen[at] = true
				out = append(out, plugins.Request{Op: plugins.OpRead, Offset: at.offset, Length: at.length, Origin: plugins.Origin{Front: e.Front, Conn: e.Conn}})
			}
		}
	}
	return out
}

// shadowRead makes one read on both, and says in what the second answer differs
// from the first, "" if in nothing.
func shadowRead(ctx context.Context, old, next plugins.Handle, r plugins.Request) string {
	again := r
	wasErr, nowErr := old.Do(ctx, &r), next.Do(ctx, &again)
	was, now := r.Data, again.Data
	switch {
	case nowErr != nil && wasErr == nil:
		return fmt.Sprintf("fails: %v", nowErr)
	case nowErr == nil && wasErr != nil:
		return "no longer fails"
	case nowErr != nil:
		return ""
	}
	for i := range min(len(was), len(now)) {
		if was[i] != now[i] {
			return fmt.Sprintf("differs from byte %d on: %#02x was %#02x", i, now[i], was[i])
		}
	}
	return ""
}
