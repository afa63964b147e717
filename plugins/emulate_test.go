package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
)

type callbackMap = map[Callback]func(*Call) error

// TestEmulation has what a request becomes: which callbacks, in which order,
// with which arguments, and the errno that comes of it.
func TestEmulation(t *testing.T) {
	const big = 150 << 20 // of zeroes: three pieces
	size := number(1 << 30)
	notsup := fail(Errorf(syscall.EOPNOTSUPP, "no"))
	eio := fail(Errorf(syscall.EIO, "broken"))
	data := make([]byte, 4096)
	for _, tc := range []struct {
		name    string
		version int
		script  callbackMap
		request Request
		want    string
		errno   syscall.Errno
	}{
		{"read", 1, nil, Request{Op: OpRead, Offset: 512, Length: 4096}, "pread 4096@512", 0},
		{"read, v2", 2, callbackMap{Pread: succeed}, Request{Op: OpRead, Offset: 512, Length: 4096, Flags: FlagDF}, "pread 4096@512 -", 0},
		{"short read", 1, callbackMap{Pread: func(c *Call) error { c.Data = data[:100]; return nil }},
			Request{Op: OpRead, Length: 512}, "pread 512@0", syscall.EIO},
		{"read with FUA needs no flush", 1, callbackMap{Pwrite: succeed, Flush: succeed},
			Request{Op: OpRead, Length: 512, Flags: FlagFUA}, "pread 512@0", 0},

		{"write", 1, callbackMap{Pwrite: succeed}, Request{Op: OpWrite, Length: 4096, Data: data}, "pwrite 4096@0", 0},
		{"FUA emulated", 1, callbackMap{Pwrite: succeed, Flush: succeed},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0; flush", 0},
		{"FUA emulated though can_flush is false", 1, callbackMap{Pwrite: succeed, Flush: succeed, CanFlush: answer(false)},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0; flush", 0},
		{"FUA native", 2, callbackMap{Pwrite: succeed, Flush: succeed, CanFUA: number(2)},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0 fua", 0},
		{"FUA native, v1, without a flush", 1, callbackMap{Pwrite: succeed, CanFUA: number(2)},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0", 0},
		{"FUA emulated by a flush that is not there", 1, callbackMap{Pwrite: succeed, CanFUA: number(1)},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0", syscall.EINVAL},
		{"no flush after a failed write", 1, callbackMap{Pwrite: eio, Flush: succeed},
			Request{Op: OpWrite, Length: 4096, Data: data, Flags: FlagFUA}, "pwrite 4096@0", syscall.EIO},
		{"a write that was promised but is not there", 1, callbackMap{CanWrite: answer(true)},
			Request{Op: OpWrite, Length: 4096, Data: data}, "", syscall.EROFS},

		{"flush", 1, callbackMap{Flush: succeed}, Request{Op: OpFlush}, "flush", 0},
		{"a flush that was promised but is not there", 1, callbackMap{CanFlush: answer(true)}, Request{Op: OpFlush}, "", syscall.EINVAL},
		{"trim, FUA emulated", 1, callbackMap{Pwrite: succeed, Trim: succeed, Flush: succeed},
			Request{Op: OpTrim, Length: 512, Flags: FlagFUA}, "trim 512@0; flush", 0},

		{"zero", 1, callbackMap{Pwrite: succeed, Zero: succeed},
			Request{Op: OpZero, Length: 1 << 20, Flags: FlagMayTrim}, "zero 1048576@0 may_trim=true", 0},
		{"zero without zero", 1, callbackMap{GetSize: size, Pwrite: succeed},
			Request{Op: OpZero, Offset: 512, Length: big}, "pwrite 67108864@512; pwrite 67108864@67109376; pwrite 23068672@134218240", 0},
		{"zero that cannot", 1, callbackMap{Pwrite: succeed, Zero: notsup},
			Request{Op: OpZero, Offset: 512, Length: 1024}, "zero 1024@512 may_trim=false; pwrite 1024@512", 0},
		{"zero that fails", 1, callbackMap{Pwrite: succeed, Zero: eio},
			Request{Op: OpZero, Length: 1024}, "zero 1024@0 may_trim=false", syscall.EIO},
		{"zero with FUA by writes, native", 2, callbackMap{GetSize: size, Pwrite: succeed, CanFUA: number(2)},
			Request{Op: OpZero, Length: big, Flags: FlagFUA | FlagMayTrim}, "pwrite 67108864@0 -; pwrite 67108864@67108864 -; pwrite 23068672@134217728 fua", 0},
		{"zero with FUA emulated: the flush has no flags", 2, callbackMap{Pwrite: succeed, Flush: succeed, Zero: succeed, CanFastZero: answer(true)},
			Request{Op: OpZero, Length: 1024, Flags: FlagFUA | FlagMayTrim | FlagFastZero}, "zero 1024@0 may_trim,fast_zero; flush -", 0},
		{"zero with FUA by writes, emulated", 1, callbackMap{Pwrite: succeed, Flush: succeed},
			Request{Op: OpZero, Length: 1024, Flags: FlagFUA}, "pwrite 1024@0; flush", 0},
		{"fast zero without zero", 1, callbackMap{Pwrite: succeed},
			Request{Op: OpZero, Length: 1024, Flags: FlagFastZero}, "", syscall.ENOTSUP},
		{"fast zero, v1", 1, callbackMap{Pwrite: succeed, Zero: succeed},
			Request{Op: OpZero, Length: 1024, Flags: FlagFastZero}, "", syscall.ENOTSUP},
		{"fast zero, v2", 2, callbackMap{Pwrite: succeed, Zero: succeed, CanFastZero: answer(true)},
			Request{Op: OpZero, Length: 1024, Flags: FlagFastZero}, "zero 1024@0 fast_zero", 0},
		{"fast zero that cannot", 2, callbackMap{Pwrite: succeed, Zero: notsup, CanFastZero: answer(true)},
			Request{Op: OpZero, Length: 1024, Flags: FlagFastZero}, "zero 1024@0 fast_zero", syscall.EOPNOTSUPP},

		{"cache", 1, callbackMap{Cache: succeed}, Request{Op: OpCache, Length: 512}, "cache 512@0 -", 0},
		{"cache by reads", 1, callbackMap{GetSize: size, CanCache: number(1)},
			Request{Op: OpCache, Offset: 1, Length: big}, "pread 67108864@1; pread 67108864@67108865; pread 23068672@134217729", 0},
		{"a cache that was promised but is not there", 1, callbackMap{CanCache: number(2)}, Request{Op: OpCache, Length: 512}, "", 0},

		{"extents unknown", 1, nil, Request{Op: OpExtents, Length: 512}, "", 0},
		{"extents that were promised but are not there", 1, callbackMap{CanExtents: answer(true)}, Request{Op: OpExtents, Length: 512}, "", syscall.EINVAL},
		{"extents that do not hold together", 1, callbackMap{Extents: func(c *Call) error {
			c.Extents = []Extent{{0, 512, 0}, {1024, 512, 0}}
			return nil
		}}, Request{Op: OpExtents, Length: 2048, Flags: FlagReqOne}, "extents 2048@0 req_one", syscall.ERANGE},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(tc.script)
			f.version = tc.version
			h := openFake(t, f, OpenParams{})
			err := h.Do(t.Context(), &tc.request)
			if got := ErrnoOf(err); got != tc.errno {
				t.Errorf("error %v, want errno %v", err, tc.errno)
			}
			if got := f.takeTrace(); got != tc.want {
				t.Errorf("ran  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestReadFillsOrReplaces(t *testing.T) {
	own := []byte("twelve bytes")
	f := newFake(callbackMap{Pread: func(c *Call) error { c.Data = own; return nil }})
	h := openFake(t, f, OpenParams{})
	r := Request{Op: OpRead, Length: 5, Data: make([]byte, 5)}
	if err := h.Do(t.Context(), &r); err != nil || string(r.Data) != "twelv" || &r.Data[0] != &own[0] {
		t.Errorf("v1: %q, %v: want the script's own memory, cut to the length", r.Data, err)
	}
	f = newFake(callbackMap{Pread: func(c *Call) error { copy(c.Data, own); return nil }})
	f.version = 2
	h = openFake(t, f, OpenParams{})
	buf := make([]byte, 5)
	r = Request{Op: OpRead, Length: 5, Data: buf}
	if err := h.Do(t.Context(), &r); err != nil || string(buf) != "twelv" || &r.Data[0] != &buf[0] {
		t.Errorf("v2: %q, %v: want the caller's buffer filled", r.Data, err)
	}
	f.callbacks[Pread] = succeed
	r = Request{Op: OpRead, Length: 5, Data: []byte("stale")}
	if err := h.Do(t.Context(), &r); err != nil || string(r.Data) != "\x00\x00\x00\x00\x00" {
		t.Errorf("v2, filling nothing: %q, %v: want zeroes, and nothing of another request", r.Data, err)
	}
	f.callbacks[Pread] = func(c *Call) error { copy(c.Data, own); return nil }
	r = Request{Op: OpRead, Length: 5}
	if err := h.Do(t.Context(), &r); err != nil || string(r.Data) != "twelv" {
		t.Errorf("v2 without a buffer: %q, %v", r.Data, err)
	}
}

func TestTimes(t *testing.T) {
	var observed []string
	observe := func(c *Call, err error) {
		if c.Done < c.Started || c.Started == 0 {
			t.Errorf("%s: entered %d, left %d", c.Callback, c.Started, c.Done)
		}
		observed = append(observed, fmt.Sprintf("%s %v", c.Callback, err))
	}
	f := newFake(callbackMap{Pwrite: succeed, Flush: fail(errors.New("stuck"))})
	h, err := startFake(t, f, Env{Observe: observe}).Open(t.Context(), OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r := Request{Op: OpWrite, Length: 512, Data: make([]byte, 512), Flags: FlagFUA}
	if err := h.Do(t.Context(), &r); err == nil {
		t.Error("the flush failed, but not the write that needed it")
	}
	want := []string{"open <nil>", "get_size <nil>", "pwrite <nil>", "flush stuck"}
	if !slices.Equal(observed, want) {
		t.Errorf("observed %v, want %v", observed, want)
	}
	if r.Failed != Flush {
		t.Errorf("%q is to blame, want flush", r.Failed)
	}
	if r.Started == 0 || r.Done < r.Started || r.InCallback <= 0 || r.InCallback > r.Done.Sub(r.Started) {
		t.Errorf("times %+v", r.Times)
	}
	zero := Request{Op: OpZero, Length: 512}
	if err := h.Do(t.Context(), &zero); err != nil {
		t.Fatal(err)
	}
	if zero.InCallback != 0 || zero.Started == 0 {
		t.Errorf("an emulated zero was not in zero: %+v", zero.Times)
	}
}

func TestCheck(t *testing.T) {
	info := Info{Size: 1 << 30, CanFlush: true, CanTrim: true, CanFastZero: true, FUA: Emulate, Cache: Emulate}
	bare := Info{Size: 1 << 30}
	readOnly := Info{Size: 1 << 30, ReadOnly: true}
	write := func(offset, length uint64, f Flags) Request {
		return Request{Op: OpWrite, Offset: offset, Length: length, Flags: f, Data: make([]byte, length)}
	}
	refused := Errorf(syscall.EINVAL, "the client is wrong")
	for _, tc := range []struct {
		name  string
		info  Info
		r     Request
		errno syscall.Errno
	}{
		{"read", info, Request{Op: OpRead, Length: 1}, 0},
		{"read up to the end", info, Request{Op: OpRead, Offset: 1<<30 - 1, Length: 1}, 0},
		{"read past the end", info, Request{Op: OpRead, Offset: 1<<30 - 1, Length: 2}, syscall.EINVAL},
		{"read beyond the end", info, Request{Op: OpRead, Offset: 1 << 31, Length: 1}, syscall.EINVAL},
		{"offset and length overflow", info, Request{Op: OpRead, Offset: 1<<64 - 1, Length: 2}, syscall.EINVAL},
		{"length overflows", info, Request{Op: OpTrim, Offset: 1, Length: 1<<64 - 1}, syscall.EINVAL},
		{"read nothing", info, Request{Op: OpRead}, syscall.EINVAL},
		{"read 64 MiB", info, Request{Op: OpRead, Length: MaxPayload}, 0},
		{"read more", info, Request{Op: OpRead, Length: MaxPayload + 1}, syscall.ENOMEM},
		{"write", info, write(0, 512, FlagFUA), 0},
		{"write past the end", info, write(1<<30, 512, 0), syscall.ENOSPC},
		{"write nothing", info, write(0, 0, 0), syscall.ENOSPC},
		{"write without its bytes", info, Request{Op: OpWrite, Length: 512}, syscall.EINVAL},
		{"write, read-only", readOnly, write(0, 512, 0), syscall.EROFS},
		{"zero past the end", info, Request{Op: OpZero, Offset: 1 << 30, Length: 1}, syscall.ENOSPC},
		{"zero all", info, Request{Op: OpZero, Length: 1 << 30, Flags: FlagMayTrim | FlagFUA | FlagFastZero}, 0},
		{"zero, read-only", readOnly, Request{Op: OpZero, Length: 1}, syscall.EROFS},
		{"fast zero not offered", bare, Request{Op: OpZero, Length: 1, Flags: FlagFastZero}, syscall.EINVAL},
		{"trim past the end", info, Request{Op: OpTrim, Offset: 1 << 30, Length: 1}, syscall.EINVAL},
		{"trim not offered", bare, Request{Op: OpTrim, Length: 1}, syscall.EINVAL},
		{"trim, read-only", readOnly, Request{Op: OpTrim, Length: 1}, syscall.EROFS},
		{"flush", info, Request{Op: OpFlush}, 0},
		{"flush with a length", info, Request{Op: OpFlush, Length: 1}, syscall.EINVAL},
		{"flush with an offset", info, Request{Op: OpFlush, Offset: 1}, syscall.EINVAL},
		{"flush not offered", bare, Request{Op: OpFlush}, syscall.EINVAL},
		{"cache not offered", bare, Request{Op: OpCache, Length: 1}, syscall.EINVAL},
		{"extents", bare, Request{Op: OpExtents, Length: 1, Flags: FlagReqOne}, 0},
		{"FUA on a read", info, Request{Op: OpRead, Length: 1, Flags: FlagFUA}, 0},
		{"FUA not offered", bare, write(0, 512, FlagFUA), syscall.EINVAL},
		{"may_trim on a read", info, Request{Op: OpRead, Length: 1, Flags: FlagMayTrim}, syscall.EINVAL},
		{"req_one on a write", info, write(0, 512, FlagReqOne), syscall.EINVAL},
		{"no operation", info, Request{Length: 1}, syscall.EINVAL},
		{"unknown operation", info, Request{Op: 200, Length: 1}, syscall.EINVAL},
		{"refused by the front end", info, Request{Op: OpRead, Length: 1, Refuse: refused}, syscall.EINVAL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.info.Check(&tc.r)
			if got := ErrnoOf(err); got != tc.errno {
				t.Errorf("error %v, want errno %v", err, tc.errno)
			}
		})
	}
}

func TestNormalizeExtents(t *testing.T) {
	const hole, data = ExtentHole | ExtentZero, ExtentType(0)
	for _, tc := range []struct {
		name         string
		list         []Extent
		offset, size uint64
		want         []Extent
		errno        syscall.Errno
	}{
		{"one", []Extent{{0, 1024, data}}, 0, 1024, []Extent{{0, 1024, data}}, 0},
		{"neighbours alike", []Extent{{0, 512, hole}, {512, 512, hole}, {1024, 512, data}}, 0, 1536, []Extent{{0, 1024, hole}, {1024, 512, data}}, 0},
		{"before the request", []Extent{{0, 512, hole}, {512, 1024, data}}, 1024, 1536, []Extent{{1024, 512, data}}, 0},
		{"empty ones", []Extent{{7, 0, hole}, {0, 512, data}, {512, 0, hole}}, 0, 512, []Extent{{0, 512, data}}, 0},
		{"past the end", []Extent{{0, 512, data}, {512, 512, hole}}, 0, 512, []Extent{{0, 512, data}}, 0},
		{"over the end", []Extent{{0, 4096, data}}, 0, 512, []Extent{{0, 512, data}}, 0},
		{"a gap", []Extent{{0, 512, data}, {1024, 512, data}}, 0, 4096, nil, syscall.ERANGE},
		{"out of order", []Extent{{512, 512, data}, {0, 512, data}}, 512, 4096, nil, syscall.ERANGE},
		{"begins too late", []Extent{{1024, 512, data}}, 512, 4096, nil, syscall.ERANGE},
		{"nothing", nil, 0, 4096, nil, syscall.EINVAL},
		{"nothing that counts", []Extent{{0, 512, data}}, 512, 4096, nil, syscall.EINVAL},
		{"wraps around", []Extent{{1, 1<<64 - 1, data}}, 1, 4096, nil, syscall.EINVAL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := normalizeExtents(nil, tc.list, tc.offset, tc.size)
			if e := ErrnoOf(err); e != tc.errno {
				t.Fatalf("error %v, want errno %v", err, tc.errno)
			}
			if err == nil && !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestBlockSizes(t *testing.T) {
	for _, tc := range []struct {
		b  BlockSizes
		ok bool
	}{
		{BlockSizes{}, true}, {BlockSizes{1, 512, 0xffffffff}, true}, {BlockSizes{512, 4096, 1 << 20}, true},
		{BlockSizes{0, 512, 512}, false}, {BlockSizes{3, 512, 513}, false}, {BlockSizes{1 << 17, 1 << 17, 1 << 17}, false},
		{BlockSizes{1, 256, 512}, false}, {BlockSizes{512, 4096, 4097}, false}, {BlockSizes{1024, 512, 4096}, false},
		{BlockSizes{1, 4096, 512}, false},
	} {
		if err := tc.b.check(); (err == nil) != tc.ok {
			t.Errorf("%v: %v, want ok %v", tc.b, err, tc.ok)
		}
	}
}

func TestDoAllocates(t *testing.T) {
	f := newFake(nil)
	in := startFake(t, f, Env{})
	h, err := in.Open(t.Context(), OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	in.script = quiet{f, bytes.Repeat([]byte{1}, 4096)}
	r := &Request{}
	n := testing.AllocsPerRun(1000, func() {
		*r = Request{Op: OpRead, Length: 4096}
		if err := h.Do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a request", n)
	}
}
