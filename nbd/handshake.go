package nbd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"workbench/plugins"
)

// A handshake is the first phase of a connection, in which the client haggles
// over options until it has an export (GO, EXPORT_NAME) or leaves. An option
// that cannot be granted is answered by an error with a reason, and the next one
// is read: the two sides stay in step whatever the client sends.
type handshake struct {
	*conn
	client     handshakeFlags // what the client uses of what was offered
	structured bool           // STRUCTURED_REPLY or EXTENDED_HEADERS was granted
	extended   bool           // EXTENDED_HEADERS was granted
	metaExport *string        // the export that base:allocation was chosen for; nil = it was not
	out        []byte         // replies that wait to be flushed
	disk       *disk          // what was opened; ends the handshake
	until      time.Time      // when the handshake must be over
	aborted    bool           // ABORT was granted; ends the handshake
}

// A disk is what the handshake leads to: an open export, and how to speak of it.
type disk struct {
	export     string
	handle     plugins.Handle
	info       plugins.Info // the handle's
	keeps      bool         // data of writes are given to the handle
	structured bool         // replies to reads and block status, and errors, come in chunks
	extended   bool         // requests and replies, all of them chunks, have headers of 32 bytes
	allocation bool         // BLOCK_STATUS may be asked for
}

// run returns nil without an error if the client left in peace.
func (h *handshake) run(ctx context.Context) (*disk, error) {
	h.until = time.Now().Add(h.server.handshakeLimit())
	if err := h.greet(); err != nil {
		return nil, err
	}
	for range maxOptions {
		if err := h.answerOption(ctx); err != nil {
			if h.disk != nil {
				err = errors.Join(err, h.disk.handle.Close())
			}
			return nil, err
		}
		if h.disk != nil || h.aborted {
			return h.disk, h.limit(0)
		}
	}
	return nil, protocolErrorf("the client sent more than %d options", maxOptions)
}

// greet sends the greeting and reads the client's flags.
func (h *handshake) greet() error {
	offered := (flagFixedNewstyle | flagNoZeroes) &^ handshakeFlags(h.server.HideFlags)
	h.out = appendMessage(h.out, &greeting{flags: uint16(offered)})
	if err := h.flush(); err != nil {
		return err
	}
	b, err := h.header(clientFlagsSize, "reading the client's flags")
	if err != nil {
		return err
	}
	var m clientFlags
	if err := parseMessage(b, &m); err != nil {
		return protocolErrorf("client flags: %v", err)
	}
	if unknown := m.flags &^ offered; unknown != 0 {
		return protocolErrorf("the client set flags that it was not offered: %#x", uint32(unknown))
	}
	h.client = m.flags
	return nil
}

// answerOption reads one option and answers it.
func (h *handshake) answerOption(ctx context.Context) error {
	if err := h.beginStep(); err != nil {
		return err
	}
	b, err := h.header(optionHeaderSize, "reading an option")
	if err != nil {
		return err
	}
	var m optionHeader
	if err := parseMessage(b, &m); err != nil {
		return protocolErrorf("option: %v", err)
	}
	if m.length > maxOptionData {
		return protocolErrorf("the client sent %d bytes with %s: %d are the most", m.length, m.option, maxOptionData)
	}
	data := make([]byte, m.length)
	if _, err := io.ReadFull(h.in, data); err != nil {
		return hungUp(fmt.Sprintf("reading the %d bytes of %s", m.length, m.option), err)
	}

	text, err := h.dispatch(ctx, m.option, data)
	if err != nil {
		text = m.option.String()
	}
	h.server.Trace.option(h.num, text, err)
	var no *refusal
	switch {
	case errors.As(err, &no):
		h.reply(m.option, no.reply, &textMessage{wireText(no.err.Error())})
	case err != nil:
		return err
	}
	if err := h.flush(); err != nil && !h.aborted { // who aborts need not wait for the answer
		return err
	}
	return nil
}

// dispatch does what one option asks for and writes the replies to it, but for
// an error, which it returns: a refusal, or what must end the connection. text
// says what was granted.
func (h *handshake) dispatch(ctx context.Context, opt option, data []byte) (text string, err error) {
	if opt != optExportName && h.client&flagFixedNewstyle == 0 {
		return "", refuse(repErrInvalid, "the client did not choose fixed newstyle, which has %s", opt)
	}
	if h.server.RequireTLS && !h.secure && opt != optStartTLS && opt != optAbort {
		if opt == optExportName {
			return "", errors.New("nbd: the client asked for an export without TLS, which this server requires")
		}
		return "", refuse(repErrTLSReqd, "this server requires TLS: send STARTTLS before %s", opt)
	}
	if h.leaving.Load() && opt != optAbort {
		return "", refuse(repErrShutdown, "the plugin ended this connection")
	}
	switch opt {
	case optExportName:
		return h.exportName(ctx, data)
	case optAbort:
		h.aborted = true
		h.reply(opt, repAck, nil)
		return opt.String(), nil
	case optList:
		return h.list(ctx, data)
	case optInfo, optGo:
		return h.info(ctx, opt, data)
	case optListMeta, optSetMeta:
		return h.metaContext(opt, data)
	case optStructuredReply, optExtendedHeaders:
		return h.chooseReplies(opt, data)
	case optStartTLS:
		return h.startTLS(ctx, data)
	}
	return "", refuse(repErrUnsup, "this server does not know %s", opt)
}

// chooseReplies grants one of the two better forms of transmission. Extended
// headers include structured replies, so there is no way back to those alone.
func (h *handshake) chooseReplies(opt option, data []byte) (text string, err error) {
	switch {
	case len(data) > 0:
		return "", refuse(repErrInvalid, "%s takes no data", opt)
	case h.server.NoStructuredReplies:
		return "", refuse(repErrUnsup, "structured replies are switched off")
	case opt == optExtendedHeaders && h.server.NoExtendedHeaders:
		return "", refuse(repErrUnsup, "extended headers are switched off")
	case opt == optExtendedHeaders && h.extended:
		return "", refuse(repErrInvalid, "extended headers were chosen already")
	case h.extended:
		return "", refuse(repErrExtHeader, "extended headers were chosen already, which include structured replies")
	case opt == optStructuredReply && h.structured:
		return "", refuse(repErrInvalid, "structured replies were chosen already")
	}
	h.structured, h.extended = true, opt == optExtendedHeaders
	h.reply(opt, repAck, nil)
	return opt.String(), nil
}

// exportName is the oldest way to an export. It cannot be refused but by hanging up.
func (h *handshake) exportName(ctx context.Context, data []byte) (text string, err error) {
	if h.extended {
		return "", protocolErrorf("%s after %s, which forbids it", optExportName, optExtendedHeaders)
	}
	var m textMessage
	if err := parseMessage(data, &m); err != nil {
		return "", protocolErrorf("%s: %v", optExportName, err)
	}
	if err := h.open(ctx, m.text); err != nil {
		return "", fmt.Errorf("nbd: opening the export %q: %w", m.text, err)
	}
	reply := h.facts()
	h.out = appendMessage(h.out, &reply)
	if h.client&flagNoZeroes == 0 {
		h.out = append(h.out, make([]byte, exportNamePadding)...)
	}
	return fmt.Sprintf("%s %q: %d bytes, %s", optExportName, m.text, reply.size, reply.flags), nil
}

// list names the exports.
func (h *handshake) list(ctx context.Context, data []byte) (text string, err error) {
	if len(data) > 0 {
		return "", refuse(repErrInvalid, "%s takes no data", optList)
	}
	var exports []plugins.Export
	err = h.attend(ctx, func(ctx context.Context) (err error) {
		exports, err = h.server.Backend.Exports(ctx, h.params(""))
		return err
	})
	if err != nil {
		return "", &refusal{repErrPlatform, err}
	}
	for _, e := range exports {
		h.reply(optList, repServer, &exportEntry{e})
		if len(h.out) >= flushSize {
			if err := h.flush(); err != nil {
				return "", err
			}
		}
	}
	h.reply(optList, repAck, nil)
	return fmt.Sprintf("%s: %d exports", optList, len(exports)), nil
}

// info answers INFO and GO, which differ in whether the export stays open.
func (h *handshake) info(ctx context.Context, opt option, data []byte) (text string, err error) {
	var m infoRequest
	if err := parseMessage(data, &m); err != nil {
		return "", refuse(repErrInvalid, "%v", err)
	}
	if err := h.open(ctx, m.export); err != nil {
		return "", &refusal{repErrUnknown, err}
	}
	facts := h.facts()
	h.reply(opt, repInfo, &exportInfo{infoExport, facts})
	if err := h.attend(ctx, func(ctx context.Context) error {
		text, err = h.describe(ctx, opt, &m)
		return err
	}); err != nil {
		return "", err
	}
	if opt == optInfo {
		if err := h.disk.handle.Close(); err != nil {
			text += fmt.Sprintf(" (closing it failed: %v)", err) // the answer is still true
		}
		h.disk = nil
	}
	h.reply(opt, repAck, nil)
	return fmt.Sprintf("%s %q: %d bytes, %s%s", opt, m.export, facts.size, facts.flags, text), nil
}

// describe tells what the client asked to know about the open disk, each fact
// once. text is what of it the trace tells.
func (h *handshake) describe(ctx context.Context, opt option, m *infoRequest) (text string, err error) {
	d, describes := h.disk.handle.(plugins.Describer)
	told := map[infoType]bool{}
	for _, info := range m.infos {
		if told[info] {
			continue
		}
		told[info] = true
		switch {
		case info == infoName:
			name := m.export
			if describes {
				name = d.Name()
			}
			h.reply(opt, repInfo, &textInfo{info, wireText(name)})
		case info == infoDescription && describes:
			text, err := d.Description(ctx)
			if err == nil && text != "" { // an error is the backend's to show: the disk works without
				h.reply(opt, repInfo, &textInfo{info, wireText(text)})
			}
		case info == infoBlockSize && describes:
			sizes, err := d.BlockSizes(ctx)
			if err != nil {
				return "", fmt.Errorf("nbd: asking for the block sizes of %q: %w", m.export, err)
			}
			if sizes != (plugins.BlockSizes{}) {
				h.reply(opt, repInfo, &blockSizeInfo{info, sizes})
				text = fmt.Sprintf("%s%d, %d, %d", blockSizesIntro, sizes.Minimum, sizes.Preferred, sizes.Maximum)
			}
		}
	}
	return text, nil
}

// metaContext answers LIST_META_CONTEXT and SET_META_CONTEXT. The one context
// that there is has every export, so none is opened.
func (h *handshake) metaContext(opt option, data []byte) (text string, err error) {
	if opt == optSetMeta {
		h.metaExport = nil // also if it fails
		if !h.structured {
			return "", refuse(repErrInvalid, "structured replies or extended headers come first: %s has none without", opt)
		}
	}
	var m metaRequest
	if err := parseMessage(data, &m); err != nil {
		return "", refuse(repErrInvalid, "%v", err)
	}
	found := opt == optListMeta && len(m.queries) == 0
	for _, q := range m.queries {
		found = found || q == baseAllocation || opt == optListMeta && q == "base:"
	}
	text = fmt.Sprintf("%s %q [%s]: none", opt, m.export, strings.Join(m.queries, " "))
	if found {
		h.reply(opt, repMetaContext, &metaContext{allocationID, baseAllocation})
		text = fmt.Sprintf("%s %q: %s", opt, m.export, baseAllocation)
		if opt == optSetMeta {
			h.metaExport = &m.export
		}
	}
	h.reply(opt, repAck, nil)
	return text, nil
}

// open opens an export into h.disk.
func (h *handshake) open(ctx context.Context, export string) error {
	var handle plugins.Handle
	err := h.attend(ctx, func(ctx context.Context) (err error) {
		handle, err = h.server.Backend.Open(ctx, h.params(export))
		return err
	})
	if err != nil {
		return err
	}
	h.disk = &disk{
		export:     export,
		handle:     handle,
		info:       handle.Info(),
		keeps:      plugins.Keeps(handle),
		structured: h.structured,
		extended:   h.extended,
		allocation: h.metaExport != nil && *h.metaExport == export,
	}
	return nil
}

func (h *handshake) params(export string) plugins.OpenParams {
	return plugins.OpenParams{
		Export:   export,
		ReadOnly: h.server.ReadOnly,
		TLS:      h.secure,
		Client:   h.conn.client,
		Front:    plugins.FrontNBD,
		Conn:     h.num,
	}
}

// facts returns size and flags of the open disk.
func (h *handshake) facts() exportNameReply {
	flags := transmissionFlags(h.disk.info, h.structured)
	if h.extended && h.disk.allocation {
		flags |= BlockStatusPayload
	}
	return exportNameReply{h.disk.info.Size, flags}
}

// transmissionFlags says in the protocol's words what a disk can do.
func transmissionFlags(info plugins.Info, structured bool) TransmissionFlags {
	flags := HasFlags
	set := func(f TransmissionFlags, on bool) {
		if on {
			flags |= f
		}
	}
	set(ReadOnly, info.ReadOnly)
	set(SendFlush, info.CanFlush)
	set(SendFUA, info.FUA != plugins.None)
	set(Rotational, info.Rotational)
	set(SendTrim, info.CanTrim)
	set(SendWriteZeroes, !info.ReadOnly) // what the disk cannot zero is written
	set(SendFastZero, !info.ReadOnly && info.CanFastZero)
	set(SendDF, structured)
	set(CanMultiConn, info.MultiConn)
	set(SendCache, info.Cache != plugins.None)
	return flags
}

// reply appends a reply to the option; a nil m has no data.
func (h *handshake) reply(opt option, reply replyType, m message) {
	var data []byte
	if m != nil {
		data = appendMessage(nil, m)
	}
	h.out = appendMessage(h.out, &optionReplyHeader{opt, reply, uint32(len(data))})
	h.out = append(h.out, data...)
}

// flushSize is when replies are sent before all of them stand.
const flushSize = 64 << 10

// flush sends the replies that wait.
func (h *handshake) flush() error {
	if err := h.beginStep(); err != nil {
		return err
	}
	_, err := h.nc.Write(h.out)
	h.out = h.out[:0]
	if err != nil {
		return fmt.Errorf("nbd: answering in the handshake: %w", err)
	}
	return nil
}
