package examples_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/plugins/examples"
)

// TestTwins sends a stream of the same requests to the examples of one name in
// both languages, and wants the same answers, errors, messages and prints.
func TestTwins(t *testing.T) {
	image := strings.Repeat("0123456789abcdef", 1<<16+64)[:1<<20+777]
	for _, tt := range []struct {
		stem   string
		params []string
		file   bool // takes file=
		slow   bool // goes through all that is read
	}{
		{stem: "ramdisk", params: []string{"size=3M"}},
		{stem: "starter"},
		{stem: "iso", file: true},
		{stem: "pattern", params: []string{"size=1000003"}},
		{stem: "extents", params: []string{"map=##..0.#0#.0"}},
		{stem: "sparse", params: []string{"size=1000000003"}},
		{stem: "sparse", params: []string{"size=8P"}},
		{stem: "statistics"},
		{stem: "errors"},
		{stem: "fault", params: []string{"rate=7%", "error=ENOMEM"}},
		{stem: "delay", params: []string{"rdelay=0", "wdelay=1ns"}},
		{stem: "exports"},
		{stem: "reload"},
		{stem: "buffers"},
		{stem: "overlay", file: true},
		{stem: "checksums", file: true, slow: true},
		{stem: "partition"},
	} {
		t.Run(strings.Join(append([]string{tt.stem}, tt.params...), " "), func(t *testing.T) {
			var twins [2]disk
			var printers [2]printer
			for i, e := range examples.Variants(tt.stem) {
				env := params(tt.params...)
				if tt.file {
					env = params("file=" + writeImage(t, image))
				}
				env.Shelf, env.Print = &plugins.Shelf{}, printers[i].print
				twins[i] = open(t, start(t, e.Name, env))
			}
			info := twins[0].Info()
			if other := twins[1].Info(); info != other {
				t.Fatalf("info %+v and %+v", info, other)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			requests := 1000
			if tt.slow {
				requests = 200
			}
			for n := range requests {
				r := randomRequest(rng, info.Size)
				a, errA := twins[0].do(r)
				b, errB := twins[1].do(r)
				what := fmt.Sprintf("request %d, %s of %d at %d (%s)", n, r.Op, r.Length, r.Offset, r.Flags)
				if plugins.ErrnoOf(errA) != plugins.ErrnoOf(errB) || message(errA) != message(errB) {
					t.Fatalf("%s: %v and %v", what, errA, errB)
				}
				if r.Op == plugins.OpRead && !bytes.Equal(a.Data, b.Data) {
					t.Fatalf("%s: %.80q and %.80q", what, a.Data, b.Data)
				}
				if !reflect.DeepEqual(a.Extents, b.Extents) {
					t.Fatalf("%s: %v and %v", what, a.Extents, b.Extents)
				}
				if a, b := printers[0].take(), printers[1].take(); !reflect.DeepEqual(a, b) {
					t.Fatalf("%s: printed %q and %q", what, a, b)
				}
			}
		})
	}
}

// message returns what the script said, without the place.
func message(err error) string {
	if e, ok := err.(*plugins.Error); ok {
		return e.Msg
	}
	return fmt.Sprint(err)
}

// randomRequest returns a request that is inside the disk: most are small and in
// few places, so that they meet.
func randomRequest(rng *rand.Rand, size uint64) plugins.Request {
	ops := []plugins.Op{plugins.OpRead, plugins.OpRead, plugins.OpWrite, plugins.OpWrite, plugins.OpFlush, plugins.OpTrim, plugins.OpZero, plugins.OpExtents}
	r := plugins.Request{Op: ops[rng.IntN(len(ops))]}
	if r.Op == plugins.OpFlush {
		return r
	}
	longest := uint64(1) << (3 + rng.IntN(16))
	r.Length = 1 + rng.Uint64N(min(longest, size))
	window := min(size-r.Length, 1<<20)
	r.Offset = rng.Uint64N(window + 1)
	if rng.IntN(3) == 0 { // at the end of the disk
		r.Offset = size - r.Length - rng.Uint64N(window+1)
	}
	switch r.Op {
	case plugins.OpWrite:
		r.Data = make([]byte, r.Length)
		if rng.IntN(4) > 0 { // else zeroes
			for i := range r.Data {
				r.Data[i] = byte(rng.Uint32())
			}
		}
		r.Flags = plugins.FlagFUA * plugins.Flags(rng.IntN(2))
	case plugins.OpTrim:
		r.Flags = plugins.FlagFUA * plugins.Flags(rng.IntN(2))
	case plugins.OpZero:
		r.Flags = plugins.FlagMayTrim * plugins.Flags(rng.IntN(2))
	case plugins.OpExtents:
		r.Flags = plugins.FlagReqOne * plugins.Flags(rng.IntN(2))
	}
	return r
}
