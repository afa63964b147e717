package plugins

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
)

// TestPieces has requests that are longer than a script can count, as come with
// extended headers: a callback never gets more than 32 bits.
func TestPieces(t *testing.T) {
	const T = 1 << 40
	const most = maxCount // 4294901760
	huge := func(c *Call) error { c.Int = T; return nil }
	at := func(offset uint64, errno syscall.Errno) func(*Call) error {
		return func(c *Call) error {
			if c.Offset == offset {
				return &Error{Errno: errno, Msg: "no"}
			}
			return nil
		}
	}
	type callbackMap = map[Callback]func(*Call) error
	for _, tc := range []struct {
		name    string
		version int
		script  callbackMap
		request Request
		want    string // what the script was asked
		errno   syscall.Errno
		offset  int64 // of the error; -1 = none is known
	}{
		{"a trim that just fits", 1, callbackMap{Pwrite: succeed, Trim: succeed}, Request{Op: OpTrim, Offset: 1, Length: most}, "trim 4294901760@1", 0, -1},
		{"a trim of 2^32-1", 1, callbackMap{Pwrite: succeed, Trim: succeed}, Request{Op: OpTrim, Length: 1<<32 - 1}, "trim 4294901760@0; trim 65535@4294901760", 0, -1},
		{"a long trim, FUA", 2, callbackMap{Pwrite: succeed, Trim: succeed, CanFUA: number(2)}, Request{Op: OpTrim, Offset: 512, Length: 1 << 33, Flags: FlagFUA},
			"trim 4294901760@512 fua; trim 4294901760@4294902272 fua; trim 131072@8589804032 fua", 0, -1},
		{"a long trim that fails", 1, callbackMap{Pwrite: succeed, Trim: at(most, syscall.ENOSPC)}, Request{Op: OpTrim, Length: 1 << 34},
			"trim 4294901760@0; trim 4294901760@4294901760", syscall.ENOSPC, most},
		{"a short trim that fails", 1, callbackMap{Pwrite: succeed, Trim: at(0, syscall.EIO)}, Request{Op: OpTrim, Length: 512}, "trim 512@0", syscall.EIO, -1},
		{"a long zero, flushed", 1, callbackMap{Pwrite: succeed, Flush: succeed, Zero: succeed}, Request{Op: OpZero, Length: most + 1, Flags: FlagFUA | FlagMayTrim},
			"zero 4294901760@0 may_trim=true; zero 1@4294901760 may_trim=true; flush", 0, -1},
		{"a long zero that is written at the end", 2, callbackMap{Pwrite: succeed, Zero: at(most, syscall.ENOTSUP)}, Request{Op: OpZero, Length: most + 65<<20},
			"zero 4294901760@0 -; zero 68157440@4294901760 -; pwrite 67108864@4294901760 -; pwrite 1048576@4362010624 -", 0, -1},
		{"a write that fails in a long zero", 2, callbackMap{Pwrite: at(most+64<<20, syscall.EIO), Zero: at(most, syscall.ENOTSUP)}, Request{Op: OpZero, Length: most + 65<<20},
			"zero 4294901760@0 -; zero 68157440@4294901760 -; pwrite 67108864@4294901760 -; pwrite 1048576@4362010624 -", syscall.EIO, most + 64<<20},
		{"a long fast zero that fails", 2, callbackMap{Pwrite: succeed, Zero: at(0, syscall.ENOTSUP), CanFastZero: answer(true)}, Request{Op: OpZero, Length: 1 << 33, Flags: FlagFastZero},
			"zero 4294901760@0 fast_zero", syscall.ENOTSUP, 0},
		{"a long cache", 1, callbackMap{Cache: succeed}, Request{Op: OpCache, Length: most + 1}, "cache 4294901760@0 -; cache 1@4294901760 -", 0, -1},
		{"a cache by reads that fails", 1, callbackMap{CanCache: number(1), Pread: func(c *Call) error {
			c.Data = make([]byte, c.Length)
			return at(64<<20, syscall.EIO)(c)
		}}, Request{Op: OpCache, Length: 65 << 20}, "pread 67108864@0; pread 1048576@67108864", syscall.EIO, 64 << 20},
		{"past the end", 1, nil, Request{Op: OpRead, Offset: T - 1, Length: 2}, "", syscall.EINVAL, T},
		{"beyond the end", 1, nil, Request{Op: OpRead, Offset: T, Length: 2}, "", syscall.EINVAL, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(tc.script)
			f.callbacks[GetSize] = huge
			f.version = tc.version
			h := openFake(t, f, OpenParams{})
			err := h.Do(t.Context(), &tc.request)
			if got := ErrnoOf(err); got != tc.errno {
				t.Errorf("error %v, want errno %v", err, tc.errno)
			}
			if got := f.takeTrace(); got != tc.want {
				t.Errorf("ran  %s\nwant %s", got, tc.want)
			}
			var at *OffsetError
			if known := errors.As(err, &at); known != (tc.offset >= 0) || known && at.Offset != uint64(tc.offset) {
				t.Errorf("error at %+v, want %d", at, tc.offset)
			}
		})
	}
}

// TestLongExtents has requests for the extents of more than 32 bits, and where
// the callbacks for them end.
func TestLongExtents(t *testing.T) {
	const T = 1 << 40
	const most = maxCount
	whole := func(kind func(c *Call) ExtentType) func(*Call) error {
		return func(c *Call) error { c.Extents = []Extent{{c.Offset, c.Length, kind(c)}}; return nil }
	}
	hole := whole(func(*Call) ExtentType { return ExtentHole })
	inTurn := whole(func(c *Call) ExtentType { return ExtentType(c.Offset / most % 2) })
	for _, tc := range []struct {
		name    string
		extents func(*Call) error
		request Request
		calls   int
		want    []Extent
		errno   syscall.Errno
	}{
		{"one hole", hole, Request{Length: 3 * most}, 3, []Extent{{0, 3 * most, ExtentHole}}, 0},
		{"one hole, the last piece short", hole, Request{Offset: 7, Length: most + 1}, 2, []Extent{{7, most + 1, ExtentHole}}, 0},
		{"more than there are calls for", hole, Request{Length: T}, maxExtentCalls, []Extent{{0, maxExtentCalls * most, ExtentHole}}, 0},
		{"in turn", inTurn, Request{Length: 3 * most}, 3, []Extent{{0, most, 0}, {most, most, ExtentHole}, {2 * most, most, 0}}, 0},
		{"one is enough", inTurn, Request{Length: 3 * most, Flags: FlagReqOne}, 2, []Extent{{0, most, 0}, {most, most, ExtentHole}}, 0},
		{"one is enough, and there is one", hole, Request{Length: 3 * most, Flags: FlagReqOne}, 3, []Extent{{0, 3 * most, ExtentHole}}, 0},
		{"an answer that is short", func(c *Call) error { c.Extents = []Extent{{c.Offset, 512, 0}}; return nil }, Request{Length: 3 * most}, 1, []Extent{{0, 512, 0}}, 0},
		{"an answer that goes on", func(c *Call) error { c.Extents = []Extent{{c.Offset, 2 * c.Length, 0}}; return nil }, Request{Length: 3 * most}, 2, []Extent{{0, 4 * most, 0}}, 0},
		{"a gap between two answers", func(c *Call) error { c.Extents = []Extent{{c.Offset + c.Offset/most, c.Length, 0}}; return nil }, Request{Length: 3 * most}, 2, nil, syscall.ERANGE},
		{"nothing in the second answer", func(c *Call) error { c.Extents = []Extent{{0, most, 0}}; return nil }, Request{Length: 3 * most}, 2, nil, syscall.EINVAL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls := 0
			f := newFake(map[Callback]func(*Call) error{
				GetSize: func(c *Call) error { c.Int = T; return nil },
				Extents: func(c *Call) error { calls++; return tc.extents(c) },
			})
			h := openFake(t, f, OpenParams{})
			tc.request.Op = OpExtents
			if err := h.Do(t.Context(), &tc.request); ErrnoOf(err) != tc.errno {
				t.Errorf("error %v, want errno %v", err, tc.errno)
			} else if err == nil && !slices.Equal(tc.request.Extents, tc.want) {
				t.Errorf("extents %v: want %v", tc.request.Extents, tc.want)
			}
			if calls != tc.calls {
				t.Errorf("%d callbacks: want %d", calls, tc.calls)
			}
		})
	}
}

func TestSessionName(t *testing.T) {
	f := newFake(map[Callback]func(*Call) error{DefaultExport: func(c *Call) error { c.Text = "main"; return nil }})
	in := startFake(t, f, Env{})
	for asked, want := range map[string]string{"": "main", "other": "other"} {
		h, err := in.Open(t.Context(), OpenParams{Export: asked})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.(Describer).Name(); got != want {
			t.Errorf("%q was opened as %q, want %q", asked, got, want)
		}
		h.Close()
	}
}

// TestDefaultExportOnce: what a client was told of the default export stays true for it.
func TestDefaultExportOnce(t *testing.T) {
	asked := 0
	f := newFake(map[Callback]func(*Call) error{DefaultExport: func(c *Call) error {
		asked++
		c.Text = fmt.Sprintf("number %d", asked)
		return nil
	}})
	in := startFake(t, f, Env{})
	first, second := new(Client), new(Client)
	for _, tc := range []struct {
		client *Client
		want   string
	}{{first, "number 1"}, {first, "number 1"}, {second, "number 2"}, {first, "number 1"}, {nil, "number 3"}, {nil, "number 4"}} {
		h, err := in.Open(t.Context(), OpenParams{Client: tc.client})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.(Describer).Name(); got != tc.want {
			t.Errorf("the default export is %q, want %q", got, tc.want)
		}
		h.Close()
	}
}

// TestMultiConnSerialized: who serves one client at a time offers no second connection.
func TestMultiConnSerialized(t *testing.T) {
	in := startFake(t, newFake(map[Callback]func(*Call) error{CanMultiConn: answer(true)}), Env{})
	for model, want := range map[ThreadModel]bool{SerializeConnections: false, SerializeAllRequests: true, SerializeRequests: true, Parallel: true} {
		in.model = model
		h, err := in.Open(t.Context(), OpenParams{})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Info().MultiConn; got != want {
			t.Errorf("under %s MultiConn is %t", model, got)
		}
		h.Close()
	}
}
