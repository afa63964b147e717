package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"workbench/nbd"
)

// The wire of the oracle is written from the specification and shares nothing
// with our server: it sends what it is told, also what no client should.

// A wire is a connection to an export of an NBD server, one request at a time.
type wire struct {
	nc         net.Conn
	in         *bufio.Reader
	structured bool // structured replies and base:allocation were negotiated
	cookie     uint64
	size       uint64
	flags      nbd.TransmissionFlags
	body, data []byte // of the newest answer; their memory is used again
}

// A wireRequest is what a client sends.
type wireRequest struct {
	command wireCommand
	flags   uint16
	offset  uint64
	length  uint32
	fill    uint64 // of a WRITE: what its payload is made from
}

type wireCommand uint16

const (
	wireRead wireCommand = iota
	wireWrite
	wireDisc
	wireFlush
	wireTrim
	wireCache
	wireZeroes
	wireStatus
	wireCommands // how many there are
)

var wireCommandNames = [wireCommands]string{"READ", "WRITE", "DISC", "FLUSH", "TRIM", "CACHE", "WRITE_ZEROES", "BLOCK_STATUS"}

func (c wireCommand) String() string {
	if c < wireCommands {
		return wireCommandNames[c]
	}
	return fmt.Sprintf("command %d", uint16(c))
}

// The flags of a request.
const (
	wireFUA uint16 = 1 << iota
	wireNoHole
	wireDF
	wireReqOne
	wireFastZero
)

func (r wireRequest) String() string {
	text := fmt.Sprintf("%s of %d bytes at %d, flags %#x", r.command, r.length, r.offset, r.flags)
	if r.command == wireWrite {
		text += fmt.Sprintf(", payload %#x", r.fill)
	}
	return text
}

// noise is what payloads are cut from: making each anew takes longer than all
// that the servers do, under the race detector.
var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 2<<20)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
})

// payload returns the bytes of a WRITE, the same for the same request. Nobody
// may change them.
func (r wireRequest) payload() []byte {
	if r.command != wireWrite {
		return nil
	}
	from := noise()
	from = from[r.fill%uint64(len(from)/2):]
	if int(r.length) <= len(from) {
		return from[:r.length]
	}
	return bytes.Repeat(from, int(r.length)/len(from)+1)[:r.length]
}

// A wireAnswer is what comes back.
type wireAnswer struct {
	errno  uint32
	text   string    // of an error chunk
	data   []byte    // of a READ, holes filled in; good until the next request
	status []wireRun // of a BLOCK_STATUS, as it was sent
	hungUp bool      // the server closed the connection instead
}

// A wireRun is a descriptor of a BLOCK_STATUS.
type wireRun struct {
	length, kind uint64
}

// wireTimeout bounds the wait for one answer.
const wireTimeout = 30 * time.Second

const (
	optionMagic     = 0x49484156454f5054
	optionReply     = 0x3e889045565a9
	requestMagic    = 0x25609513
	simpleMagic     = 0x67446698
	structuredMagic = 0x668e33ef
)

// errRefused is an export that the server did not open.
var errRefused = errors.New("the export was refused")

// dialWire opens an export of the server at a unix socket, after other options
// without data. What the server refuses is errRefused.
func dialWire(socket, export string, structured bool, options ...uint32) (w *wire, err error) {
	nc, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			nc.Close()
		}
	}()
	if err := nc.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return nil, err
	}
	w = &wire{nc: nc, in: bufio.NewReaderSize(nc, 64<<10)}
	if _, err := w.read(18); err != nil { // the greeting
		return nil, err
	}
	if _, err := nc.Write([]byte{0, 0, 0, 3}); err != nil {
		return nil, err
	}
	for _, option := range options {
		if _, err := w.option(option, nil); err != nil {
			return nil, err
		}
	}
	name := append(binary.BigEndian.AppendUint32(nil, uint32(len(export))), export...)
	if structured {
		if _, err := w.option(8, nil); err != nil { // STRUCTURED_REPLY
			return nil, err
		}
		const context = "base:allocation"
		query := binary.BigEndian.AppendUint32(slices.Clone(name), 1)
		query = append(binary.BigEndian.AppendUint32(query, uint32(len(context))), context...)
		if _, err := w.option(10, query); err != nil { // SET_META_CONTEXT
			return nil, err
		}
		w.structured = true
	}
	info, err := w.option(7, append(name, 0, 0)) // GO
	if err != nil {
		return nil, err
	}
	if len(info) != 12 {
		return nil, fmt.Errorf("GO brought %d bytes about the export", len(info))
	}
	w.size = binary.BigEndian.Uint64(info[2:])
	w.flags = nbd.TransmissionFlags(binary.BigEndian.Uint16(info[10:]))
	return w, nil
}

// option sends an option and returns the data of the last reply before the ACK.
func (w *wire) option(option uint32, data []byte) (info []byte, err error) {
	b := binary.BigEndian.AppendUint64(nil, optionMagic)
	b = binary.BigEndian.AppendUint32(b, option)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	if _, err := w.nc.Write(append(b, data...)); err != nil {
		return nil, err
	}
	for {
		head, err := w.read(20)
		if err != nil {
			return nil, err
		}
		if binary.BigEndian.Uint64(head) != optionReply {
			return nil, fmt.Errorf("option %d was answered by % x", option, head)
		}
		kind := binary.BigEndian.Uint32(head[12:])
		data, err := w.read(int(binary.BigEndian.Uint32(head[16:])))
		if err != nil {
			return nil, err
		}
		switch {
		case kind == 1:
			return info, nil
		case kind&(1<<31) != 0:
			return nil, fmt.Errorf("%w: option %d: reply %#x %q", errRefused, option, kind, data)
		}
		info = slices.Clone(data)
	}
}

// send sends a request, and its payload if it has one.
func (w *wire) send(r wireRequest) error {
	if err := w.nc.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return err
	}
	w.cookie++
	b := binary.BigEndian.AppendUint32(nil, requestMagic)
	b = binary.BigEndian.AppendUint16(b, r.flags)
	b = binary.BigEndian.AppendUint16(b, uint16(r.command))
	b = binary.BigEndian.AppendUint64(b, w.cookie)
	b = binary.BigEndian.AppendUint64(b, r.offset)
	b = binary.BigEndian.AppendUint32(b, r.length)
	parts := net.Buffers{b, r.payload()}
	_, err := parts.WriteTo(w.nc)
	return err
}

// receive reads the answer to the request that was sent last. An error is a
// breach of the protocol.
func (w *wire) receive(r wireRequest) (a wireAnswer, err error) {
	defer func() {
		if errors.Is(err, io.EOF) {
			a, err = wireAnswer{hungUp: true}, nil
		}
	}()
	if r.command == wireRead && r.length <= 64<<20 {
		w.data = slices.Grow(w.data[:0], int(r.length))[:r.length]
		a.data = w.data
	}
	covered := uint64(0)
	for {
		head, err := w.read(4)
		if err != nil {
			return a, err
		}
		magic := binary.BigEndian.Uint32(head)
		if magic == simpleMagic && !(w.structured && r.command == wireRead) {
			return w.simple(r, a)
		}
		if magic != structuredMagic || !w.structured {
			return a, fmt.Errorf("the reply to %s begins with %#x", r, magic)
		}
		done, n, err := w.chunk(r, &a)
		covered += n
		switch {
		case err != nil:
			return a, err
		case done && r.command == wireRead && a.errno == 0 && covered != uint64(r.length):
			return a, fmt.Errorf("%d bytes of %s were answered", covered, r)
		case done && a.errno != 0:
			a.data = nil
			return a, nil
		case done:
			return a, nil
		}
	}
}

// simple reads the rest of a simple reply.
func (w *wire) simple(r wireRequest, a wireAnswer) (wireAnswer, error) {
	head, err := w.read(12)
	if err != nil {
		return a, err
	}
	if binary.BigEndian.Uint64(head[4:]) != w.cookie {
		return a, fmt.Errorf("the reply to %s is for another request", r)
	}
	if a.errno = binary.BigEndian.Uint32(head); a.errno != 0 {
		a.data = nil
		return a, nil
	}
	_, err = io.ReadFull(w.in, a.data)
	return a, err
}

// chunk reads the rest of a chunk into a, and returns how much of the disk it brought.
func (w *wire) chunk(r wireRequest, a *wireAnswer) (done bool, n uint64, err error) {
	head, err := w.read(16)
	if err != nil {
		return false, 0, err
	}
	if binary.BigEndian.Uint64(head[4:]) != w.cookie {
		return false, 0, fmt.Errorf("a chunk for %s is for another request", r)
	}
	done = binary.BigEndian.Uint16(head)&1 != 0
	kind := binary.BigEndian.Uint16(head[2:])
	body, err := w.read(int(binary.BigEndian.Uint32(head[12:])))
	if err != nil {
		return false, 0, err
	}
	defer func() { // the lengths in a chunk are not held against its end one by one
		if recover() != nil {
			err = fmt.Errorf("a chunk for %s is too short, or lies outside of it: % x...", r, body[:min(len(body), 16)])
		}
	}()
	switch kind {
	case 0: // NONE
	case 1: // OFFSET_DATA
		n = uint64(copy(a.data[binary.BigEndian.Uint64(body)-r.offset:], body[8:]))
	case 2: // OFFSET_HOLE
		n = uint64(binary.BigEndian.Uint32(body[8:]))
		clear(a.data[binary.BigEndian.Uint64(body)-r.offset:][:n])
	case 5: // BLOCK_STATUS
		for body = body[4:]; len(body) > 0; body = body[8:] {
			a.status = append(a.status, wireRun{uint64(binary.BigEndian.Uint32(body)), uint64(binary.BigEndian.Uint32(body[4:]))})
		}
	case 0x8001, 0x8002: // ERROR, ERROR_OFFSET
		a.errno = binary.BigEndian.Uint32(body)
		a.text = string(body[6:][:binary.BigEndian.Uint16(body[4:])])
	default:
		err = fmt.Errorf("a chunk of type %d for %s", kind, r)
	}
	return done, n, err
}

// read reads n bytes, which are good until the next read.
func (w *wire) read(n int) ([]byte, error) {
	w.body = slices.Grow(w.body[:0], n)[:n]
	b := w.body
	_, err := io.ReadFull(w.in, b)
	if err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("the connection ended in the middle of a message: %w", err)
	}
	return b, err
}

// ask is send and receive.
func (w *wire) ask(r wireRequest) (wireAnswer, error) {
	if err := w.send(r); err != nil {
		return wireAnswer{}, err
	}
	return w.receive(r)
}

// close leaves as a client should.
func (w *wire) close() error {
	err := w.send(wireRequest{command: wireDisc})
	return errors.Join(err, w.nc.Close())
}
