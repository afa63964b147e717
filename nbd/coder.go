package nbd

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A coder walks the fields of a message in the order of the wire, big-endian.
// Each message says once, in its fields method, what it consists of; whether the
// walk reads or writes, or reads and explains, is the coder's business. (The idea
// is that of the XDR routines of ONC RPC.)
type coder struct {
	writing bool
	buf     []byte  // writing: what stands so far; reading: what is left
	err     error   // reading: the first field that is wrong; no other is read after it
	record  *record // reading: gets every field that is read; nil = nobody wants to know
}

// A message is a unit of the protocol.
type message interface{ fields(c *coder) }

// appendMessage appends m to b.
func appendMessage(b []byte, m message) []byte {
	c := coder{writing: true, buf: b}
	m.fields(&c)
	return c.buf
}

// parsePart fills m from the beginning of b.
func parsePart(b []byte, m message) error {
	c := coder{buf: b}
	m.fields(&c)
	return c.err
}

// parseMessage fills m from b, all of which must belong to it.
func parseMessage(b []byte, m message) error {
	c := coder{buf: b}
	m.fields(&c)
	if c.err == nil && len(c.buf) > 0 {
		c.fail("%d bytes too many", len(c.buf))
	}
	return c.err
}

// fail notes what is wrong with the message.
func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// take returns the next n bytes of a message that is read.
func (c *coder) take(name string, n uint64) ([]byte, bool) {
	if c.err != nil {
		return nil, false
	}
	if n > uint64(len(c.buf)) {
		c.fail("%s has %d bytes: only %d are left", name, n, len(c.buf))
		if c.record != nil {
			c.record.cutOff(name, c.buf, n)
			c.buf = nil
		}
		return nil, false
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b, true
}

func u16[T ~uint16](c *coder, name string, v *T) {
	if c.writing {
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(*v))
	} else if b, ok := c.take(name, 2); ok {
		*v = T(binary.BigEndian.Uint16(b))
		if c.record != nil {
			c.record.number(name, b, uint64(*v))
		}
	}
}

func u32[T ~uint32](c *coder, name string, v *T) {
	if c.writing {
		c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(*v))
	} else if b, ok := c.take(name, 4); ok {
		*v = T(binary.BigEndian.Uint32(b))
		if c.record != nil {
			c.record.number(name, b, uint64(*v))
		}
	}
}

func u64[T ~uint64](c *coder, name string, v *T) {
	if c.writing {
		c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(*v))
	} else if b, ok := c.take(name, 8); ok {
		*v = T(binary.BigEndian.Uint64(b))
		if c.record != nil {
			c.record.number(name, b, uint64(*v))
		}
	}
}

// magic32 and magic64 are fields that can have one value only.
func (c *coder) magic32(want uint32) {
	got := want
	u32(c, "magic", &got)
	if got != want {
		c.fail("the magic number is %#x: want %#x", got, want)
	}
}

func (c *coder) magic64(want uint64) {
	got := want
	u64(c, "magic", &got)
	if got != want {
		c.fail("the magic number is %#x: want %#x", got, want)
	}
}

// text is a string after its length in 32 bits: a name or a query.
func (c *coder) text(name string, v *string) {
	n := uint32(len(*v))
	u32(c, name+" length", &n)
	c.chars(name, uint64(n), v)
	c.check(name, *v)
}

// rest is a string that lasts to the end of the message.
func (c *coder) rest(name string, v *string) {
	c.chars(name, uint64(len(c.buf)), v)
	c.check(name, *v)
}

// chars is a string whose length in bytes, n, is known when it is read.
func (c *coder) chars(name string, n uint64, v *string) {
	if c.writing {
		c.buf = append(c.buf, *v...)
	} else if b, ok := c.take(name, n); ok {
		*v = string(b)
		if c.record != nil {
			c.record.text(name, b)
		}
	}
}

// check refuses a string that was read and that the protocol does not permit.
// Bytes that are not UTF-8 pass, as nbdkit lets them: who shows the text must
// escape it.
func (c *coder) check(name, s string) {
	switch {
	case c.writing || c.err != nil:
	case len(s) > maxString:
		c.fail("%s of %d bytes: %d is the most", name, len(s), maxString)
	case strings.IndexByte(s, 0) >= 0:
		c.fail("%s contains a zero byte", name)
	}
}

// wireText makes s fit for the wire: UTF-8 without zero bytes, at most
// maxString bytes, cut between two characters.
func wireText(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	if len(s) <= maxString {
		return s
	}
	end := maxString
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
