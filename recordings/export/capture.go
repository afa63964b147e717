package export

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"

	"workbench/plugins"
	"workbench/recordings"
)

// NBD as a capture has it: old style requests and simple replies, which every
// dissector of NBD knows, whatever client and server had agreed on.
const (
	nbdPort = 10809

	requestMagic         = 0x25609513
	extendedRequestMagic = 0x21e41c71 // for a length of more than 32 bits
	simpleReplyMagic     = 0x67446698
)

// nbdCommands are the numbers of the operations, nbdFlags those of the flags.
var nbdCommands = [...]uint16{
	plugins.OpRead:    0,
	plugins.OpWrite:   1,
	plugins.OpFlush:   3,
	plugins.OpTrim:    4,
	plugins.OpCache:   5,
	plugins.OpZero:    6,
	plugins.OpExtents: 7,
}

const (
	nbdFUA      = 1 << 0
	nbdNoHole   = 1 << 1
	nbdDF       = 1 << 2
	nbdReqOne   = 1 << 3
	nbdFastZero = 1 << 4
)

// maxPayload is how much data one request can have moved: no front end takes
// more, but it may have refused one that claimed to.
const maxPayload = 64 << 20

// A capture writes requests and replies as TCP segments between 127.0.0.1:10809
// and an address of each connection. They come without the handshake of TCP and
// that of NBD, like a capture that was begun later. The sums of TCP are 0: they
// cannot be made where the data are not known. Wireshark before 4.6 decodes every
// READ and WRITE, but expects data also after a read that failed, and then takes the
// replies behind it for them.
type capture struct {
	file  captureFile
	r     recordings.Recording
	flags bool
	begun bool
	conns map[conn]*stream
}

// A stream is where both directions of a connection are.
type stream struct {
	client         [4]byte
	port           uint16
	sent, answered uint32 // the next sequence numbers of client and server
}

func newPcapng(w *bufio.Writer, r recordings.Recording, o Options) encoder {
	return &capture{file: captureFile{w: w}, r: r, flags: o.CommandFlags, conns: make(map[conn]*stream)}
}

func (c *capture) encode(m *moment) error {
	if err := c.begin(); err != nil {
		return err
	}
	switch {
	case m.Kind == recordings.Disconnect:
		delete(c.conns, m.conn())
	case !m.isRequest() || !m.picked || int(m.Op) >= len(nbdCommands):
	case m.end:
		return c.reply(m)
	default:
		return c.request(m)
	}
	return nil
}

func (c *capture) close() error { return c.begin() }

func (c *capture) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	return c.file.header()
}

func (c *capture) request(m *moment) error {
	var flags uint16
	if c.flags {
		flags = commandFlags(&m.Event)
	}
	var b []byte
	if m.Length > math.MaxUint32 {
		b = binary.BigEndian.AppendUint32(b, extendedRequestMagic)
	} else {
		b = binary.BigEndian.AppendUint32(b, requestMagic)
	}
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint16(b, nbdCommands[m.Op])
	b = binary.BigEndian.AppendUint64(b, m.Cookie)
	b = binary.BigEndian.AppendUint64(b, m.Offset)
	if m.Length > math.MaxUint32 {
		b = binary.BigEndian.AppendUint64(b, m.Length)
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(m.Length))
	}
	return c.message(m, b, m.Op == plugins.OpWrite)
}

func (c *capture) reply(m *moment) error {
	if m.Replied == 0 {
		return nil // the client never got one
	}
	b := binary.BigEndian.AppendUint32(nil, simpleReplyMagic)
	b = binary.BigEndian.AppendUint32(b, uint32(plugins.WireErrno(m.Err(), m.Flags)))
	b = binary.BigEndian.AppendUint64(b, m.Cookie)
	return c.message(m, b, m.Op == plugins.OpRead && !m.Failed())
}

// commandFlags returns the flags of e as NBD has them.
func commandFlags(e *recordings.Event) uint16 {
	var flags uint16
	for _, f := range [...]struct {
		ours plugins.Flags
		nbd  uint16
	}{
		{plugins.FlagFUA, nbdFUA}, {plugins.FlagDF, nbdDF}, {plugins.FlagReqOne, nbdReqOne}, {plugins.FlagFastZero, nbdFastZero},
	} {
		if e.Flags&f.ours != 0 {
			flags |= f.nbd
		}
	}
	if e.Op == plugins.OpZero && e.Flags&plugins.FlagMayTrim == 0 {
		flags |= nbdNoHole
	}
	return flags
}

// message writes a message with its data, if it has any. Of data that were not
// kept the beginning is written, and how long they were.
func (c *capture) message(m *moment, b []byte, hasData bool) error {
	length := len(b)
	comment := recordings.AppendLine(nil, &m.Event, textOf(c.r, &m.Event))
	if hasData {
		data, ok, err := c.r.Payload(&m.Event)
		if err != nil {
			comment = fmt.Appendf(comment, " (%v)", err)
		}
		if err != nil || !ok {
			data, _ = c.r.Data(&m.Event) // gone is as good as never kept
		}
		size := int(min(m.Length, maxPayload))
		b = append(b, data[:min(len(data), size)]...)
		length += size
	}
	return c.segments(m, b, length, string(comment))
}

// stream returns that of a connection. Each has an address and a port of its own,
// in a network of its front end's: 127.1.0.1 and up for NBD, 127.2.0.1 for FUSE.
func (c *capture) stream(name conn) *stream {
	s := c.conns[name]
	if s == nil {
		const ports = 50000
		n := max(name.number, 1) - 1 // connections count from 1
		host := n/ports + 1
		s = &stream{
			client: [4]byte{127, byte(name.front), byte(host >> 8), byte(host)},
			port:   uint16(nbdPort + 1 + n%ports),
			sent:   1, answered: 1,
		}
		c.conns[name] = s
	}
	return s
}

const (
	ipHeader   = 20
	tcpHeader  = 20
	maxSegment = math.MaxUint16 - ipHeader - tcpHeader

	tcpProtocol = 6
	tcpPushAck  = 0x18
	timeToLive  = 64
)

// segments writes a message of length bytes, of which the first are known, in as
// many segments as it takes. Each has the comment: a dissector shows the message
// at the last one.
func (c *capture) segments(m *moment, known []byte, length int, comment string) error {
	s := c.stream(m.conn())
	server := [4]byte{127, 0, 0, 1}
	for length > 0 {
		size := min(length, maxSegment)
		part := known[:min(len(known), size)]
		head := make([]byte, 0, ipHeader+tcpHeader)
		if m.end {
			head = appendTCP(appendIPv4(head, server, s.client, size), nbdPort, s.port, s.answered, s.sent)
			s.answered += uint32(size)
		} else {
			head = appendTCP(appendIPv4(head, s.client, server, size), s.port, nbdPort, s.sent, s.answered)
			s.sent += uint32(size)
		}
		if err := c.file.packet(m.at, head, part, size, comment); err != nil {
			return err
		}
		known, length = known[len(part):], length-size
	}
	return nil
}

// appendIPv4 appends the header of a packet with a TCP segment of size bytes.
func appendIPv4(b []byte, from, to [4]byte, size int) []byte {
	b = append(b, 4<<4|ipHeader/4, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(ipHeader+tcpHeader+size))
	b = append(b, 0, 0, 0x40, 0, timeToLive, tcpProtocol, 0, 0) // 0x40: is never in fragments
	b = append(append(b, from[:]...), to[:]...)
	var sum uint32
	for i := 0; i < ipHeader; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum>>16 + sum&0xffff
	sum += sum >> 16
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum))
	return b
}

// appendTCP appends the header of a segment.
func appendTCP(b []byte, from, to uint16, sequence, acknowledged uint32) []byte {
	b = binary.BigEndian.AppendUint16(b, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = binary.BigEndian.AppendUint32(b, acknowledged)
	b = append(b, tcpHeader/4<<4, tcpPushAck)
	b = binary.BigEndian.AppendUint16(b, math.MaxUint16) // window
	return append(b, 0, 0, 0, 0)                         // sum, and nothing urgent
}
