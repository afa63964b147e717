package recordings

import (
	"encoding/binary"
	"fmt"
	"time"

	"workbench/plugins"
)

// The bits of an event's first byte beside its kind.
const (
	kindMask   = 0x1f
	hasPayload = 0x20
	hasSide    = 0x40
	hasSum     = 0x80
)

// The bits of the number of its front end.
const (
	frontMask   = 0x3f
	sameProcess = 0x40 // it is of the process that was told last
	hasProcess  = 0x80 // its process is told
)

// An eventCoder writes or reads the events of one block; each is told by what
// differs from the one before.
type eventCoder struct {
	received plugins.Stamp
	offset   uint64
	cookie   uint64
	pid      uint32
	program  plugins.Comm
}

// append appends an event with the number of its payload plus one, or 0.
func (c *eventCoder) append(b []byte, e *Event, payload uint64, text, data []byte) []byte {
	lead := byte(e.Kind) & kindMask
	if payload != 0 {
		lead |= hasPayload
	}
	if len(text)+len(data) > 0 {
		lead |= hasSide
	}
	if e.Sum != 0 {
		lead |= hasSum
	}
	b = append(b, lead)
	front := uint64(e.Front)
	switch {
	case e.PID == 0:
	case e.PID == c.pid && e.Program == c.program:
		front |= sameProcess
	default:
		front |= hasProcess
	}
	for _, v := range [...]uint64{
		front, uint64(e.Op), uint64(e.Callback), uint64(e.Flags), uint64(e.Fate), uint64(e.Errno), uint64(e.Rule),
		uint64(e.Generation), uint64(e.Conn),
		zigzag(int64(e.Cookie - c.cookie)), zigzag(int64(e.Offset - c.offset)), e.Length,
		zigzag(int64(e.Received - c.received)),
		relative(e.Started, e.Received), relative(e.Done, e.Received), relative(e.Replied, e.Received),
		zigzag(int64(e.InCallback)),
	} {
		b = binary.AppendUvarint(b, v)
	}
	c.received, c.offset, c.cookie = e.Received, e.Offset, e.Cookie
	if front&hasProcess != 0 {
		name := e.Program.String()
		b = binary.AppendUvarint(b, uint64(e.PID))
		b = append(append(b, byte(len(name))), name...)
		c.pid, c.program = e.PID, e.Program
	}
	if e.Sum != 0 {
		b = binary.LittleEndian.AppendUint64(b, e.Sum)
	}
	if payload != 0 {
		b = binary.AppendUvarint(b, payload-1)
	}
	if lead&hasSide != 0 {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = binary.AppendUvarint(b, uint64(len(data)))
		b = append(append(b, text...), data...)
	}
	return b
}

// decode reads an event from r. Its side is where its text begins in r.
func (c *eventCoder) decode(r *reader) (e Event, payload uint64) {
	lead := r.byte()
	e.Kind = Kind(lead & kindMask)
	front := r.small(0xff)
	e.Front, e.Op, e.Callback = plugins.Front(front&frontMask), plugins.Op(r.small(0xff)), plugins.Callback(r.small(0xff))
	e.Flags, e.Fate = plugins.Flags(r.small(0xffff)), plugins.Fate(r.small(0xff))
	e.Errno, e.Rule = uint16(r.small(0xffff)), uint16(r.small(0xffff))
	e.Generation, e.Conn = uint32(r.small(0xffffffff)), uint32(r.small(0xffffffff))
	e.Cookie = c.cookie + uint64(unzigzag(r.uvarint()))
	e.Offset = c.offset + uint64(unzigzag(r.uvarint()))
	e.Length = r.uvarint()
	e.Received = c.received + plugins.Stamp(unzigzag(r.uvarint()))
	e.Started, e.Done, e.Replied = absolute(r.uvarint(), e.Received), absolute(r.uvarint(), e.Received), absolute(r.uvarint(), e.Received)
	e.InCallback = time.Duration(unzigzag(r.uvarint()))
	c.received, c.offset, c.cookie = e.Received, e.Offset, e.Cookie
	if front&hasProcess != 0 {
		c.pid = uint32(r.small(0xffffffff))
		c.program = plugins.CommOf(string(r.skip(int(r.byte()))))
	}
	if front&(hasProcess|sameProcess) != 0 {
		e.PID, e.Program = c.pid, c.program
	}
	if lead&hasSum != 0 {
		e.Sum = r.uint64()
	}
	if lead&hasPayload != 0 {
		payload = r.uvarint() + 1
	}
	if lead&hasSide != 0 {
		text, data := r.small(maxText), r.small(PreviewSize)
		e.side, e.textLen, e.dataLen = uint64(r.at), uint32(text), uint32(data)
		r.skip(int(text + data))
	}
	return e, payload
}

// zigzag maps small numbers of either sign to small ones without.
func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// relative writes a stamp as its distance from another one plus one; 0 is never.
func relative(s, from plugins.Stamp) uint64 {
	if s == 0 {
		return 0
	}
	return zigzag(int64(s-from)) + 1
}

func absolute(n uint64, from plugins.Stamp) plugins.Stamp {
	if n == 0 {
		return 0
	}
	return from + plugins.Stamp(unzigzag(n-1))
}

// A reader takes a body apart. After the first mistake everything is zero.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s at byte %d of a block", errDamaged, what, r.at)
	}
}

func (r *reader) byte() byte {
	if r.err != nil || r.at >= len(r.b) {
		r.fail("the end")
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 {
		r.fail("no number")
		return 0
	}
	r.at += n
	return v
}

// small reads a number that is not above limit.
func (r *reader) small(limit uint64) uint64 {
	v := r.uvarint()
	if v > limit {
		r.fail("a number that is too large")
		return 0
	}
	return v
}

func (r *reader) uint64() uint64 {
	if b := r.skip(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.skip(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// skip returns the next n bytes, nil if there are not so many.
func (r *reader) skip(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b)-r.at {
		r.fail("the end")
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}
