package recordings

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"workbench/plugins"
)

// How the recorder gathers events into blocks.
const (
	gatherTime  = 100 * time.Millisecond // what a killed program loses at most, and one block
	gatherBytes = 256 << 10              // of a block of events, before compression
	batchEvents = 256                    // copied from the log at once
)

// RecorderOptions say what a [Recorder] keeps. Log must be set.
type RecorderOptions struct {
	Log    *Log
	Filter *Filter // only what matches; nil: everything
}

// A Recorder writes the events of a [Log] to a file, beginning with the oldest
// that the log has. The log waits for it rather than drop what it has not read;
// when writing fails the recorder ends, says so in the log, and lets the log go on.
type Recorder struct {
	path    string
	opts    RecorderOptions
	policy  Policy
	follow  *follower
	writer  *blockWriter
	payload *payloadWriter

	stop context.CancelFunc // has run write what there is and end
	done chan struct{}      // closed when run has ended

	mu     sync.Mutex
	notes  []note          // not written yet; guarded by mu
	names  map[string]bool // of the exports that were noted; guarded by mu
	status RecorderStatus  // guarded by mu

	// The block that is being gathered, and what was before. Only run uses them.
	batch batch
	head  blockHead
	body  []byte
	coder eventCoder
	next  uint64 // the number of the next event in the file
	stats statistics
}

// A note is a block that is no event.
type note struct {
	kind blockKind
	fact any
}

// RecorderStatus is how a recording goes.
type RecorderStatus struct {
	Path   string
	Events uint64 // written
	Bytes  int64  // of the file
	Waits  Waits  // requests that waited for the recording
	Err    error  // why it ended before its time
}

// maxExports bounds the exports that a header tells of.
const maxExports = 1024

// Create makes a file and records into it until Close. The header's Generations
// and Exports are those that are known already.
func Create(path string, h Header, o RecorderOptions) (*Recorder, error) {
	if o.Filter != nil {
		h.Filter = o.Filter.String()
	}
	w, err := createFile(path)
	if err != nil {
		return nil, err
	}
	follow, err := o.Log.follow(h.Policy >= PayloadHash, h.Policy == PayloadFull)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	f := newFileHeader(h)
	f.Lost = follow.next
	if err := w.writeJSON(headerBlock, f); err != nil {
		follow.end()
		return nil, errors.Join(err, w.close())
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		path: path, opts: o, policy: h.Policy, follow: follow, writer: w,
		payload: newPayloadWriter(w), stop: stop, done: make(chan struct{}), names: map[string]bool{},
		status: RecorderStatus{Path: path, Bytes: w.at},
		batch:  batch{events: make([]Event, 0, batchEvents)},
	}
	for _, g := range h.Generations {
		r.AddGeneration(g)
	}
	for _, e := range h.Exports {
		r.AddExport(e)
	}
	if err := r.flush(); err != nil {
		stop()
		follow.end()
		return nil, errors.Join(err, w.close())
	}
	go r.run(ctx)
	return r, nil
}

// AddGeneration notes a script that serves from now on.
func (r *Recorder) AddGeneration(g Generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, note{generationBlock, newFileGeneration(g)})
}

// AddExport notes a disk that was opened. The first of a name counts.
func (r *Recorder) AddExport(e Export) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.names[e.Name] && len(r.names) < maxExports {
		r.names[e.Name] = true
		r.notes = append(r.notes, note{exportBlock, fileExport{[]byte(e.Name), e.Info}})
	}
}

// Status returns how the recording goes.
func (r *Recorder) Status() RecorderStatus {
	waits := r.follow.waiting()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Waits = waits
	return s
}

// Close writes what there is still to write, and ends the file. It returns why
// the recording ended before, if it did.
func (r *Recorder) Close() error {
	r.stop()
	<-r.done
	return r.Status().Err
}

// run records until ctx ends, or writing fails.
func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	err := r.record(ctx)
	r.follow.end()
	if err == nil {
		err = r.writer.finish(newFooter(r.next, r.stats.summary(), r.follow.waiting()))
		r.tell(err)
		return
	}
	err = errors.Join(err, r.writer.close())
	r.tell(err)
	r.opts.Log.Append(Event{
		Kind: Output, Errno: uint16(plugins.ErrnoOf(err)), Times: plugins.Times{Received: plugins.Now()},
	}, fmt.Sprintf("recording has stopped after %d events: %v; the disk is served on", r.Status().Events, err), nil)
}

// record writes events as they come.
func (r *Recorder) record(ctx context.Context) error {
	for {
		ended := r.await(ctx)
		_, next := r.opts.Log.Bounds()
		for r.follow.from() < next { // what comes meanwhile is gathered first
			r.follow.read(&r.batch)
			if err := r.take(); err != nil {
				return err
			}
		}
		if err := r.flush(); err != nil {
			return err
		}
		r.tell(nil)
		if ended {
			return nil
		}
	}
}

// await returns when there are events and some time was given to more of them,
// or the log has little room left. It reports whether ctx has ended.
func (r *Recorder) await(ctx context.Context) (ended bool) {
	if r.opts.Log.Wait(ctx, r.follow.from()) != nil {
		return true
	}
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.follow.hurry:
	case <-ctx.Done():
		return true
	}
	return false
}

// take adds the batch to the block, and writes it when it is large enough.
func (r *Recorder) take() error {
	payloads := r.batch.payloads
	for i := range r.batch.events {
		e := &r.batch.events[i]
		var whole []byte
		if len(payloads) > 0 && payloads[0].seq == e.Seq {
			whole, payloads = payloads[0].data, payloads[1:]
		}
		if r.opts.Filter != nil && !r.opts.Filter.Match(e, &r.batch) {
			continue
		}
		if err := r.add(e, whole); err != nil {
			return err
		}
	}
	clear(r.batch.payloads) // they are large
	return nil
}

// add adds an event to the block.
func (r *Recorder) add(e *Event, whole []byte) error {
	var number uint64 // of the payload, plus one
	if len(whole) > 0 {
		n, err := r.payload.add(whole)
		if err != nil {
			return err
		}
		number = n + 1
	}
	text, data := r.batch.contents(e)
	if r.policy == PayloadNone {
		data = nil
	}
	h := &r.head
	if h.count == 0 {
		*h = blockHead{kind: eventBlock, first: r.next, earliest: e.Received, latest: e.Received}
		r.coder = eventCoder{}
	}
	r.body = r.coder.append(r.body, e, number, text, data)
	h.count++
	h.earliest, h.latest = min(h.earliest, e.Received), max(h.latest, e.Received)
	r.next++
	r.stats.add(e)
	if len(r.body) >= gatherBytes || h.count == maxBlockEvents {
		return r.flush()
	}
	return nil
}

// flush writes what was gathered: notes and payloads before the events that
// speak of them.
func (r *Recorder) flush() error {
	r.mu.Lock()
	notes := r.notes
	r.notes = nil
	r.mu.Unlock()
	for _, n := range notes {
		if err := r.writer.writeJSON(n.kind, n.fact); err != nil {
			return err
		}
	}
	if err := r.payload.flush(); err != nil {
		return err
	}
	if r.head.count == 0 {
		return nil
	}
	err := r.writer.writeBlock(r.head, r.body)
	r.head, r.body = blockHead{}, r.body[:0]
	return err
}

// tell updates the status.
func (r *Recorder) tell(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Bytes, r.status.Err = r.writer.at, err
	if err == nil {
		r.status.Events = r.next
	}
}
