package plugins

import (
	"context"
	"sync/atomic"
)

// A Client is who is at the other end of a connection, as far as is known.
type Client struct {
	// Name says it in words, for people: "127.0.0.1:4711", "pid 812, uid 0", or
	// the mount point of a FUSE file.
	Name string

	// The process at the other end of a unix socket; -1 where nobody knows.
	PID, UID, GID int

	// Disconnect ends the connection: with force at once and without an answer
	// to what is in flight, else with ESHUTDOWN for what is asked from now on (a
	// mounted file: ESTALE, until it is opened again).
	// It returns at once and may be called by a callback of this connection. nil
	// cannot.
	Disconnect func(force bool)

	// defaultExport is what the client gets if it names no export: a script is
	// asked once for each client, so that INFO and GO mean the same. nil = it
	// was not asked.
	defaultExport atomic.Pointer[string]
}

// An Admitter is a Backend that decides about clients when they come, before
// anything is said.
type Admitter interface {
	// Admit waits until the client may come in, or says why it must not. leave
	// is called once, when the connection has ended and its handles are closed.
	Admit(ctx context.Context, p OpenParams) (leave func(), err error)
}

// Admit asks b, if it is an Admitter, whether a client may come in. A front end
// calls it for each connection, before its first byte.
func Admit(ctx context.Context, b Backend, p OpenParams) (leave func(), err error) {
	if a, ok := b.(Admitter); ok {
		return a.Admit(ctx, p)
	}
	return func() {}, nil
}
