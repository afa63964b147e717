package plugintest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// A fault is what a script does that reaches beyond its callback, if nobody
// keeps it from that.
type fault struct {
	offset  uint64 // of the read that does it
	mark    string // of the line
	timeout time.Duration
	errno   syscall.Errno
	text    string // in the error
}

// containment checks that it reaches no further.
func containment(t *testing.T, l Language) {
	const long = 2 * time.Minute // memory is slow on a busy machine
	for _, f := range []fault{
		{512, "@loop", time.Second, syscall.EIO, "--callback-timeout"},
		{1024, "@rep", long, syscall.EIO, ""},
		{1536, "@recursion", long, syscall.EIO, "overflow"},
		{2048, "@hoard", long, syscall.ENOMEM, "--memory-limit"},
		{2560, "@double", long, syscall.ENOMEM, "--memory-limit"},
	} {
		t.Run(f.mark, func(t *testing.T) { contain(t, l, f) })
	}
}

// contain has one connection run into f. Meanwhile another one reads, and must
// not notice but for the time it takes.
func contain(t *testing.T, l Language, f fault) {
	runtime.GC() // what other tests left is not the script's
	r := l.rig(t, "contain")
	ctx, cancel := context.WithTimeout(context.Background(), 2*f.timeout+patience)
	defer cancel()
	r.ctx, r.env.CallbackTimeout, r.env.MemoryLimit = ctx, f.timeout, 100<<20
	r.mustStart()
	victim, neighbour := r.open(plugins.OpenParams{Conn: 1}), r.open(plugins.OpenParams{Conn: 2})

	reading, stop := context.WithCancel(ctx)
	var neighbours sync.WaitGroup
	defer neighbours.Wait()
	defer stop()
	neighbours.Go(func() {
		for reading.Err() == nil {
			q := plugins.Request{Op: plugins.OpRead, Length: 4}
			if err := neighbour.Do(ctx, &q); err != nil || string(q.Data) != "xxxx" {
				t.Errorf("the neighbour read %q: %v", q.Data, err)
				return
			}
		}
	})
	_, err := victim.do(plugins.Request{Op: plugins.OpRead, Length: 4, Offset: f.offset})
	wantErrno(t, f.mark, err, f.errno)
	var e *plugins.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *plugins.Error", err)
	}
	line := r.line(f.mark)
	if f.mark == "@loop" && e.Line != 0 {
		e.Line = line // Starlark does not know the line of a jump
	}
	if e.Callback != plugins.Pread || e.Line != line || !strings.Contains(err.Error(), f.text) {
		t.Errorf("error %q is from %q, line %d: want %q from pread, line %d", err, e.Callback, e.Line, f.text, line)
	}
	if got := victim.read(4, 0); got != "xxxx" {
		t.Errorf("the next read returned %q", got)
	}
}

// parallelism checks that a script which may be parallel is: each of several
// reads waits until the last one has printed something.
func parallelism(t *testing.T, l Language) {
	if l.Loosest < plugins.Parallel {
		r := l.rig(t, "contain")
		r.mustStart()
		r.instance.Settle()
		if m := r.instance.ThreadModel(); m != plugins.SerializeAllRequests {
			t.Errorf("thread model %s", m)
		}
		return
	}
	const readers = 8
	r := l.rig(t, "parallel")
	inside := make(chan struct{}, readers)
	together := make(chan struct{})
	r.onPrint = func(text string) {
		if text != "reading" {
			return
		}
		inside <- struct{}{}
		if len(inside) == readers {
			close(together)
		}
		select {
		case <-together:
		case <-r.ctx.Done():
			t.Error("the reads do not run at once")
		}
	}
	r.mustStart()
	r.instance.Settle()
	a, b := r.open(plugins.OpenParams{Conn: 1}), r.open(plugins.OpenParams{Conn: 2})
	var reading sync.WaitGroup
	for i := range readers {
		d := []*disk{a, b}[i%2]
		reading.Go(func() {
			q := plugins.Request{Op: plugins.OpRead, Length: 4, Offset: 512}
			if err := d.Do(r.ctx, &q); err != nil || string(q.Data) != "xxxx" {
				t.Errorf("read %q: %v", q.Data, err)
			}
		})
	}
	reading.Wait()
	// What several calls can reach is constant.
	for _, fault := range []struct {
		offset uint64
		mark   string
	}{{1024, "@global"}, {1536, "@handle"}} {
		_, err := a.do(plugins.Request{Op: plugins.OpRead, Length: 4, Offset: fault.offset})
		r.wantPlace(err, plugins.Pread, r.line(fault.mark), "frozen")
	}
}
