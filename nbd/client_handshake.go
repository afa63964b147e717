package nbd

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"syscall"

	"workbench/plugins"
)

// A clientHandshake is the client's side of the first phase.
type clientHandshake struct {
	nc    net.Conn
	in    *bufio.Reader
	flags handshakeFlags // what the server offers and we use
}

// open opens an export and fills in what c is told about it.
func (h *clientHandshake) open(ctx context.Context, c *Client, o ClientOptions) error {
	c.filter = o.FilterStatus
	if err := h.greet(); err != nil {
		return err
	}
	if o.TLS != nil {
		if err := h.startTLS(ctx, o.TLS); err != nil {
			return err
		}
	}
	if h.flags&flagFixedNewstyle == 0 {
		return h.exportName(c, o.Export)
	}
	if err := h.haggle(c, o); err != nil {
		return err
	}
	if o.OldStyleOpen {
		return h.exportName(c, o.Export)
	}
	err := h.goExport(c, o.Export)
	var no *refusal
	if errors.As(err, &no) && no.reply == repErrUnsup && !c.extended {
		return h.exportName(c, o.Export)
	}
	return err
}

// greet reads the greeting and answers it.
func (h *clientHandshake) greet() error {
	b, err := h.read(greetingSize, "the greeting")
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint64(b) == nbdMagic && binary.BigEndian.Uint64(b[8:]) == oldstyleMagic {
		return errors.New("the server speaks the oldstyle handshake, which has no options: this client needs newstyle")
	}
	var m greeting
	if err := parseMessage(b, &m); err != nil {
		return protocolErrorf("greeting: %v", err)
	}
	h.flags = handshakeFlags(m.flags) & (flagFixedNewstyle | flagNoZeroes)
	return h.write(appendMessage(nil, &clientFlags{h.flags}))
}

// haggle gets what the server has of extended headers, structured replies and
// block status.
func (h *clientHandshake) haggle(c *Client, o ClientOptions) error {
	if o.NoStructuredReplies {
		return nil
	}
	var no *refusal
	if !o.NoExtendedHeaders && !o.OldStyleOpen {
		err := h.ask(optExtendedHeaders, nil, nil)
		if err != nil && !errors.As(err, &no) {
			return err
		}
		c.extended = err == nil
	}
	if !c.extended {
		err := h.ask(optStructuredReply, nil, nil)
		if errors.As(err, &no) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	c.structured = true
	if o.NoBlockStatus {
		return nil
	}
	err := h.ask(optSetMeta, &metaRequest{o.Export, []string{baseAllocation}}, func(reply replyType, data []byte) error {
		var m metaContext
		if err := parseMessage(data, &m); reply != repMetaContext || err != nil || m.name != baseAllocation {
			return protocolErrorf("%s: the answer %s has %q: %v", optSetMeta, reply, m.name, err)
		}
		c.allocation, c.contextID = true, m.id
		return nil
	})
	if errors.As(err, &no) {
		c.allocation = false
		return nil
	}
	return err
}

// goExport opens the export by GO.
func (h *clientHandshake) goExport(c *Client, export string) error {
	known := false
	c.export = export
	request := &infoRequest{export, []infoType{infoName, infoDescription, infoBlockSize}}
	err := h.ask(optGo, request, func(reply replyType, data []byte) error {
		var head infoHeader
		if err := parsePart(data, &head); reply != repInfo || err != nil {
			return protocolErrorf("%s: the answer %s: %v", optGo, reply, err)
		}
		var err error
		switch head.info {
		case infoExport:
			var m exportInfo
			if err = parseMessage(data, &m); err == nil {
				known = true
				err = c.setFacts(m.exportNameReply)
			}
		case infoName:
			var m textInfo
			if err = parseMessage(data, &m); err == nil {
				c.export = m.text
			}
		case infoDescription:
			var m textInfo
			err = parseMessage(data, &m)
			c.about = m.text
		case infoBlockSize:
			var m blockSizeInfo
			err = parseMessage(data, &m)
			c.sizes = m.BlockSizes
		}
		if err != nil {
			return protocolErrorf("%s: information %d: %v", optGo, head.info, err)
		}
		return nil
	})
	if err == nil && !known {
		return protocolErrorf("%s: the server did not tell the size", optGo)
	}
	return err
}

// exportName opens the export in the way of the oldest servers, which hang up
// when they refuse.
func (h *clientHandshake) exportName(c *Client, export string) error {
	c.export = export
	data := appendMessage(nil, &textMessage{export})
	if err := h.write(append(appendMessage(nil, &optionHeader{optExportName, uint32(len(data))}), data...)); err != nil {
		return err
	}
	n := exportNameReplySize
	if h.flags&flagNoZeroes == 0 {
		n += exportNamePadding
	}
	b, err := h.read(n, "the answer to EXPORT_NAME (a server that refuses hangs up)")
	if err != nil {
		return err
	}
	var m exportNameReply
	if err := parsePart(b, &m); err != nil {
		return protocolErrorf("%s: %v", optExportName, err)
	}
	return c.setFacts(m)
}

// setFacts notes size and flags of the export.
func (c *Client) setFacts(m exportNameReply) error {
	if m.size > math.MaxInt64 {
		return fmt.Errorf("a size of %d bytes: the most is 2^63-1", m.size)
	}
	if m.flags&HasFlags == 0 {
		m.flags = 0 // the specification: then the others mean nothing
	}
	c.size, c.flags = m.size, m.flags
	c.filter = c.filter && c.extended && c.allocation && m.flags&BlockStatusPayload != 0
	return nil
}

// list asks for the exports and says good-bye. A config has the connection encrypted.
func (h *clientHandshake) list(ctx context.Context, config *tls.Config) ([]plugins.Export, error) {
	if err := h.greet(); err != nil {
		return nil, err
	}
	if h.flags&flagFixedNewstyle == 0 {
		return nil, errors.New("the server has no fixed newstyle, and so cannot list")
	}
	if config != nil {
		if err := h.startTLS(ctx, config); err != nil {
			return nil, err
		}
	}
	var exports []plugins.Export
	err := h.ask(optList, nil, func(reply replyType, data []byte) error {
		var m exportEntry
		if err := parseMessage(data, &m); reply != repServer || err != nil {
			return protocolErrorf("%s: the answer %s: %v", optList, reply, err)
		}
		if len(exports) == plugins.MaxExports {
			return fmt.Errorf("the server has more than %d exports", plugins.MaxExports)
		}
		exports = append(exports, m.Export)
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The good-bye. The list is there, so it matters neither whether it arrives nor
	// what comes back: nbd-server hangs up without an answer.
	_ = h.write(appendMessage(nil, &optionHeader{optAbort, 0}))
	return exports, nil
}

// ask sends an option with m, which may be nil, and reads the replies up to
// the ACK. each is given those before it; if it is nil there must be none. An
// error of the server is a *refusal, after which the handshake goes on.
func (h *clientHandshake) ask(opt option, m message, each func(replyType, []byte) error) error {
	var data []byte
	if m != nil {
		data = appendMessage(nil, m)
	}
	if err := h.write(append(appendMessage(nil, &optionHeader{opt, uint32(len(data))}), data...)); err != nil {
		return err
	}
	for {
		b, err := h.read(optionReplySize, "the answer to "+opt.String())
		if err != nil {
			return err
		}
		var head optionReplyHeader
		switch err := parseMessage(b, &head); {
		case err != nil:
			return protocolErrorf("answer to %s: %v", opt, err)
		case head.option != opt:
			return protocolErrorf("the server answered %s when %s was asked for", head.option, opt)
		case head.length > maxReplyData:
			return protocolErrorf("the server sent %d bytes with %s: %d are the most", head.length, head.reply, maxReplyData)
		}
		data := make([]byte, head.length)
		if _, err := io.ReadFull(h.in, data); err != nil {
			return hungUp("reading the answer to "+opt.String(), err)
		}
		switch {
		case head.reply&repError != 0:
			text := strings.ToValidUTF8(string(data), "\uFFFD")
			if text == "" {
				text = "no reason given"
			}
			return refuse(head.reply, "the server refused %s: %s: %s", opt, head.reply, text)
		case head.reply == repAck:
			return nil
		case each == nil:
			return protocolErrorf("the server answered %s by %s", opt, head.reply)
		}
		if err := each(head.reply, data); err != nil {
			return err
		}
	}
}

// read returns the next n bytes, valid until the next read.
func (h *clientHandshake) read(n int, what string) ([]byte, error) {
	b, err := h.in.Peek(n)
	if err != nil {
		return nil, hungUp("reading "+what, err)
	}
	_, err = h.in.Discard(n)
	return b, err
}

func (h *clientHandshake) write(b []byte) error {
	_, err := h.nc.Write(b)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		// Who hung up may have said why before, as a server does by a TLS alert
		// that refuses the client's certificate. What it said can still be read.
		if _, said := h.in.Peek(1); said != nil && said != io.EOF {
			err = said
		}
	}
	if err != nil {
		return fmt.Errorf("nbd: writing in the handshake: %w", err)
	}
	return nil
}
