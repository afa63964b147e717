package replay

import (
	"context"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// survey reads rec through and returns where its connections are, and how long it is.
func survey(ctx context.Context, rec recordings.Recording) (map[connID]presence, time.Duration, error) {
	found := map[connID]presence{}
	var start, last plugins.Stamp
	p := newPlan(rec)
	for e := p.read(); e != nil; e = p.read() {
		if e.Seq%1024 == 0 && ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		isRequest := e.Kind == recordings.Request
		if !isRequest && (e.Kind != recordings.Opened || e.Failed()) {
			continue
		}
		if start == 0 {
			start = e.Received
		}
		last = later(last, later(e.Received, e.Replied))
		at, there := found[connOf(e)]
		if !there {
			at.first = e.Seq
		}
		at.end = e.Seq + 1
		if !isRequest {
			opened := *e
			at.opened = &opened
		}
		found[connOf(e)] = at
	}
	return found, last.Sub(start), nil
}
