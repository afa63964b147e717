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
	path   string
	opts   RecorderOptions
	follow *follower

	stop context.CancelFunc // has run write what there is and end
	done chan struct{}      // closed when run has ended

	mu     sync.Mutex
	notes  []note          // not written yet; guarded by mu
	names  map[string]bool // of the exports that were noted; guarded by mu
	status RecorderStatus  // guarded by mu

	// Only run uses these.
	batch  batch
	writer *eventWriter
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
	follow, err := o.Log.follow(h.Policy >= PayloadHash, h.Policy == PayloadFull)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot record: %w", path, err)
	}
	w, err := newEventWriter(path, h, follow.next)
	if err != nil {
		follow.end()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		path: path, opts: o, follow: follow, writer: w, stop: stop, done: make(chan struct{}), names: map[string]bool{},
		status: RecorderStatus{Path: path, Bytes: w.file.at},
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
		return nil, errors.Join(err, w.file.discard())
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
		err = r.writer.finish(r.follow.waiting())
		r.tell(err)
		return
	}
	err = errors.Join(err, r.writer.file.close())
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
		text, data := r.batch.contents(e)
		if err := r.writer.add(e, text, data, whole); err != nil {
			return err
		}
		if r.writer.full() {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	clear(r.batch.payloads) // they are large
	return nil
}

// flush writes what was gathered.
func (r *Recorder) flush() error {
	r.mu.Lock()
	notes := r.notes
	r.notes = nil
	r.mu.Unlock()
	return r.writer.flush(notes)
}

// tell updates the status.
func (r *Recorder) tell(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Bytes, r.status.Err = r.writer.file.at, err
	if err == nil {
		r.status.Events = r.writer.next
	}
}
