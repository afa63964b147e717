package nbd

import "workbench/plugins"

// Trace is told what happens to connections. Each function may be nil. They are
// called on the connection's goroutine, which waits for them: they must be
// quick, and must not call the server. What happens to requests, the Handle sees.
type Trace struct {
	// Connect is a client that came. peer is its address in words.
	Connect func(conn uint32, peer string)

	// Option is an option of the handshake that was answered: text says which,
	// and what was agreed on, err why it was refused.
	Option func(conn uint32, text string, err error)

	// Opened is an export that is ready for requests.
	Opened func(conn uint32, export string, info plugins.Info)

	// Disconnect is the end of a connection. err is nil if it ended in peace: the
	// client said so, or hung up between two messages, or the server shut down.
	Disconnect func(conn uint32, err error)
}

func (t *Trace) connect(conn uint32, peer string) {
	if t.Connect != nil {
		t.Connect(conn, peer)
	}
}

func (t *Trace) option(conn uint32, text string, err error) {
	if t.Option != nil {
		t.Option(conn, text, err)
	}
}

func (t *Trace) opened(conn uint32, export string, info plugins.Info) {
	if t.Opened != nil {
		t.Opened(conn, export, info)
	}
}

func (t *Trace) disconnect(conn uint32, err error) {
	if t.Disconnect != nil {
		t.Disconnect(conn, err)
	}
}
