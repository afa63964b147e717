package nbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"workbench/plugins"
)

// run reads replies, with a writer beside it, until the connection ends. Then
// the calls that are left fail.
func (c *Client) run() {
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.fail(c.read())
	writer.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for cookie, k := range c.calls {
		delete(c.calls, cookie)
		k.receiving = false
		k.settle(c.err)
	}
	c.queue = nil
}

// write sends requests, as many at once as there are, until the connection ends
// or Close was called; then it says good-bye.
func (c *Client) write() {
	b := newBatch()
	var sending []*call
	for {
		select {
		case <-c.wake:
		case <-c.stopped:
			return
		}
		c.mu.Lock()
		sending, c.queue = c.queue, sending[:0]
		for _, k := range sending {
			k.sending = true
		}
		closing := c.closing
		c.mu.Unlock()

		for _, k := range sending {
			k.header.fields(&b.coder)
			if k.op == plugins.OpWrite {
				b.payload(k.data)
			}
		}
		if closing {
			m := requestHeader{command: cmdDisc}
			m.fields(&b.coder)
		}
		err := b.send(c.nc)
		b.reset()

		c.mu.Lock()
		for i, k := range sending {
			sending[i] = nil
			k.sending = false
			k.settle(nil)
		}
		c.mu.Unlock()
		switch {
		case closing:
			c.fail(ErrClientClosed)
			return
		case err != nil:
			c.fail(fmt.Errorf("nbd: sending requests: %w", err))
			return
		}
	}
}

// read takes replies and never returns nil.
func (c *Client) read() error {
	for {
		b, err := c.in.Peek(4)
		if err != nil {
			return replyEnded(err)
		}
		switch magic := binary.BigEndian.Uint32(b); {
		case magic == simpleMagic:
			err = c.readSimple()
		case magic == chunkMagic && c.structured:
			err = c.readChunk()
		default:
			err = protocolErrorf("a reply begins with %#x", magic)
		}
		if err != nil {
			return err
		}
	}
}

// readSimple takes a simple reply.
func (c *Client) readSimple() error {
	b, err := c.next(simpleReplySize)
	if err != nil {
		return err
	}
	var m simpleReply
	d := coder{buf: b}
	m.fields(&d)
	k, wanted, err := c.begin(m.cookie)
	if err != nil {
		return err
	}
	switch {
	case m.errno != 0:
		k.problem = serverError(m.errno, "")
	case c.structured && (k.op == plugins.OpRead || k.op == plugins.OpExtents):
		return protocolErrorf("a simple reply to %s, although structured ones were negotiated", k.header.command)
	case k.op == plugins.OpRead:
		if err := c.receive(k, wanted, k.header.offset, k.left); err != nil {
			return err
		}
	}
	c.finish(k, true)
	return nil
}

// readChunk takes one chunk of a structured reply.
func (c *Client) readChunk() error {
	b, err := c.next(chunkHeaderSize)
	if err != nil {
		return err
	}
	var m chunkHeader
	d := coder{buf: b}
	m.fields(&d)
	k, wanted, err := c.begin(m.cookie)
	if err != nil {
		return err
	}
	switch {
	case m.chunk&chunkIsError != 0:
		err = c.readError(k, &m)
	case m.chunk == chunkNone && m.length == 0:
	case m.chunk == chunkOffsetData && k.op == plugins.OpRead && m.length > offsetDataSize:
		err = c.readData(k, wanted, uint64(m.length-offsetDataSize))
	case m.chunk == chunkOffsetHole && k.op == plugins.OpRead && m.length == offsetHoleSize:
		err = c.readHole(k, wanted)
	case m.chunk == chunkBlockStatus && k.op == plugins.OpExtents && m.length > blockStatusSize && (m.length-blockStatusSize)%descriptorSize == 0:
		err = c.readStatus(k, wanted, (m.length-blockStatusSize)/descriptorSize)
	default:
		err = protocolErrorf("a chunk of type %d with %d bytes in reply to %s", m.chunk, m.length, k.header.command)
	}
	if err != nil {
		return err
	}
	c.finish(k, m.flags&chunkDone != 0)
	return nil
}

// begin finds the call that a reply is for. If the reply is wanted, the memory
// of the call's owner may be used until finish.
func (c *Client) begin(cookie uint64) (k *call, wanted bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k = c.calls[cookie]
	if k == nil {
		return nil, false, protocolErrorf("a reply to a request that was not made: cookie %#x", cookie)
	}
	k.receiving = !k.givenUp
	return k, k.receiving, nil
}

// finish ends what begin began; last says that the reply is complete.
func (c *Client) finish(k *call, last bool) {
	if last && k.problem == nil {
		switch {
		case k.left > 0:
			k.problem = plugins.Errorf(syscall.EIO, "the server left out %d bytes of the %d that were read", k.left, k.header.length)
		case k.op == plugins.OpExtents && len(k.extents) == 0:
			k.problem = plugins.Errorf(syscall.EIO, "the server answered %s without an extent", k.header.command)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.receiving = false
	if last {
		k.replied = true
		delete(c.calls, k.header.cookie)
	}
	k.settle(nil)
}

// readData takes the rest of an OFFSET_DATA chunk: n bytes after their offset.
func (c *Client) readData(k *call, wanted bool, n uint64) error {
	b, err := c.next(offsetDataSize)
	if err != nil {
		return err
	}
	var m offsetData
	d := coder{buf: b}
	m.fields(&d)
	return c.receive(k, wanted, m.offset, n)
}

// readHole takes the rest of an OFFSET_HOLE chunk.
func (c *Client) readHole(k *call, wanted bool) error {
	b, err := c.next(offsetHoleSize)
	if err != nil {
		return err
	}
	var m offsetHole
	d := coder{buf: b}
	m.fields(&d)
	at, err := k.place(m.offset, uint64(m.length))
	if err != nil {
		return err
	}
	if wanted {
		clear(k.data[at : at+uint64(m.length)])
	}
	return nil
}

// receive takes n bytes of the disk at offset.
func (c *Client) receive(k *call, wanted bool, offset, n uint64) error {
	at, err := k.place(offset, n)
	if err != nil {
		return err
	}
	if wanted {
		_, err = io.ReadFull(c.in, k.data[at:at+n])
	} else {
		_, err = io.CopyN(io.Discard, c.in, int64(n))
	}
	if err != nil {
		return replyEnded(err)
	}
	return nil
}

// place says where n bytes of the disk at offset stand in the call's data, and
// counts them as come.
func (k *call) place(offset, n uint64) (at uint64, err error) {
	at = offset - k.header.offset
	length := uint64(k.header.length)
	if offset < k.header.offset || at > length || n > length-at || n > k.left {
		return 0, protocolErrorf("%d bytes at %d in reply to a READ of %d at %d, of which %d were left",
			n, offset, length, k.header.offset, k.left)
	}
	k.left -= n
	return at, nil
}

// readStatus takes the rest of a BLOCK_STATUS chunk: n descriptors after the
// number of their context.
func (c *Client) readStatus(k *call, wanted bool, n uint32) error {
	b, err := c.next(blockStatusSize)
	if err != nil {
		return err
	}
	var m blockStatus
	d := coder{buf: b}
	m.fields(&d)
	if m.context != c.contextID || n > plugins.MaxExtents || len(k.extents) > 0 {
		return protocolErrorf("%d extents of the context %d (%s is %d), after %d others", n, m.context, baseAllocation, c.contextID, len(k.extents))
	}
	start := k.header.offset
	for range n {
		b, err := c.next(descriptorSize)
		if err != nil {
			return err
		}
		var m descriptor
		d := coder{buf: b}
		m.fields(&d)
		if m.length == 0 {
			return protocolErrorf("an extent of no bytes at %d", start)
		}
		if wanted {
			k.extents = append(k.extents, plugins.Extent{Offset: start, Length: uint64(m.length), Type: plugins.ExtentType(m.status)})
		}
		start += uint64(m.length)
	}
	return nil
}

// maxErrorChunk is more than any error chunk of the specification has: a
// message, and an offset after it.
const maxErrorChunk = errorChunkSize + 64<<10

// readError takes the rest of an error chunk. The first error of a reply counts.
func (c *Client) readError(k *call, head *chunkHeader) error {
	if head.length > maxErrorChunk {
		return protocolErrorf("an error chunk of %d bytes", head.length)
	}
	b := make([]byte, head.length)
	if _, err := io.ReadFull(c.in, b); err != nil {
		return replyEnded(err)
	}
	var m errorChunk
	if err := parsePart(b, &m); err != nil {
		return protocolErrorf("error chunk: %v", err)
	}
	if k.problem == nil {
		k.problem = serverError(m.errno, m.text)
	}
	return nil
}

// serverError is an error of the server. Its numbers are Linux's; EINVAL stands
// for those that NBD does not know (the specification, "Error values").
func serverError(errno uint32, text string) *plugins.Error {
	e := syscall.Errno(errno)
	if text == "" {
		text = "the server answered " + plugins.ErrnoName(e)
	}
	if plugins.WireErrno(e, plugins.FlagFastZero|plugins.FlagDF) != e {
		e = syscall.EINVAL
	}
	return &plugins.Error{Errno: e, Msg: strings.ToValidUTF8(text, "\uFFFD")}
}

// replyEnded says why no reply came, or only a part of one.
func replyEnded(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("nbd: reading replies: %w", err)
}

// next returns the next n bytes, valid until the next read.
func (c *Client) next(n int) ([]byte, error) {
	b, err := c.in.Peek(n)
	if err != nil {
		return nil, replyEnded(err)
	}
	_, err = c.in.Discard(n)
	return b, err
}
