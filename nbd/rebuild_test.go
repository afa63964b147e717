package nbd

import (
	"bytes"
	"context"
	"fmt"
	"syscall"
	"testing"

	"workbench/plugins"
)

// TestRebuild: what RequestHeader and ReplyHeader make is what a server
// understands and answers.
func TestRebuild(t *testing.T) {
	data := bytes.Repeat([]byte("data"), 128)
	for _, f := range []Form{{}, {Structured: true}, {Structured: true, Extended: true}} {
		for _, want := range []plugins.Request{
			{Op: plugins.OpRead, Offset: 512, Length: 512},
			{Op: plugins.OpRead, Offset: 1024, Length: 512, Flags: plugins.FlagDF},
			{Op: plugins.OpWrite, Offset: 0, Length: 512, Flags: plugins.FlagFUA},
			{Op: plugins.OpFlush},
			{Op: plugins.OpTrim, Offset: 1024, Length: 512},
			{Op: plugins.OpZero, Offset: 0, Length: 512, Flags: plugins.FlagMayTrim},
			{Op: plugins.OpZero, Offset: 0, Length: 512, Flags: plugins.FlagFastZero},
			{Op: plugins.OpCache, Offset: 0, Length: 512},
			{Op: plugins.OpExtents, Offset: 0, Length: 512, Flags: plugins.FlagReqOne},
			{Op: plugins.OpExtents, Offset: 512, Length: 3000},
			{Op: plugins.OpRead, Offset: 0, Length: 512, Origin: plugins.Origin{Cookie: 1<<63 + 5}}, // which fails
			{Op: plugins.OpWrite, Offset: 512, Length: 512, Origin: plugins.Origin{Cookie: 6}},
		} {
			if !f.Structured && (want.Op == plugins.OpExtents || want.Flags&plugins.FlagDF != 0) {
				continue
			}
			t.Run(fmt.Sprintf("%+v %v %v %d", f, want.Op, want.Flags, want.Origin.Cookie), func(t *testing.T) {
				fails := want.Origin.Cookie != 0
				disk := newMemory(4096)
				copy(disk.data, bytes.Repeat(data, 8))
				disk.before = func(context.Context, *plugins.Request) error {
					if fails {
						return plugins.Errorf(syscall.EFBIG, "disk full")
					}
					return nil
				}
				p, _ := connect(t, &Server{Backend: disk})
				if f.Extended {
					p.openExtended()
				} else {
					p.open(f.Structured)
				}
				head, err := RequestHeader(&want, f)
				if err != nil {
					t.Fatal(err)
				}
				if len(head) != requestHeaderSize(f.Extended) {
					t.Errorf("%d bytes", len(head))
				}
				if want.Op == plugins.OpWrite {
					head = append(head, data...)
				}
				p.send(head)
				errno, text := syscall.Errno(0), ""
				if fails {
					errno, text = syscall.EFBIG, "disk full"
				}
				if want.Op == plugins.OpExtents {
					if reply := ReplyHeader(&want, 0, "", f); reply != nil {
						t.Errorf("a reply without extents: %x", reply)
					}
					other := newMemory(4096)
					copy(other.data, disk.data)
					h, err := other.Open(t.Context(), plugins.OpenParams{})
					if err != nil {
						t.Fatal(err)
					}
					if err := h.Do(t.Context(), &want); err != nil {
						t.Fatal(err)
					}
				}
				reply := ReplyHeader(&want, errno, text, f)
				if got := p.receive(max(len(reply), 1)); !bytes.Equal(got, reply) {
					t.Errorf("the server answers\n%x, want\n%x", got, reply)
				}
				seen := disk.requests()[0]
				if seen.Op != want.Op || seen.Flags != want.Flags || seen.Offset != want.Offset || seen.Length != want.Length || seen.Origin.Cookie != want.Origin.Cookie {
					t.Errorf("the server saw %+v", seen)
				}
			})
		}
	}
	if _, err := RequestHeader(&plugins.Request{}, Form{}); err == nil {
		t.Error("an operation that there is not has a header")
	}
	if _, err := RequestHeader(&plugins.Request{Op: plugins.OpTrim, Length: 1 << 32}, Form{}); err == nil {
		t.Error("a length of 33 bits has room in 32")
	}
}
