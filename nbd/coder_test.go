package nbd

import (
	"reflect"
	"strings"
	"testing"

	"workbench/plugins"
)

// TestMessageSizes holds the sizes against the layouts, and those against the specification.
func TestMessageSizes(t *testing.T) {
	for _, tt := range []struct {
		m    message
		size int
		spec int
	}{
		{&greeting{}, greetingSize, 18},
		{&clientFlags{}, clientFlagsSize, 4},
		{&optionHeader{}, optionHeaderSize, 16},
		{&optionReplyHeader{}, optionReplySize, 20},
		{&exportNameReply{}, exportNameReplySize, 10},
		{&requestHeader{}, requestSize, 28},
		{&simpleReply{}, simpleReplySize, 16},
		{&chunkHeader{}, chunkHeaderSize, 20},
		{&offsetData{}, offsetDataSize, 8},
		{&offsetHole{}, offsetHoleSize, 12},
		{&errorChunk{}, errorChunkSize, 6},
		{&blockStatus{}, blockStatusSize, 4},
		{&descriptor{}, descriptorSize, 8},
	} {
		if n := len(appendMessage(nil, tt.m)); n != tt.size || n != tt.spec {
			t.Errorf("%T has %d bytes: the constant says %d, the specification %d", tt.m, n, tt.size, tt.spec)
		}
	}
}

// TestMessageBytes has messages as the specification lays them out.
func TestMessageBytes(t *testing.T) {
	for _, tt := range []struct {
		m    message
		want string
	}{
		{&greeting{3}, "NBDMAGICIHAVEOPT\x00\x03"},
		{&optionHeader{optGo, 6}, "IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x06"},
		{&optionReplyHeader{optGo, repErrUnknown, 1}, "\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x07\x80\x00\x00\x06\x00\x00\x00\x01"},
		{&infoRequest{"ab", []infoType{1, 3}}, "\x00\x00\x00\x02ab\x00\x02\x00\x01\x00\x03"},
		{&metaRequest{"a", []string{"b:c"}}, "\x00\x00\x00\x01a\x00\x00\x00\x01\x00\x00\x00\x03b:c"},
		{&exportEntry{plugins.Export{Name: "a", Description: "bc"}}, "\x00\x00\x00\x01abc"},
		{&exportInfo{infoExport, exportNameReply{1, 5}}, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x05"},
		{&blockSizeInfo{infoBlockSize, plugins.BlockSizes{Minimum: 1, Preferred: 2, Maximum: 3}}, "\x00\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"},
		{&requestHeader{1, cmdWrite, 2, 3, 4}, "\x25\x60\x95\x13\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04"},
		{&simpleReply{5, 2}, "\x67\x44\x66\x98\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x02"},
		{&chunkHeader{1, chunkError, 2, 6}, "\x66\x8e\x33\xef\x00\x01\x80\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x06"},
		{&errorChunk{5, "no"}, "\x00\x00\x00\x05\x00\x02no"},
		{&metaContext{1, "b:c"}, "\x00\x00\x00\x01b:c"},
	} {
		if got := string(appendMessage(nil, tt.m)); got != tt.want {
			t.Errorf("%+v is %x: want %x", tt.m, got, tt.want)
		}
		back := reflect.New(reflect.TypeOf(tt.m).Elem()).Interface().(message)
		if err := parseMessage([]byte(tt.want), back); err != nil || !reflect.DeepEqual(back, tt.m) {
			t.Errorf("%x is %+v, %v: want %+v", tt.want, back, err, tt.m)
		}
		for n := range len(tt.want) { // a prefix is an error, or a message with less text
			again := reflect.New(reflect.TypeOf(tt.m).Elem()).Interface().(message)
			if err := parseMessage([]byte(tt.want[:n]), again); err == nil && reflect.DeepEqual(again, tt.m) {
				t.Errorf("%d bytes of %T are enough", n, tt.m)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{optGo.String(), "GO"}, {option(77).String(), "option 77"}, {option(0).String(), "option 0"},
		{repAck.String(), "ACK"}, {repErrTooBig.String(), "ERR_TOO_BIG"}, {(repError | 99).String(), "reply 2147483747"},
		{cmdWriteZeroes.String(), "WRITE_ZEROES"}, {command(8).String(), "RESIZE"}, {command(9).String(), "command 9"},
		{commandFlags(0).String(), "0"}, {(cmdFlagFUA | cmdFlagFastZero | 1<<9).String(), "FUA, FAST_ZERO, 0x200"},
		{(HasFlags | SendFastZero).String(), "HAS_FLAGS, SEND_FAST_ZERO"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q: want %q", tt.got, tt.want)
		}
	}
}

func TestBatch(t *testing.T) {
	small, large := strings.Repeat("s", copySize), strings.Repeat("L", copySize+1)
	for _, parts := range [][]string{{}, {small}, {large}, {small, large, small, small, large, large, small}, {large, "x"}} {
		b := newBatch()
		for range 2 { // also after a reset
			var want, got strings.Builder
			for i, p := range parts {
				m := simpleReply{cookie: uint64(i)}
				m.fields(&b.coder)
				want.Write(appendMessage(nil, &m))
				b.payload([]byte(p))
				want.WriteString(p)
			}
			if b.size() != want.Len() {
				t.Errorf("size %d: want %d", b.size(), want.Len())
			}
			if err := b.send(&got); err != nil || got.String() != want.String() {
				t.Errorf("%d parts were sent wrongly: %v", len(parts), err)
			}
			b.reset()
		}
	}
}

func TestBufferPool(t *testing.T) {
	var pool bufferPool
	for _, n := range []uint64{0, 1, 4096, 4097, 1 << 20, 1<<20 + 1, plugins.MaxPayload} {
		b := pool.get(n)
		if uint64(len(b.b)) != n || uint64(cap(b.b)) >= max(2*n, 4097) {
			t.Errorf("get(%d) has %d bytes of %d", n, len(b.b), cap(b.b))
		}
		pool.put(b)
	}
	pool.put(nil)
}
