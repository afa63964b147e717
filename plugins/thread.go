package plugins

import (
	"context"
	"fmt"
)

// A ThreadModel says how many callbacks may run at once. The numbers are
// nbdkit's (NBDKIT_THREAD_MODEL_*); a smaller one is tighter.
type ThreadModel uint8

// The thread models.
const (
	SerializeConnections ThreadModel = iota // one client at a time
	SerializeAllRequests                    // one request at a time
	SerializeRequests                       // one request at a time on each connection
	Parallel                                // as many as there are
)

var threadModelNames = [...]string{
	"serialize_connections", "serialize_all_requests", "serialize_requests", "parallel",
}

// String returns nbdkit's word for m: "serialize_all_requests".
func (m ThreadModel) String() string {
	if int(m) < len(threadModelNames) {
		return threadModelNames[m]
	}
	return fmt.Sprintf("thread model %d", uint8(m))
}

// A lane lets one goroutine pass at a time and, unlike a mutex, can be given up
// waiting for. The nil lane lets everybody pass.
type lane chan struct{}

func newLane() lane { return make(lane, 1) }

// enter waits for the lane; it fails with ctx's error when ctx ends first.
func (l lane) enter(ctx context.Context) error {
	if l == nil {
		return nil
	}
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l lane) leave() {
	if l != nil {
		<-l
	}
}
