package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// A captured is what a test reads out of a pcapng file again.
type captured struct {
	requests, replies []string // as "1: 127.1.0.1:10810 READ 0 512", by stream
	comments          []string
	cut               int               // packets of which not all is there
	data              map[string][]byte // what each side of each stream sent; missing bytes are 0
}

// readCapture reads a file, and checks all of its frame: blocks, lengths,
// addresses, sums and sequence numbers.
func readCapture(t *testing.T, text string) *captured {
	t.Helper()
	c := &captured{data: make(map[string][]byte)}
	le, be := binary.LittleEndian, binary.BigEndian
	b := []byte(text)
	for n := 0; len(b) > 0; n++ {
		kind, length := le.Uint32(b), le.Uint32(b[4:])
		if length%4 != 0 || int(length) > len(b) || le.Uint32(b[length-4:]) != length {
			t.Fatalf("block %d: a length of %d in %d bytes", n, length, len(b))
		}
		body := b[8 : length-4]
		b = b[length:]
		switch {
		case n == 0 && kind == blockSection && le.Uint32(body) == byteOrderMagic:
			continue
		case n == 1 && kind == blockInterface && le.Uint16(body) == linkIPv4:
			continue
		case n < 2 || kind != blockPacket:
			t.Fatalf("block %d is of kind %#x", n, kind)
		}
		have, want := le.Uint32(body[12:]), le.Uint32(body[16:])
		packet := body[20 : 20+have]
		if have < want {
			c.cut++
		}
		if options := body[20+(have+3)/4*4:]; len(options) > 0 {
			if le.Uint16(options) != optionComment {
				t.Fatalf("block %d: option %d", n, le.Uint16(options))
			}
			c.comments = append(c.comments, string(options[4:4+le.Uint16(options[2:])]))
		}
		if int(be.Uint16(packet[2:])) != int(want) {
			t.Fatalf("block %d: IP says %d bytes, the block %d", n, be.Uint16(packet[2:]), want)
		}
		var sum uint32
		for i := 0; i < ipHeader; i += 2 {
			sum += uint32(be.Uint16(packet[i:]))
		}
		if sum>>16+sum&0xffff != 0xffff {
			t.Fatalf("block %d: the sum of the IP header is wrong", n)
		}
		c.segment(t, packet, int(want)-ipHeader-tcpHeader)
	}
	return c
}

// segment adds a segment with size bytes of data to its stream.
func (c *captured) segment(t *testing.T, packet []byte, size int) {
	t.Helper()
	be := binary.BigEndian
	tcp := packet[ipHeader:]
	from := fmt.Sprintf("%d.%d.%d.%d:%d", packet[12], packet[13], packet[14], packet[15], be.Uint16(tcp))
	to := fmt.Sprintf("%d.%d.%d.%d:%d", packet[16], packet[17], packet[18], packet[19], be.Uint16(tcp[2:]))
	sent, back := c.data[from+">"+to], c.data[to+">"+from]
	if got := be.Uint32(tcp[4:]); got != uint32(len(sent))+1 {
		t.Fatalf("%s > %s: sequence number %d after %d bytes", from, to, got, len(sent))
	}
	if got := be.Uint32(tcp[8:]); got != uint32(len(back))+1 {
		t.Fatalf("%s > %s: acknowledges %d of %d bytes", from, to, got, len(back))
	}
	data := make([]byte, size)
	copy(data, tcp[tcpHeader:])
	c.data[from+">"+to] = append(sent, data...)
	if len(data) < 16 {
		return
	}
	switch be.Uint32(data) {
	case requestMagic:
		c.requests = append(c.requests, fmt.Sprintf("%s flags %d type %d cookie %d off %d len %d", from,
			be.Uint16(data[4:]), be.Uint16(data[6:]), be.Uint64(data[8:]), be.Uint64(data[16:]), be.Uint32(data[24:])))
	case extendedRequestMagic:
		c.requests = append(c.requests, fmt.Sprintf("%s long, type %d len %d", from, be.Uint16(data[6:]), be.Uint64(data[24:])))
	case simpleReplyMagic:
		c.replies = append(c.replies, fmt.Sprintf("%s error %d cookie %d data %d", to, be.Uint32(data[4:]), be.Uint64(data[8:]), size-16))
	}
}

func TestCapture(t *testing.T) {
	f := session()
	c := readCapture(t, write(t, f, Pcapng, Options{}))
	wantRequests := `127.1.0.1:10810 flags 0 type 0 cookie 1 off 0 len 4096
127.1.0.1:10810 flags 0 type 0 cookie 2 off 4096 len 512
127.1.0.1:10811 flags 0 type 1 cookie 1 off 8192 len 512
127.1.0.1:10811 flags 0 type 1 cookie 2 off 1048064 len 512
127.1.0.1:10811 flags 0 type 6 cookie 3 off 0 len 4096
127.1.0.1:10811 flags 0 type 4 cookie 4 off 4096 len 4096
127.1.0.1:10811 flags 0 type 7 cookie 5 off 0 len 1048576
127.1.0.1:10811 flags 0 type 5 cookie 6 off 0 len 8192
127.1.0.1:10811 flags 0 type 3 cookie 7 off 0 len 0
127.1.0.1:10810 flags 0 type 0 cookie 3 off 0 len 4096`
	wantReplies := `127.1.0.1:10810 error 0 cookie 2 data 512
127.1.0.1:10810 error 0 cookie 1 data 4096
127.1.0.1:10811 error 0 cookie 1 data 0
127.1.0.1:10811 error 28 cookie 2 data 0
127.1.0.1:10811 error 0 cookie 3 data 0
127.1.0.1:10811 error 0 cookie 4 data 0
127.1.0.1:10811 error 0 cookie 5 data 0
127.1.0.1:10811 error 0 cookie 6 data 0
127.1.0.1:10811 error 0 cookie 7 data 0`
	if got := strings.Join(c.requests, "\n"); got != wantRequests {
		t.Errorf("requests\n%s\nwant\n%s", got, wantRequests)
	}
	if got := strings.Join(c.replies, "\n"); got != wantReplies {
		t.Errorf("replies\n%s\nwant\n%s", got, wantReplies)
	}
	if c.cut != 4 { // two replies to reads and two writes, of which the beginning is known
		t.Errorf("%d packets are cut, want 4", c.cut)
	}
	if len(c.comments) != len(c.requests)+len(c.replies) || !strings.Contains(c.comments[0], "nbd#1 READ 0x0 4096") {
		t.Errorf("comments: %q", c.comments)
	}

	flags := readCapture(t, write(t, f, Pcapng, Options{CommandFlags: true}))
	for i, want := range map[int]string{2: "flags 1 type 1", 4: "flags 0 type 6", 6: "flags 8 type 7"} {
		if !strings.Contains(flags.requests[i], want) {
			t.Errorf("with flags: %s, want %s", flags.requests[i], want)
		}
	}
}

// TestCaptureData writes payloads that are there, in more than one segment.
func TestCaptureData(t *testing.T) {
	const size = 200_000
	f := newFake()
	want := bytes.Repeat([]byte("0123456789"), size/10)
	for i, op := range []plugins.Op{plugins.OpWrite, plugins.OpRead} {
		f.payloads[f.request(1, uint64(i), op, 0, size, 10+20*i, 20+20*i)] = want
	}
	c := readCapture(t, write(t, f, Pcapng, Options{}))
	if c.cut != 0 {
		t.Errorf("%d packets are cut", c.cut)
	}
	client, server := "127.1.0.1:10810", "127.0.0.1:10809"
	if got := c.data[client+">"+server]; !bytes.Equal(got[28:28+size], want) || len(got) != 28+size+28 {
		t.Errorf("the client sent %d bytes, or other ones", len(got))
	}
	if got := c.data[server+">"+client]; !bytes.Equal(got[16+16:], want) {
		t.Errorf("the server sent %d bytes, or other ones", len(got))
	}
}

// TestCaptureExtremes writes what no dissector sees often.
func TestCaptureExtremes(t *testing.T) {
	f := newFake()
	f.request(1, 1, plugins.OpTrim, 0, 1<<40, 0, 9)
	f.request(1<<31, 2, plugins.OpRead, 1<<62, 512, 10, 19)
	f.request(1, 3, plugins.OpWrite, 0, 1<<63, 20, 29, func(e *recordings.Event) { e.Errno = 22 })
	fuse := func(e *recordings.Event) { e.Front = plugins.FrontFUSE }
	f.request(1, 4, plugins.OpRead, 0, 512, 30, 39, fuse)
	f.fact(recordings.Disconnect, 1, 40, "")
	f.request(1, 5, plugins.OpRead, 0, 512, 50, 59, fuse)
	c := readCapture(t, write(t, f, Pcapng, Options{}))
	for i, want := range []string{"127.1.0.1:10810 long, type 4 len 1099511627776", "len 512", "long, type 1 len 9223372036854775808", "127.2.0.1:10810 ", "127.2.0.1:10810 "} {
		if !strings.Contains(c.requests[i], want) {
			t.Errorf("%s, want %s", c.requests[i], want)
		}
	}
	if strings.HasPrefix(c.requests[1], "127.1.0.1") {
		t.Errorf("two connections are one: %s", c.requests[1])
	}
}

func TestTruncate(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"aµb", 2, "a"}, {"µ", 1, ""}} {
		if got := truncate(test.text, test.n); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.text, test.n, got, test.want)
		}
	}
}
