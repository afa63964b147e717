package nbd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// This file tells which message of those that Explain knows comes next.

// magics are the bytes by which messages are known.
var magics = [...]struct {
	bytes string
	stage Stage
}{
	{be64(nbdMagic), StageGreeting},
	{be64(optionMagic), StageOption},
	{be64(optionReplyMagic), StageOptionReply},
	{be32(requestMagic), StageRequest},
	{be32(extRequestMagic), StageRequest},
	{be32(simpleMagic), StageReply},
	{be32(chunkMagic), StageReply},
	{be32(extChunkMagic), StageReply},
}

func be64(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }
func be32(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// byMagic returns what begins with b, 0 for nothing. Bytes that end within a
// magic number count.
func byMagic(b []byte) Stage {
	for _, m := range magics {
		if n := min(len(b), len(m.bytes)); n > 0 && string(b[:n]) == m.bytes[:n] {
			return m.stage
		}
	}
	return 0
}

// identify returns the stage of the message at e.pos, 0 if it cannot be told.
func (e *explainer) identify() Stage {
	b := e.data[e.pos:]
	if e.pos == 0 && e.o.Stage.From() != 0 {
		return e.o.Stage
	}
	if s := byMagic(b); s != 0 {
		if !e.wanted(s) {
			return 0
		}
		return s
	}
	switch {
	case e.isClientFlags(b):
		return StageClientFlags
	case e.isExportName(b):
		return StageExportName
	}
	return 0
}

// wanted reports whether such a message can come from the side that was fixed.
func (e *explainer) wanted(s Stage) bool { return e.o.From == 0 || e.o.From == s.From() }

// isClientFlags knows the client's flags, which have no magic number, by what
// follows: an option, or nothing.
func (e *explainer) isClientFlags(b []byte) bool {
	if e.flagged || e.o.From == FromServer || e.pos > 0 && !e.began {
		return false
	}
	rest := b[min(len(b), clientFlagsSize):]
	plausible := e.o.From == FromClient || len(b) >= clientFlagsSize && binary.BigEndian.Uint32(b) <= 3
	return plausible && (len(rest) == 0 || byMagic(rest) == StageOption)
}

// isExportName knows the answer to EXPORT_NAME by a flag that is always set, and
// by what follows: zeroes, a reply, or nothing.
func (e *explainer) isExportName(b []byte) bool {
	if e.opened || e.o.From == FromClient || !e.began && e.o.From != FromServer || len(b) < exportNameReplySize {
		return false
	}
	flags := TransmissionFlags(binary.BigEndian.Uint16(b[8:]))
	rest := b[exportNameReplySize:]
	return flags&HasFlags != 0 && (len(rest) == 0 || byMagic(rest) != 0 || padded(rest))
}

// padded reports whether b begins with the zeroes that follow an answer to
// EXPORT_NAME, or with as many as there are.
func padded(b []byte) bool {
	for _, x := range b[:min(len(b), exportNamePadding)] {
		if x != 0 {
			return false
		}
	}
	return true
}

// resync returns the offset of the next magic number behind from, or the end.
func (e *explainer) resync(from int) int {
	for i := from; i < len(e.data); i++ {
		// A piece of a magic number at the very end is rather an accident.
		if b := e.data[i:]; len(b) >= 4 && e.wanted(byMagic(b)) && byMagic(b) != 0 {
			return i
		}
	}
	return len(e.data)
}

// unknown passes over what cannot be read.
func (e *explainer) unknown() {
	start, b := e.pos, e.data[e.pos:]
	if e.tls && len(b) > 2 && b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3 {
		e.m.Name = "TLS"
		e.raw("encrypted data", len(e.data), termOf("", "encrypted data").meaning)
		return
	}
	e.raw("data", e.resync(start+1), "not explained")
	if s := byMagic(b); s != 0 {
		e.m.Stage, e.m.From = s, s.From()
		e.problem(start, "here begins a message of stage %s, which a %s sends: expected one from the %s", s, s.From(), e.o.From)
		return
	}
	swapped := slices.Clone(b[:min(len(b), 8)])
	slices.Reverse(swapped)
	for _, m := range magics {
		if len(swapped) >= len(m.bytes) && bytes.HasSuffix(swapped, []byte(m.bytes)) {
			e.problem(start, "the magic number %#x is here with its bytes in reverse order: NBD is big-endian", m.bytes)
			return
		}
	}
	e.problem(start, "no message of NBD begins so: expected %s", e.expected())
}

// expected lists the magic numbers that could stand here.
func (e *explainer) expected() string {
	var text []byte
	for _, m := range magics {
		if !e.wanted(m.stage) {
			continue
		}
		if len(text) > 0 {
			text = append(text, ", or "...)
		}
		text = append(text, fmt.Sprintf("%x", m.bytes)...)
		text = append(text, " ("+m.stage.String()+")"...)
	}
	return string(text)
}
