package export

import (
	"bufio"
	"fmt"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// A nbdkitLog writes the lines of nbdkit's log filter: one when a request comes,
// with "..." at its end, and one when it is answered, with "..." before it.
//
//	2026-11-20 09:28:28.038228 connection=2 Read id=1 offset=0x0 count=0x2000 ...
//	2026-11-20 09:28:28.038249 connection=2 ...Read id=1 return=0
//
// As there, times are UTC, connections are counted by the exports that were
// opened, not by sockets, and id counts the requests of each. What a recording
// does not know is left out: TLS and block sizes in Connect, the list of Extents.
type nbdkitLog struct {
	w      *bufio.Writer
	r      recordings.Recording
	infos  map[string]plugins.Info // by export
	opens  uint64
	conns  map[conn]*nbdkitConn
	inside map[uint64]nbdkitCall // requests that have come and not gone, by number of the event
}

type nbdkitConn struct {
	number   uint64
	requests uint64
}

type nbdkitCall struct{ connection, id uint64 }

func newLog(w *bufio.Writer, r recordings.Recording, _ Options) encoder {
	l := &nbdkitLog{w: w, r: r, infos: make(map[string]plugins.Info), conns: make(map[conn]*nbdkitConn), inside: make(map[uint64]nbdkitCall)}
	for _, e := range r.Header().Exports {
		l.infos[e.Name] = e.Info
	}
	return l
}

func (l *nbdkitLog) encode(m *moment) error {
	switch {
	case m.Kind == recordings.Opened && !m.Failed():
		if err := l.disconnect(m); err != nil { // of what the same client had opened before
			return err
		}
		c := l.open(m.conn())
		if !m.picked {
			return nil
		}
		return l.line(m, c.number, l.connect(textOf(l.r, &m.Event), m.Length))
	case m.Kind == recordings.Disconnect:
		return l.disconnect(m)
	case m.isRequest() && !m.end:
		return l.enter(m)
	case m.isRequest():
		return l.leave(m)
	}
	return nil
}

func (l *nbdkitLog) open(name conn) *nbdkitConn {
	l.opens++
	c := &nbdkitConn{number: l.opens}
	l.conns[name] = c
	return c
}

// connect returns what is told of an export, and what it can if that is known.
func (l *nbdkitLog) connect(export string, size uint64) string {
	text := fmt.Sprintf("Connect export=%q size=%#x", export, size)
	i, ok := l.infos[export]
	if !ok {
		return text
	}
	zero := plugins.Emulate
	if i.CanZero {
		zero = plugins.Native
	}
	return text + fmt.Sprintf(" write=%d flush=%d rotational=%d trim=%d zero=%d fua=%d extents=%d cache=%d fast_zero=%d",
		bit(!i.ReadOnly), bit(i.CanFlush), bit(i.Rotational), bit(i.CanTrim), zero, i.FUA, bit(i.CanExtents), i.Cache, bit(i.CanFastZero))
}

func (l *nbdkitLog) disconnect(m *moment) error {
	c := l.conns[m.conn()]
	if c == nil {
		return nil
	}
	delete(l.conns, m.conn())
	if !m.picked {
		return nil
	}
	return l.line(m, c.number, fmt.Sprintf("Disconnect transactions=%d", c.requests))
}

func (l *nbdkitLog) enter(m *moment) error {
	c := l.conns[m.conn()]
	if c == nil {
		c = l.open(m.conn()) // it was opened before the recording began
	}
	c.requests++
	if !m.picked {
		return nil
	}
	l.inside[m.Seq] = nbdkitCall{c.number, c.requests}
	return l.line(m, c.number, fmt.Sprintf("%s id=%d%s ...", nbdkitAction(m.Op), c.requests, nbdkitArguments(m)))
}

func (l *nbdkitLog) leave(m *moment) error {
	call, ok := l.inside[m.Seq]
	if !ok {
		return nil
	}
	delete(l.inside, m.Seq)
	result := "return=0"
	if m.Failed() {
		result = "return=-1 error=" + plugins.ErrnoName(m.Err())
	}
	return l.line(m, call.connection, fmt.Sprintf("...%s id=%d %s", nbdkitAction(m.Op), call.id, result))
}

func (l *nbdkitLog) line(m *moment, connection uint64, text string) error {
	_, err := fmt.Fprintf(l.w, "%s connection=%d %s\n", m.at.Time().UTC().Format("2006-01-02 15:04:05.000000"), connection, text)
	return err
}

// nbdkitAction returns the log filter's word for op: "Read".
func nbdkitAction(op plugins.Op) string {
	name := op.String()
	return name[:1] + strings.ToLower(name[1:])
}

func nbdkitArguments(m *moment) string {
	if m.Op == plugins.OpFlush {
		return ""
	}
	args := fmt.Sprintf(" offset=%#x count=%#x", m.Offset, m.Length)
	flag := func(f plugins.Flags) int { return bit(m.Flags&f != 0) }
	switch m.Op {
	case plugins.OpWrite, plugins.OpTrim:
		args += fmt.Sprintf(" fua=%d", flag(plugins.FlagFUA))
	case plugins.OpZero:
		args += fmt.Sprintf(" trim=%d fua=%d fast=%d", flag(plugins.FlagMayTrim), flag(plugins.FlagFUA), flag(plugins.FlagFastZero))
	case plugins.OpExtents:
		args += fmt.Sprintf(" req_one=%d", flag(plugins.FlagReqOne))
	}
	return args
}

func bit(set bool) int {
	if set {
		return 1
	}
	return 0
}

func (l *nbdkitLog) close() error { return nil }
