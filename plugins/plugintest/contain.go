package plugintest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// containment checks that nothing that a script does reaches beyond the callback
// in which it does it. Meanwhile another connection reads, and must not notice
// but for the time it takes.
func containment(t *testing.T, l Language) {
	r := l.rig(t, "contain")
	r.env.CallbackTimeout = 3 * time.Second
	r.env.MemoryLimit = 256 << 20
	r.mustStart()
	victim, neighbour := r.open(plugins.OpenParams{Conn: 1}), r.open(plugins.OpenParams{Conn: 2})

	ctx, stop := context.WithCancel(r.ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	reading.Go(func() {
		for ctx.Err() == nil {
			q := plugins.Request{Op: plugins.OpRead, Length: 4}
			if err := neighbour.Do(r.ctx, &q); err != nil || string(q.Data) != "xxxx" {
				t.Errorf("the neighbour read %q: %v", q.Data, err)
				return
			}
		}
	})
	for _, fault := range []struct {
		offset uint64
		mark   string
		errno  syscall.Errno
		text   string
	}{
		{512, "@loop", syscall.EIO, "--callback-timeout"},
		{1024, "@rep", syscall.EIO, ""},
		{1536, "@recursion", syscall.EIO, "overflow"},
		{2048, "@hoard", syscall.ENOMEM, "--memory-limit"},
		{2560, "@double", syscall.ENOMEM, "--memory-limit"},
	} {
		t.Run(fault.mark, func(t *testing.T) {
			_, err := victim.do(plugins.Request{Op: plugins.OpRead, Length: 4, Offset: fault.offset})
			if fault.mark == "@double" && plugins.ErrnoOf(err) == syscall.EIO {
				fault.errno, fault.text = syscall.EIO, "" // a language with a limit on strings may be faster
			}
			wantErrno(t, fault.mark, err, fault.errno)
			var e *plugins.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *plugins.Error", err)
			}
			line := r.line(fault.mark)
			if fault.mark == "@loop" && e.Line != 0 {
				e.Line = line // Starlark does not know the line of a jump
			}
			if e.Callback != plugins.Pread || e.Line != line || !strings.Contains(err.Error(), fault.text) {
				t.Errorf("error %q is from %q, line %d: want %q from pread, line %d", err, e.Callback, e.Line, fault.text, line)
			}
			if got := victim.read(4, 0); got != "xxxx" {
				t.Errorf("the next read returned %q", got)
			}
		})
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
