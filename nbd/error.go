package nbd

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"workbench/plugins"
)

// ErrServerClosed is what Serve returns after Shutdown or Close, and why a
// connection ended that Close cut.
var ErrServerClosed = errors.New("nbd: the server is closed")

// ErrTooManyConns is why a connection ended that came when there were
// Server.MaxConns already.
var ErrTooManyConns = errors.New("too many clients")

// errDisconnected is why a connection ended that the backend cut.
var errDisconnected = errors.New("nbd: the plugin ended the connection")

// ErrClientClosed is what the methods of a Client return after its Close.
var ErrClientClosed = fmt.Errorf("nbd: the client is closed: %w", syscall.ESHUTDOWN)

// A ProtocolError is a violation of the protocol by the other side, after which
// the two no longer agree on where a message begins. It ends the connection, and
// no other one.
type ProtocolError struct {
	Msg string // what the other side did
}

// Error returns what the other side did wrong.
func (e *ProtocolError) Error() string { return "nbd: protocol error: " + e.Msg }

// Unwrap makes it EPROTO for whoever wants a number.
func (e *ProtocolError) Unwrap() error { return syscall.EPROTO }

func protocolErrorf(format string, args ...any) error {
	return &ProtocolError{fmt.Sprintf(format, args...)}
}

// A refusal is an option that the server answered with an error. The handshake goes on.
type refusal struct {
	reply replyType
	err   error // its text goes to the client
}

func (e *refusal) Error() string { return fmt.Sprintf("%s: %s", e.reply, e.err) }
func (e *refusal) Unwrap() error { return e.err }

// refuse makes a refusal for a reason that lies in the request itself.
func refuse(reply replyType, format string, args ...any) *refusal {
	return &refusal{reply, plugins.Errorf(reply.errno(), format, args...)}
}

// hungUp says that a message ended early, for an error other than io.EOF
// between two messages.
func hungUp(doing string, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("nbd: %s: %w", doing, err)
}
