package nbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

const bothFlags = flagFixedNewstyle | flagNoZeroes

func infoData(export string, infos ...infoType) []byte {
	return appendMessage(nil, &infoRequest{export, infos})
}

func metaData(export string, queries ...string) []byte {
	return appendMessage(nil, &metaRequest{export, queries})
}

// infoHeaderBytes is the payload of an INFO or GO with the numbers as given.
func infoBytes(nameLength uint32, name string, infos uint16, rest string) []byte {
	b := binary.BigEndian.AppendUint32(nil, nameLength)
	b = append(b, name...)
	b = binary.BigEndian.AppendUint16(b, infos)
	return append(b, rest...)
}

// TestOptionErrors has the rows of the specification on options that are
// refused. After each the connection must be in step: GO works.
func TestOptionErrors(t *testing.T) {
	long, longer := strings.Repeat("n", maxString), strings.Repeat("n", maxString+1)
	tests := []struct {
		name string
		opt  option
		data []byte
		want replyType
	}{
		{"unknown option", 77, nil, repErrUnsup},
		{"unknown option with 1000 bytes", 77, make([]byte, 1000), repErrUnsup},
		{"PEEK_EXPORT", optPeekExport, nil, repErrUnsup},
		{"EXTENDED_HEADERS with data", optExtendedHeaders, []byte{1}, repErrInvalid},
		{"STARTTLS", optStartTLS, nil, repErrPolicy},
		{"STARTTLS with data", optStartTLS, []byte{1}, repErrInvalid},
		{"LIST with data", optList, []byte{1}, repErrInvalid},
		{"STRUCTURED_REPLY with data", optStructuredReply, []byte{1}, repErrInvalid},
		{"INFO of no bytes", optInfo, nil, repErrInvalid},
		{"GO of 5 bytes", optGo, make([]byte, 5), repErrInvalid},
		{"GO with a name longer than the option", optGo, infoBytes(9, "abc", 0, ""), repErrInvalid},
		{"GO with a name of 4 GiB", optGo, infoBytes(0xffffffff, "abc", 0, ""), repErrInvalid},
		{"GO with too few informations", optGo, infoBytes(0, "", 2, "\x00\x01"), repErrInvalid},
		{"GO with more informations than said", optGo, infoBytes(0, "", 0, "\x00\x01"), repErrInvalid},
		{"GO with half an information", optGo, infoBytes(0, "", 1, "\x00"), repErrInvalid},
		{"GO with a name of 4097 bytes", optGo, infoData(longer), repErrInvalid},
		{"GO with a zero byte in the name", optGo, infoData("a\x00b"), repErrInvalid},
		{"SET_META_CONTEXT before STRUCTURED_REPLY", optSetMeta, metaData("", baseAllocation), repErrInvalid},
		{"LIST_META_CONTEXT of no bytes", optListMeta, nil, repErrInvalid},
		{"LIST_META_CONTEXT with a truncated query", optListMeta, metaData("", "base:allocation")[:15], repErrInvalid},
		{"LIST_META_CONTEXT with 2^32-1 queries", optListMeta, binary.BigEndian.AppendUint32(make([]byte, 4), 0xffffffff), repErrInvalid},
		{"LIST_META_CONTEXT with a query of 4097 bytes", optListMeta, metaData("", longer), repErrInvalid},
		{"LIST_META_CONTEXT with bytes after the queries", optListMeta, append(metaData(""), 0), repErrInvalid},

		{"GO with a name of 4096 bytes", optInfo, infoData(long), repAck},
		{"INFO with a name that is not UTF-8", optInfo, infoData("\xff\xfe"), repAck},
		{"INFO with unknown informations", optInfo, infoData("", 99, 98), repAck},
		{"LIST_META_CONTEXT before STRUCTURED_REPLY", optListMeta, metaData(""), repAck},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(4096)
			p, _ := connect(t, &Server{Backend: m})
			p.greet(bothFlags)
			p.wantOption(tt.want, tt.opt, tt.data)
			p.wantOption(repAck, optGo, infoData(""))
			p.request(requestHeader{command: cmdRead, cookie: 7, length: 1}, nil)
			if a := p.answer(1); a.cookie != 7 || a.errno != 0 {
				t.Errorf("the READ after it was answered by %+v", a)
			}
		})
	}
}

// TestHandshakeDrops has the rows after which the server must hang up.
func TestHandshakeDrops(t *testing.T) {
	tests := []struct {
		name    string
		server  *Server // nil = as it comes
		memory  func(*memory)
		do      func(p *rawPeer)
		wantErr string // "" = in peace
	}{
		{name: "unknown client flag", do: func(p *rawPeer) { p.greet(4) }, wantErr: "flags that it was not offered: 0x4"},
		{name: "client flag that was hidden", server: &Server{HideFlags: 2}, do: func(p *rawPeer) { p.greet(bothFlags) }, wantErr: "not offered"},
		{name: "wrong option magic", do: func(p *rawPeer) { p.greet(bothFlags); p.send(make([]byte, optionHeaderSize)) }, wantErr: "magic number is 0x0"},
		{name: "option of 200 MB", do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.send(appendMessage(nil, &optionHeader{optGo, 200 << 20}))
		}, wantErr: "209715200 bytes with GO"},
		{name: "33 options", do: func(p *rawPeer) {
			p.greet(bothFlags)
			for range maxOptions {
				p.wantOption(repErrUnsup, 99, nil)
			}
		}, wantErr: "more than 32 options"},
		{name: "EXPORT_NAME of 4097 bytes", do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.sendOption(optExportName, make([]byte, maxString+1))
		}, wantErr: "4097 bytes"},
		{name: "EXPORT_NAME with a zero byte", do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.sendOption(optExportName, []byte{'a', 0})
		}, wantErr: "zero byte"},
		{name: "EXPORT_NAME that the disk refuses", memory: func(m *memory) { m.openErr = errors.New("no such disk") }, do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.sendOption(optExportName, []byte("x"))
		}, wantErr: `opening the export "x": no such disk`},
		{name: "block sizes that fail", memory: func(m *memory) { m.sizesErr = errors.New("sizes unknown") }, do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.sendOption(optGo, infoData("", infoBlockSize))
		}, wantErr: "sizes unknown"},
		{name: "hang-up in the client flags", do: func(p *rawPeer) { p.receive(greetingSize); p.send([]byte{0}); p.nc.(closeWriter).CloseWrite() }, wantErr: "unexpected EOF"},
		{name: "hang-up in an option", do: func(p *rawPeer) {
			p.greet(bothFlags)
			p.send(appendMessage(nil, &optionHeader{optGo, 10}))
			p.nc.(closeWriter).CloseWrite()
		}, wantErr: "10 bytes of GO: unexpected EOF"},
		{name: "hang-up between options", do: func(p *rawPeer) { p.greet(bothFlags); p.nc.(closeWriter).CloseWrite() }},
		{name: "hang-up before the client flags", do: func(p *rawPeer) { p.receive(greetingSize); p.nc.(closeWriter).CloseWrite() }},
		{name: "silence", server: &Server{HandshakeTimeout: time.Millisecond}, do: func(p *rawPeer) { io.Copy(io.Discard, p.nc) }, wantErr: os.ErrDeadlineExceeded.Error()},
		{name: "ABORT", do: func(p *rawPeer) { p.greet(bothFlags); p.wantOption(repAck, optAbort, nil) }},
		{name: "ABORT with data", do: func(p *rawPeer) { p.greet(bothFlags); p.wantOption(repAck, optAbort, []byte("bye")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(4096)
			if tt.memory != nil {
				tt.memory(m)
			}
			s := tt.server
			if s == nil {
				s = &Server{}
			}
			s.Backend = m
			p, end := connect(t, s)
			tt.do(p)
			p.wantEOF()
			err := end.result(t)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("ServeConn returned %v: want %q", err, tt.wantErr)
			}
			if opened, closed := m.counts(); opened != closed {
				t.Errorf("the disk was opened %d times, closed %d times", opened, closed)
			}
		})
	}
}

type closeWriter interface{ CloseWrite() error }

func TestGreeting(t *testing.T) {
	for hide, want := range map[uint16]uint16{0: 3, 1: 2, 2: 1, 3: 0} {
		p, _ := connect(t, &Server{Backend: newMemory(1), HideFlags: hide})
		if got := p.greet(0); got.flags != want {
			t.Errorf("with %d hidden the flags are %d: want %d", hide, got.flags, want)
		}
	}
}

func TestNotFixedNewstyle(t *testing.T) {
	m := newMemory(4096)
	p, _ := connect(t, &Server{Backend: m})
	p.greet(0)
	p.wantOption(repErrInvalid, optList, make([]byte, 10))
	p.wantOption(repErrInvalid, optGo, infoData(""))
	p.sendOption(optExportName, nil)
	reply := p.receive(exportNameReplySize + exportNamePadding)
	if size := binary.BigEndian.Uint64(reply); size != 4096 {
		t.Errorf("size %d", size)
	}
	p.request(requestHeader{command: cmdRead, length: 16}, nil)
	if a := p.answer(16); a.errno != 0 || !a.simple {
		t.Errorf("READ: %+v", a)
	}
}

func TestExportName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		flags  handshakeFlags
		export string
		size   int
	}{
		{"padded", flagFixedNewstyle, "a", exportNameReplySize + exportNamePadding},
		{"not padded", bothFlags, "", exportNameReplySize},
		{"name of 4096 bytes", bothFlags, strings.Repeat("n", maxString), exportNameReplySize},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(512)
			p, end := connect(t, &Server{Backend: m})
			p.greet(tt.flags)
			p.sendOption(optExportName, []byte(tt.export))
			b := p.receive(tt.size)
			var got exportNameReply
			if err := parsePart(b, &got); err != nil || got.size != 512 || got.flags != transmissionFlags(m.info, false) {
				t.Errorf("the answer is %+v, %v", got, err)
			}
			for _, z := range b[exportNameReplySize:] {
				if z != 0 {
					t.Fatal("the padding is not zero")
				}
			}
			p.request(requestHeader{command: cmdDisc}, nil)
			if err := end.result(t); err != nil {
				t.Error(err)
			}
			want := plugins.OpenParams{Export: tt.export, Client: m.opened[0].Client, Front: plugins.FrontNBD, Conn: 1}
			if m.opened[0] != want || want.Client.Name == "" {
				t.Errorf("opened with %+v: want %+v", m.opened[0], want)
			}
		})
	}
}

func TestInfo(t *testing.T) {
	reply := func(m message) rawReply { return rawReply{repInfo, string(appendMessage(nil, m))} }
	m := newMemory(8192)
	fact := reply(&exportInfo{infoExport, exportNameReply{8192, transmissionFlags(m.info, false)}})
	ack := rawReply{reply: repAck}
	sizes := plugins.BlockSizes{Minimum: 1, Preferred: 4096, Maximum: 0xffffffff}
	tests := []struct {
		name    string
		about   string
		sizes   plugins.BlockSizes
		request []byte
		want    []rawReply
	}{
		{"INFO_EXPORT comes unasked", "text", sizes, infoData("x"), []rawReply{fact, ack}},
		{"all that there is", "text", sizes, infoData("x", infoExport, infoName, infoDescription, infoBlockSize), []rawReply{fact,
			reply(&textInfo{infoName, "x"}), reply(&textInfo{infoDescription, "text"}), reply(&blockSizeInfo{infoBlockSize, sizes}), ack}},
		{"nothing to say", "", plugins.BlockSizes{}, infoData("x", infoDescription, infoBlockSize), []rawReply{fact, ack}},
		{"duplicates and unknown ones", "text", sizes, infoData("", 9, infoDescription, 9, infoDescription), []rawReply{fact, reply(&textInfo{infoDescription, "text"}), ack}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(8192)
			m.description, m.sizes = tt.about, tt.sizes
			p, _ := connect(t, &Server{Backend: m})
			p.greet(bothFlags)
			for _, opt := range []option{optInfo, optGo} { // with the same answer
				if got := p.option(opt, tt.request); fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("%s was answered by %v: want %v", opt, got, tt.want)
				}
				opened, closed := m.counts()
				if opt == optInfo && (opened != 1 || closed != 1) || opt == optGo && (opened != 2 || closed != 1) {
					t.Errorf("after %s the disk was opened %d times, closed %d times", opt, opened, closed)
				}
			}
		})
	}

	t.Run("unknown export", func(t *testing.T) {
		m := newMemory(1)
		m.openErr = &plugins.Error{Callback: plugins.Open, File: "disk.lua", Line: 3, Msg: "no such disk\x00"}
		p, _ := connect(t, &Server{Backend: m})
		p.greet(bothFlags)
		for _, opt := range []option{optInfo, optGo} {
			want := rawReply{repErrUnknown, "open: disk.lua:3: no such disk\uFFFD"}
			if got := p.last(opt, infoData("x")); got != want {
				t.Errorf("%s was answered by %v: want %v", opt, got, want)
			}
		}
		p.wantOption(repAck, optAbort, nil)
	})
}

func TestList(t *testing.T) {
	t.Run("twice", func(t *testing.T) {
		m := newMemory(1)
		m.exports = []plugins.Export{{Name: "a", Description: "first"}, {Name: ""}}
		p, _ := connect(t, &Server{Backend: m})
		p.greet(bothFlags)
		want := []rawReply{{repServer, "\x00\x00\x00\x01afirst"}, {repServer, "\x00\x00\x00\x00"}, {repAck, ""}}
		for range 2 {
			if got := p.option(optList, nil); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("LIST was answered by %v: want %v", got, want)
			}
		}
	})
	t.Run("that fails", func(t *testing.T) {
		m := newMemory(1)
		m.exportsErr = errors.New("the list is lost")
		p, _ := connect(t, &Server{Backend: m})
		p.greet(bothFlags)
		if got, want := p.last(optList, nil), (rawReply{repErrPlatform, "the list is lost"}); got != want {
			t.Errorf("LIST was answered by %v: want %v", got, want)
		}
		p.wantOption(repAck, optAbort, nil)
	})
	t.Run("that is long", func(t *testing.T) {
		m := newMemory(1)
		for i := range 3000 {
			m.exports = append(m.exports, plugins.Export{Name: fmt.Sprint(i), Description: strings.Repeat("d", 100)})
		}
		p, _ := connect(t, &Server{Backend: m})
		p.greet(bothFlags)
		if got := len(p.option(optList, nil)); got != 3001 {
			t.Errorf("%d replies: want 3001", got)
		}
	})
}

func TestStructuredReplyTwice(t *testing.T) {
	p, _ := connect(t, &Server{Backend: newMemory(1)})
	p.greet(bothFlags)
	p.wantOption(repAck, optStructuredReply, nil)
	p.wantOption(repErrInvalid, optStructuredReply, nil)

	p, _ = connect(t, &Server{Backend: newMemory(1), NoStructuredReplies: true})
	p.greet(bothFlags)
	p.wantOption(repErrUnsup, optStructuredReply, nil)
}

func TestMetaContext(t *testing.T) {
	const context = "\x00\x00\x00\x01base:allocation"
	tests := []struct {
		name  string
		opt   option
		data  []byte
		found bool
	}{
		{"list without a query", optListMeta, metaData(""), true},
		{"list base:", optListMeta, metaData("", "base:"), true},
		{"list base:allocation", optListMeta, metaData("", "base:allocation"), true},
		{"list an unknown namespace", optListMeta, metaData("", "x-mine:", "qemu:dirty-bitmap:b"), false},
		{"list an unknown leaf", optListMeta, metaData("", "base:other"), false},
		{"list without a colon", optListMeta, metaData("", "allocation", ""), false},
		{"set base:allocation", optSetMeta, metaData("", "base:allocation"), true},
		{"set it twice", optSetMeta, metaData("", "base:allocation", "base:allocation"), true},
		{"set it among others", optSetMeta, metaData("", "x:y", "base:allocation", "base:z"), true},
		{"set base:", optSetMeta, metaData("", "base:"), false},
		{"set nothing", optSetMeta, metaData(""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := connect(t, &Server{Backend: newMemory(4096)})
			p.greet(bothFlags)
			p.wantOption(repAck, optStructuredReply, nil)
			want := []rawReply{{repAck, ""}}
			if tt.found {
				want = []rawReply{{repMetaContext, context}, {repAck, ""}}
			}
			if got := p.option(tt.opt, tt.data); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the answer is %v: want %v", got, want)
			}
		})
	}
}

// TestMetaContextLife checks when BLOCK_STATUS may be asked for.
func TestMetaContextLife(t *testing.T) {
	set := func(p *rawPeer, want replyType, data []byte) { p.wantOption(want, optSetMeta, data) }
	tests := []struct {
		name   string
		before func(p *rawPeer)
		export string
		want   syscall.Errno
	}{
		{"chosen", func(p *rawPeer) { set(p, repAck, metaData("a", baseAllocation)) }, "a", 0},
		{"chosen for another export", func(p *rawPeer) { set(p, repAck, metaData("a", baseAllocation)) }, "b", syscall.EINVAL},
		{"not chosen", func(p *rawPeer) {}, "a", syscall.EINVAL},
		{"listed only", func(p *rawPeer) { p.wantOption(repAck, optListMeta, metaData("a")) }, "a", syscall.EINVAL},
		{"cleared", func(p *rawPeer) { set(p, repAck, metaData("a", baseAllocation)); set(p, repAck, metaData("a")) }, "a", syscall.EINVAL},
		{"cleared by an error", func(p *rawPeer) {
			set(p, repAck, metaData("a", baseAllocation))
			set(p, repErrInvalid, []byte{1})
		}, "a", syscall.EINVAL},
		{"chosen, and INFO of another export", func(p *rawPeer) {
			set(p, repAck, metaData("a", baseAllocation))
			p.wantOption(repAck, optInfo, infoData("b"))
		}, "a", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := connect(t, &Server{Backend: newMemory(4096)})
			p.greet(bothFlags)
			p.wantOption(repAck, optStructuredReply, nil)
			tt.before(p)
			p.wantOption(repAck, optGo, infoData(tt.export))
			p.request(requestHeader{command: cmdBlockStatus, length: 512}, nil)
			if a := p.answer(0); a.errno != tt.want {
				t.Errorf("BLOCK_STATUS was answered by %+v: want %v", a, tt.want)
			}
		})
	}
}

// TestMetaContextUnknownExport: no disk is opened for a context, so that a name is
// found to be unknown by GO only.
func TestMetaContextUnknownExport(t *testing.T) {
	m := newMemory(4096)
	m.openErr = syscall.ENOENT
	p, _ := connect(t, &Server{Backend: m})
	p.greet(bothFlags)
	p.wantOption(repAck, optStructuredReply, nil)
	p.wantOption(repAck, optSetMeta, metaData("x", baseAllocation))
	p.wantOption(repErrUnknown, optGo, infoData("x"))
}

// TestTransmissionFlags goes through every combination of what a disk can.
func TestTransmissionFlags(t *testing.T) {
	bits := []struct {
		set  func(*plugins.Info)
		flag TransmissionFlags
	}{
		{func(i *plugins.Info) { i.CanFlush = true }, 1 << 2},
		{func(i *plugins.Info) { i.FUA = plugins.Emulate }, 1 << 3},
		{func(i *plugins.Info) { i.Rotational = true }, 1 << 4},
		{func(i *plugins.Info) { i.CanTrim = true }, 1 << 5},
		{func(i *plugins.Info) { i.MultiConn = true }, 1 << 8},
		{func(i *plugins.Info) { i.Cache = plugins.Native }, 1 << 10},
		{func(i *plugins.Info) { i.CanFastZero = true }, 1 << 11},
		{func(i *plugins.Info) { i.ReadOnly = true }, 1 << 1},
		{func(i *plugins.Info) { i.CanZero = true }, 0},
		{func(i *plugins.Info) { i.CanExtents = true }, 0},
	}
	for n := range 1 << len(bits) {
		for _, structured := range []bool{false, true} {
			var info plugins.Info
			want := TransmissionFlags(1)
			for i, bit := range bits {
				if n>>i&1 == 1 {
					bit.set(&info)
					want |= bit.flag
				}
			}
			if info.ReadOnly {
				want &^= 1 << 11
			} else {
				want |= 1 << 6
			}
			if structured {
				want |= 1 << 7
			}
			if got := transmissionFlags(info, structured); got != want {
				t.Fatalf("%+v, structured %t: %s, want %s", info, structured, got, want)
			}
		}
	}

	// What nbdkit sends (its tests/test-eflags.sh, and measured).
	for _, tt := range []struct {
		name string
		info plugins.Info
		want TransmissionFlags
	}{
		{"size only", plugins.Info{ReadOnly: true}, 0x83},
		{"can_write", plugins.Info{CanFastZero: true}, 0x8c1},
		{"memory plugin", plugins.Info{CanFlush: true, FUA: plugins.Native, CanTrim: true, CanZero: true, CanFastZero: true, MultiConn: true, Cache: plugins.Native}, 0xded},
		{"memory plugin, -r", plugins.Info{ReadOnly: true, CanFlush: true, MultiConn: true, Cache: plugins.Native}, 0x507 | 0x80},
	} {
		if got := transmissionFlags(tt.info, true); got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.name, uint16(got), uint16(tt.want))
		}
	}
}

func TestReadOnlyServer(t *testing.T) {
	m := newMemory(512)
	p, _ := connect(t, &Server{Backend: m, ReadOnly: true})
	p.open(false)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.opened[0].ReadOnly {
		t.Error("the disk was not opened read-only")
	}
}

// TestTrace checks what is told of one connection, in words.
func TestTrace(t *testing.T) {
	var mu sync.Mutex
	var got []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf(format, args...))
	}
	m := newMemory(4096)
	m.exports = make([]plugins.Export, 2)
	s := &Server{Backend: m, Trace: Trace{
		Connect: func(conn uint32, peer string) { note("%d connect %t", conn, peer != "") },
		Option: func(conn uint32, text string, err error) {
			note("%d option %s: %v (%s)", conn, text, err, plugins.ErrnoName(errnoOf(err)))
		},
		Opened:     func(conn uint32, export string, info plugins.Info) { note("%d opened %q %d", conn, export, info.Size) },
		Disconnect: func(conn uint32, err error) { note("%d disconnect %v", conn, err) },
	}}
	p, end := connect(t, s)
	p.greet(bothFlags)
	p.wantOption(repErrUnsup, 12, nil)
	p.wantOption(repAck, optStructuredReply, nil)
	p.wantOption(repAck, optSetMeta, metaData("a", baseAllocation))
	p.wantOption(repAck, optSetMeta, metaData("a", "x:y"))
	p.wantOption(repAck, optList, nil)
	p.wantOption(repAck, optGo, infoData("a"))
	p.request(requestHeader{command: cmdDisc}, nil)
	if err := end.result(t); err != nil {
		t.Error(err)
	}
	want := []string{
		`1 connect true`,
		`1 option option 12: ERR_UNSUP: this server does not know option 12 (ENOTSUP)`,
		`1 option STRUCTURED_REPLY: <nil> (errno 0)`,
		`1 option SET_META_CONTEXT "a": base:allocation: <nil> (errno 0)`,
		`1 option SET_META_CONTEXT "a" [x:y]: none: <nil> (errno 0)`,
		`1 option LIST: 2 exports: <nil> (errno 0)`,
		`1 option GO "a": 4096 bytes, HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES, SEND_DF, CAN_MULTI_CONN, SEND_CACHE, SEND_FAST_ZERO: <nil> (errno 0)`,
		`1 opened "a" 4096`,
		`1 disconnect <nil>`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	p, end = connect(t, s)
	p.greet(8)
	err := end.result(t)
	var protocol *ProtocolError
	if !errors.As(err, &protocol) || got[len(got)-1] != fmt.Sprintf("2 disconnect %v", err) {
		t.Errorf("ServeConn returned %v, and %q was told", err, got[len(got)-1])
	}
}
