package host

import (
	"syscall"

	"workbench/plugins"
	"workbench/recordings"
)

// Control is what people do to a host. The screen, the command line and tests act
// by it alone, and see what became of it in Status and in the log, where each
// action leaves an event. Its methods do not wait, and may be called from any
// goroutine.
type Control interface {
	Status() Status

	// Stirs returns a channel that is closed when a request comes to the script, or
	// the host enters another state: a host at rest need not be looked at until then.
	// What leaves an event in the log needs no more than that.
	Stirs() <-chan struct{}

	// Generations are the scripts that served, as far as they are kept, the
	// one that serves last.
	Generations() []recordings.Generation

	// Kick asks for a reload, KickAs for one with a policy for clients that would
	// find another disk, KickUndo for the generation before this one.
	Kick()
	KickAs(Policy)
	KickUndo()

	// Rules act on requests in their order.
	Rules() []RuleStatus
	AddRule(text string) (number uint16, err error)
	RemoveRule(number uint16) error
	SwitchRule(number uint16, on bool) error
	ReplaceRule(number uint16, text string) error
	MoveRule(number uint16, by int) error

	// Held requests wait until one of these lets them go. An edit does not.
	Held() []HeldRequest
	EditHeld(number uint64, e Edit) error
	Release(number uint64) error
	ReleaseAll() int
	FailHeld(number uint64, errno syscall.Errno) error
	AnswerHeld(number uint64, data []byte) error
	DropHeld(number uint64) error

	// Mark notes in the log that a user marked a finished request with a sign, "" that
	// the mark was taken away.
	Mark(request recordings.Event, sign string)
}

var _ Control = (*Host)(nil)

// Mark implements Control.
func (h *Host) Mark(request recordings.Event, sign string) {
	r := &request
	h.opts.Log.Append(recordings.Event{
		Kind: recordings.Mark, Front: r.Front, Conn: r.Conn, Cookie: r.Cookie, Op: r.Op, Flags: r.Flags, Offset: r.Offset, Length: r.Length,
		Generation: r.Generation,
		Times:      plugins.Times{Received: plugins.Now(), Started: r.Received, Done: r.Replied},
	}, sign, nil)
}
