package nbd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"workbench/plugins"
)

// maxFuzzSession bounds the inputs: longer ones say nothing new and make the
// fuzzer, which also tries to shorten them, slow.
const maxFuzzSession = 16 << 10

// recorded is a connection whose client has sent everything already, takes every
// answer at once and then hangs up, so that nothing depends on time.
type recorded struct {
	sent    io.Reader
	answers bytes.Buffer
}

func (c *recorded) Read(b []byte) (int, error)       { return c.sent.Read(b) }
func (c *recorded) Write(b []byte) (int, error)      { return c.answers.Write(b) }
func (c *recorded) Close() error                     { return nil }
func (c *recorded) LocalAddr() net.Addr              { return nil }
func (c *recorded) RemoteAddr() net.Addr             { return nil }
func (c *recorded) SetDeadline(time.Time) error      { return nil }
func (c *recorded) SetReadDeadline(time.Time) error  { return nil }
func (c *recorded) SetWriteDeadline(time.Time) error { return nil }

// checkSession holds what must be true at the end of every session: each disk that
// was opened is closed, each request finished, and the error has one line.
func checkSession(t *testing.T, m *memory, err error) {
	t.Helper()
	if opened, closed := m.counts(); opened != closed {
		t.Errorf("%d disks were opened, %d closed", opened, closed)
	}
	finished := 0
	for _, n := range m.finished {
		finished += n
	}
	if finished != len(m.seen) {
		t.Errorf("%d requests were begun, %d finished", len(m.seen), finished)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

// checkExplained holds that what the server said can be read without a fault.
func checkExplained(t *testing.T, answers []byte, o ExplainOptions) {
	t.Helper()
	for _, m := range explainAll(t, answers, o) {
		if m.Problem != nil {
			t.Errorf("the server's %s at byte %d of %x: %v", m.Name, m.Offset, answers, m.Problem)
		}
	}
}

// FuzzHandshake has servers of all settings read anything as the client's flags
// and options.
func FuzzHandshake(f *testing.F) {
	const noStructured, noExtended, requireTLS, offerTLS = 1, 2, 16, 32 // and HideFlags between them
	session := func(flags handshakeFlags, options ...any) []byte {
		return parts(&clientFlags{flags}, parts(options...))
	}
	all := infoData("disk", infoExport, infoName, infoDescription, infoBlockSize)
	context := metaData("disk", baseAllocation)
	f.Add(uint8(0), session(bothFlags, optionBytes(optStructuredReply), optionBytes(optSetMeta, context), optionBytes(optInfo, all), optionBytes(optGo, all)))
	f.Add(uint8(0), session(bothFlags, optionBytes(optExtendedHeaders), optionBytes(optListMeta, metaData("")), optionBytes(optGo, infoData("disk"))))
	f.Add(uint8(0), session(bothFlags, optionBytes(optList), optionBytes(99, []byte("data")), optionBytes(optAbort)))
	f.Add(uint8(0), session(flagFixedNewstyle, optionBytes(optExportName, []byte("disk"))))
	f.Add(uint8(0), session(bothFlags, optionBytes(optExportName, []byte("disk"))))
	f.Add(uint8(0), session(0, optionBytes(optList), optionBytes(optExportName)))
	f.Add(uint8(noStructured|3<<2), session(0, optionBytes(optStructuredReply), optionBytes(optExportName)))
	f.Add(uint8(noExtended), session(bothFlags, optionBytes(optExtendedHeaders), optionBytes(optSetMeta, context), optionBytes(optGo, all[:7])))
	f.Add(uint8(requireTLS), session(bothFlags, optionBytes(optStartTLS), optionBytes(optGo, all), optionBytes(optExportName)))
	f.Add(uint8(requireTLS|offerTLS), session(bothFlags, optionBytes(optList), optionBytes(optStartTLS, []byte{1}), optionBytes(optStartTLS)))
	dir, _ := certificates(f)
	config := loadServer(f, dir, true)
	f.Fuzz(func(t *testing.T, settings uint8, b []byte) {
		if len(b) > maxFuzzSession {
			return
		}
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		m := newMemory(4096)
		m.name, m.description, m.sizes = "disk", "words", plugins.BlockSizes{Minimum: 1, Preferred: 512, Maximum: 4096}
		m.exports = []plugins.Export{{Name: "disk", Description: "words"}, {Name: "other"}}
		s := &Server{Backend: m, NoStructuredReplies: settings&noStructured != 0, NoExtendedHeaders: settings&noExtended != 0,
			HideFlags: uint16(settings >> 2 & 3), RequireTLS: settings&requireTLS != 0}
		if settings&offerTLS != 0 {
			s.TLS = config
		}
		client := &recorded{sent: bytes.NewReader(b)}
		h := handshake{conn: newConn(s, client, func(error) {})}
		d, err := h.run(t.Context())
		switch {
		case d == nil:
		case err != nil || s.RequireTLS && !h.secure || d.allocation && !d.structured || d.extended && !d.structured:
			t.Errorf("the handshake led to %+v, %v", d, err)
		default:
			d.handle.Close()
		}
		checkSession(t, m, err)
		if s.TLS == nil { // else what was said may be encrypted
			checkExplained(t, client.answers.Bytes(), ExplainOptions{From: FromServer, NoZeroes: h.client&flagNoZeroes != 0})
		}
	})
}

// FuzzTransmission has the server, with all its goroutines, read anything as the
// requests of one client, many of them in flight.
func FuzzTransmission(f *testing.F) {
	read, disc := &requestHeader{command: cmdRead, cookie: 1, length: 4096}, &requestHeader{command: cmdDisc}
	write := parts(&requestHeader{command: cmdWrite, cookie: 2, offset: 8, length: 3}, "abc")
	f.Add(false, parts(read, read, disc))
	f.Add(false, parts(bytes.Repeat(write, 20), read))
	f.Add(false, parts(&requestHeader{command: cmdBlockStatus, flags: cmdFlagReqOne, length: 512}, &requestHeader{command: cmdFlush}, "nonsense"))
	f.Add(false, parts(&requestHeader{command: 99, flags: 0xffff}, &requestHeader{command: cmdTrim, length: 1 << 30}))
	f.Add(true, parts(&extRequest{cmdFlagPayloadLen, cmdWrite, 1, 0, 3}, "abc", &extRequest{0, cmdRead, 2, 0, 4096}))
	f.Add(true, parts(&extRequest{0, cmdWriteZeroes, 1, 0, 1 << 40}, &extRequest{0, cmdBlockStatus, 1, 0, 1 << 14}))
	f.Fuzz(func(t *testing.T, extended bool, b []byte) {
		if len(b) > maxFuzzSession {
			return
		}
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		opt := optStructuredReply
		if extended {
			opt = optExtendedHeaders
		}
		sent := parts(&clientFlags{bothFlags}, optionBytes(opt), optionBytes(optSetMeta, metaData("", baseAllocation)), optionBytes(optGo, infoData("")), b)
		m := newMemory(16 << 10)
		copy(m.data[8<<10:], "data")
		m.extents = []plugins.Extent{{Length: 512}, {Offset: 512, Length: 1024, Type: 3}, {Offset: 1536, Length: 14848}}
		client := &recorded{sent: bytes.NewReader(sent)}
		err := (&Server{Backend: m, Slots: 4}).ServeConn(context.Background(), client)
		var protocol *ProtocolError
		if err != nil && !errors.As(err, &protocol) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the end is %v", err)
		}
		if opened, _ := m.counts(); opened != 1 {
			t.Errorf("the disk was opened %d times", opened)
		}
		checkSession(t, m, err)
		checkExplained(t, client.answers.Bytes(), ExplainOptions{From: FromServer, NoZeroes: true})
	})
}
