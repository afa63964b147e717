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
			c.send(b, k)
		}
		if closing {
			m := extRequest{command: cmdDisc}
			m.walk(&b.coder, c.extended)
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

// send appends the request of k to b.
func (c *Client) send(b *batch, k *call) {
	m := k.header
	if c.filter && k.op == plugins.OpExtents {
		m.flags |= cmdFlagPayloadLen
		m.length = statusFilterSize
		m.walk(&b.coder, c.extended)
		f := statusFilter{statusPayload{k.header.length}, c.contextID}
		f.fields(&b.coder)
		return
	}
	m.walk(&b.coder, c.extended)
	if k.op == plugins.OpWrite {
		b.payload(k.data)
	}
}

// read takes replies and never returns nil.
func (c *Client) read() error {
	for {
		if err := c.readReply(); err != nil {
			return err
		}
	}
}

// readReply takes a simple reply, or one chunk of another.
func (c *Client) readReply() error {
	b, err := c.in.Peek(4)
	if err != nil {
		return replyEnded(err)
	}
	switch magic := binary.BigEndian.Uint32(b); {
	case magic == simpleMagic && !c.extended:
		return c.readSimple()
	case magic == chunkMagic && c.structured && !c.extended, magic == extChunkMagic && c.extended:
		return c.readChunk()
	default:
		return protocolErrorf("a reply begins with %#x", magic)
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
	size := chunkHeaderSize
	if c.extended {
		size = extChunkSize
	}
	b, err := c.next(size)
	if err != nil {
		return err
	}
	var m extChunk
	d := coder{buf: b}
	m.walk(&d, c.extended)
	k, wanted, err := c.begin(m.cookie)
	if err != nil {
		return err
	}
	if c.extended && m.offset != k.header.offset {
		return protocolErrorf("a reply with the offset %d to a request with %d", m.offset, k.header.offset)
	}
	read, status := k.op == plugins.OpRead, k.op == plugins.OpExtents
	switch {
	case m.chunk&chunkIsError != 0:
		err = c.readError(k, &m)
	case m.chunk == chunkNone && m.length == 0:
	case m.chunk == chunkOffsetData && read && m.length > offsetDataSize:
		err = c.readData(k, wanted, m.length-offsetDataSize)
	case m.chunk == chunkOffsetHole && read && m.length == offsetHoleSize:
		err = c.readHole(k, wanted)
	case m.chunk == chunkBlockStatus && status && m.length > blockStatusSize && (m.length-blockStatusSize)%descriptorSize == 0:
		err = c.readStatus(k, wanted, (m.length-blockStatusSize)/descriptorSize)
	case m.chunk == chunkBlockStatusExt && c.extended && status && m.length > blockStatusExtSize && (m.length-blockStatusExtSize)%descriptorExtSize == 0:
		err = c.readStatusExt(k, wanted, (m.length-blockStatusExtSize)/descriptorExtSize)
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
// notes that they have come.
func (k *call) place(offset, n uint64) (at uint64, err error) {
	at = offset - k.header.offset
	length := k.header.length
	if offset < k.header.offset || at > length || n > length-at {
		return 0, protocolErrorf("%d bytes at %d in reply to a READ of %d at %d", n, offset, length, k.header.offset)
	}
	if err := k.come.add(at, n); err != nil {
		return 0, protocolErrorf("%d bytes at %d in reply to a READ of %d at %d: %v", n, offset, length, k.header.offset, err)
	}
	k.left -= n
	return at, nil
}

// readStatus takes the rest of a BLOCK_STATUS chunk: n descriptors after the
// number of their context.
func (c *Client) readStatus(k *call, wanted bool, n uint64) error {
	b, err := c.next(blockStatusSize)
	if err != nil {
		return err
	}
	var m blockStatus
	d := coder{buf: b}
	m.fields(&d)
	if err := c.checkStatus(k, m.context, n); err != nil {
		return err
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
		if start, err = k.addExtent(wanted, start, uint64(m.length), m.status); err != nil {
			return err
		}
	}
	return nil
}

// readStatusExt takes the rest of a BLOCK_STATUS_EXT chunk.
func (c *Client) readStatusExt(k *call, wanted bool, n uint64) error {
	b, err := c.next(blockStatusExtSize)
	if err != nil {
		return err
	}
	var m blockStatusExt
	d := coder{buf: b}
	m.fields(&d)
	if err := c.checkStatus(k, m.context, n); err != nil {
		return err
	}
	if m.count != 0 && uint64(m.count) != n {
		return protocolErrorf("%d extents in a chunk that has room for %d", m.count, n)
	}
	start := k.header.offset
	for range n {
		b, err := c.next(descriptorExtSize)
		if err != nil {
			return err
		}
		var m descriptorExt
		d := coder{buf: b}
		m.fields(&d)
		if start, err = k.addExtent(wanted, start, m.length, uint32(m.status)); err != nil {
			return err
		}
	}
	return nil
}

// checkStatus says what is wrong with a chunk of n extents of a context.
func (c *Client) checkStatus(k *call, context uint32, n uint64) error {
	if context != c.contextID || n > plugins.MaxExtents || len(k.extents) > 0 {
		return protocolErrorf("%d extents of the context %d (%s is %d), after %d others", n, context, baseAllocation, c.contextID, len(k.extents))
	}
	return nil
}

// addExtent notes one extent and returns where the next one starts.
func (k *call) addExtent(wanted bool, start, length uint64, status uint32) (next uint64, err error) {
	next = start + length
	if next <= start {
		if length == 0 {
			return 0, protocolErrorf("an extent of no bytes at %d", start)
		}
		return 0, protocolErrorf("an extent at %d of %d bytes, which goes past the largest offset", start, length)
	}
	if wanted {
		k.extents = append(k.extents, plugins.Extent{Offset: start, Length: length, Type: plugins.ExtentType(status)})
	}
	return next, nil
}

// maxErrorChunk is more than any error chunk of the specification has: a
// message, and an offset after it.
const maxErrorChunk = errorChunkSize + 64<<10

// readError takes the rest of an error chunk. The first error of a reply counts.
func (c *Client) readError(k *call, head *extChunk) error {
	if head.length > maxErrorChunk {
		return protocolErrorf("an error chunk of %d bytes", head.length)
	}
	b := make([]byte, head.length)
	if _, err := io.ReadFull(c.in, b); err != nil {
		return replyEnded(err)
	}
	var m errorChunk
	var at errorOffset
	d := coder{buf: b}
	m.fields(&d)
	if head.chunk == chunkErrorOffset {
		at.fields(&d)
	}
	if d.err != nil {
		return protocolErrorf("error chunk: %v", d.err)
	}
	if k.problem != nil {
		return nil
	}
	k.problem = serverError(m.errno, m.text)
	if head.chunk == chunkErrorOffset && at.offset >= k.header.offset && at.offset-k.header.offset < k.header.length {
		k.problem = &plugins.OffsetError{Offset: at.offset, Err: k.problem}
	}
	return nil
}

// serverError is an error of the server. Its numbers are Linux's; EINVAL stands
// for those that NBD does not know (the specification, "Error values").
func serverError(errno uint32, text string) *plugins.Error {
	e := syscall.Errno(errno)
	if e == 0 { // in an error chunk, against the rules: it is no success
		e = syscall.EIO
	}
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
