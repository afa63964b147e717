package export

import (
	"bufio"
	"encoding/binary"
	"unicode/utf8"

	"workbench/plugins"
)

// The parts of a pcapng file that are written here (the IETF's draft
// "PCAP Next Generation Capture File Format"), in little endian.
const (
	blockSection   = 0x0A0D0D0A
	blockInterface = 1
	blockPacket    = 6

	byteOrderMagic = 0x1A2B3C4D
	linkIPv4       = 228 // a packet begins with its IPv4 header

	optionEnd         = 0
	optionComment     = 1
	optionApplication = 4 // of a section
	optionName        = 2 // of an interface
	optionResolution  = 9 // of an interface

	nanoseconds = 9 // the resolution is ten to the power of minus this
)

// maxComment is how much of our summary goes with a packet, in bytes.
const maxComment = 4 << 10

// An option is one more fact about a block.
type option struct {
	code  uint16
	value []byte
}

// A captureFile writes blocks of pcapng.
type captureFile struct {
	w     *bufio.Writer
	block []byte
}

// header writes what a file begins with: one section with one interface.
func (c *captureFile) header() error {
	section := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	section = binary.LittleEndian.AppendUint16(section, 1)          // version
	section = binary.LittleEndian.AppendUint16(section, 0)          // and its minor number
	section = binary.LittleEndian.AppendUint64(section, ^uint64(0)) // the length of the section is not known
	if err := c.write(blockSection, section, nil, option{optionApplication, []byte("workbench")}); err != nil {
		return err
	}
	link := binary.LittleEndian.AppendUint16(nil, linkIPv4)
	link = binary.LittleEndian.AppendUint16(link, 0)
	link = binary.LittleEndian.AppendUint32(link, 0) // packets are of any length
	return c.write(blockInterface, link, nil,
		option{optionName, []byte("workbench")}, option{optionResolution, []byte{nanoseconds}})
}

// packet writes one packet, of which only the beginning may be there: its length
// is then more than that of data.
func (c *captureFile) packet(at plugins.Stamp, head, data []byte, length int, comment string) error {
	ns := uint64(at.Time().UnixNano())
	fixed := binary.LittleEndian.AppendUint32(nil, 0) // the interface
	fixed = binary.LittleEndian.AppendUint32(fixed, uint32(ns>>32))
	fixed = binary.LittleEndian.AppendUint32(fixed, uint32(ns))
	fixed = binary.LittleEndian.AppendUint32(fixed, uint32(len(head)+len(data)))
	fixed = binary.LittleEndian.AppendUint32(fixed, uint32(len(head)+length))
	fixed = append(fixed, head...)
	if comment == "" {
		return c.write(blockPacket, fixed, data)
	}
	return c.write(blockPacket, fixed, data, option{optionComment, []byte(truncate(comment, maxComment))})
}

// write writes a block, whose body is fixed and then data.
func (c *captureFile) write(kind uint32, fixed, data []byte, options ...option) error {
	b := binary.LittleEndian.AppendUint32(c.block[:0], kind)
	b = binary.LittleEndian.AppendUint32(b, 0) // the length, which stands at both ends
	b = pad(append(append(b, fixed...), data...))
	for _, o := range options {
		b = binary.LittleEndian.AppendUint16(b, o.code)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(o.value)))
		b = pad(append(b, o.value...))
	}
	if len(options) > 0 {
		b = binary.LittleEndian.AppendUint32(b, optionEnd)
	}
	length := uint32(len(b) + 4)
	binary.LittleEndian.PutUint32(b[4:], length)
	c.block = binary.LittleEndian.AppendUint32(b, length)
	_, err := c.w.Write(c.block)
	return err
}

// pad fills up to the next 32 bits.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// truncate returns at most n bytes of text, and no part of a character.
func truncate(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
