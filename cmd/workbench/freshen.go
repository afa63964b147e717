package main

import (
	"context"
	"os"
	"time"

	"workbench/fusemount"
	"workbench/plugins"
	"workbench/recordings"
)

// freshenEvery is how long what changed may be collected before the mount is
// told. A change that comes alone is told at once.
const freshenEvery = 2 * time.Millisecond

// freshenMount tells the mount what was changed by others than the programs that
// use it: NBD clients, files of other exports, a new generation of the script.
// The kernel keeps pages of the file, with --cache or under memory maps, and must
// forget them. It is a reader of the log like any other, which no request waits
// for: pages are out of date for a moment.
func (b *bench) freshenMount(ctx context.Context, from uint64) {
	var events [256]recordings.Event
	for next := from; ; {
		if b.log.Wait(ctx, next) != nil {
			return
		}
		for {
			n := b.log.Read(events[:], next)
			if n == 0 {
				break
			}
			if events[0].Seq > next {
				b.mount.Changed(0, 0, 0) // what changed is not known any more
			}
			for i := range events[:n] {
				freshen(b.mount, &events[i])
			}
			next = events[n-1].Seq + 1
		}
		select {
		case <-time.After(freshenEvery):
		case <-ctx.Done():
			return
		}
	}
}

// freshen tells the mount of one event. A write that failed may have changed
// something too.
func freshen(m *fusemount.FS, e *recordings.Event) {
	switch {
	case e.Kind == recordings.Reload && !e.Failed():
		m.Changed(0, 0, 0)
	case e.Kind != recordings.Request || e.Started == 0:
	case e.Op == plugins.OpWrite, e.Op == plugins.OpTrim, e.Op == plugins.OpZero:
		conn := uint32(0)
		if e.Front == plugins.FrontFUSE {
			conn = e.Conn
		}
		if e.Length > 0 {
			m.Changed(conn, e.Offset, e.Length)
		}
	}
}

// outside returns the files and sockets that the program uses itself, which must
// not be in its own mount: a parameter that names something there counts too.
func (b *bench) outside() []string {
	paths := []string{b.o.script}
	for _, path := range []string{b.socket, b.o.pidFile, b.o.tlsCertificates} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	if b.recorder != nil {
		paths = append(paths, b.recorder.Status().Path)
	}
	for _, p := range b.o.params {
		if info, err := os.Stat(p.Value); err == nil && info.Mode().IsRegular() {
			paths = append(paths, p.Value)
		}
	}
	return paths
}
