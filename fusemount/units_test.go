package fusemount

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"pgregory.net/rapid"

	"workbench/plugins"
)

// What is to be forgotten holds all that was added, in order and apart, and is
// never much.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []span
		var added [4096]bool
		loose := false // what was too much became one
		for range rapid.IntRange(1, 40).Draw(t, "spans") {
			lo := rapid.Uint64Range(0, 4000).Draw(t, "lo")
			x := span{lo, lo + rapid.Uint64Range(1, 90).Draw(t, "length")}
			before := len(spans)
			spans = merge(spans, x)
			loose = loose || before == mostSpans && len(spans) == 1
			for i := x.lo; i < x.hi; i++ {
				added[i] = true
			}
		}
		if len(spans) > mostSpans {
			t.Fatalf("%d spans", len(spans))
		}
		covered := 0
		for i, x := range spans {
			if x.lo >= x.hi || i > 0 && spans[i-1].hi >= x.lo {
				t.Fatalf("%v are not in order and apart", spans)
			}
			covered += int(x.hi - x.lo)
		}
		wanted := 0
		for i, is := range added {
			if is {
				wanted++
				if !slices.ContainsFunc(spans, func(x span) bool { return x.lo <= uint64(i) && uint64(i) < x.hi }) {
					t.Fatalf("%d is in none of %v", i, spans)
				}
			}
		}
		if !loose && covered != wanted {
			t.Fatalf("%d bytes in %v, want %d", covered, spans, wanted)
		}
		if all := merge(slices.Clone(spans), span{}); len(all) != 1 || all[0] != (span{}) {
			t.Fatalf("all and some are %v", all)
		}
		if all := merge([]span{{}}, spans[0]); len(all) != 1 || all[0] != (span{}) {
			t.Fatalf("all and some are %v", all)
		}
	})
}

// The kernel is told what was added, once, and until the disk is unmounted.
func TestStaleness(t *testing.T) {
	s := newStaleness()
	done, told := make(chan struct{}), make(chan [3]int64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.run(done, func(node uint64, offset, length int64) fuse.Status {
			told <- [3]int64{int64(node), offset, length}
			return fuse.ENOENT
		})
	}()
	s.add(1, span{10, 20})
	if got := <-told; got != [3]int64{1, 10, 10} {
		t.Errorf("told %v", got)
	}
	s.add(1, span{30, 40})
	s.add(1, span{40, 50})
	s.all(2)
	var got [][3]int64
	for length := int64(0); length < 20; { // both spans of 1, in one or two pieces; all of 2 has length 0
		x := <-told
		got = append(got, x)
		length += x[2]
		if len(got) > 3 {
			break
		}
	}
	close(done)
	for {
		select {
		case x := <-told:
			got = append(got, x)
			continue
		case <-ended:
		}
		break
	}
	if !slices.Contains(got, [3]int64{2, 0, 0}) {
		t.Errorf("told %v", got)
	}
}

func TestExtentCache(t *testing.T) {
	var c extentCache
	list := []plugins.Extent{{Offset: 0, Length: 10}, {Offset: 10, Length: 10, Type: plugins.ExtentZero}, {Offset: 20, Length: 10}}
	if _, known, _ := c.scan(0, true); known {
		t.Error("an empty cache knows something")
	}
	c.keep(c.version(), list)
	for _, test := range []struct {
		offset, next uint64
		hole         bool
		known, found bool
	}{
		{0, 10, true, true, true}, {12, 12, true, true, true}, {12, 20, false, true, true},
		{25, 30, true, true, false}, {30, 0, true, false, false},
	} {
		next, known, found := c.scan(test.offset, test.hole)
		if next != test.next || known != test.known || found != test.found {
			t.Errorf("scan(%d, %v) = %d, %v, %v", test.offset, test.hole, next, known, found)
		}
	}
	before := c.version()
	c.forget()
	if _, known, _ := c.scan(0, true); known {
		t.Error("what was known before a write is still known")
	}
	c.keep(before, list)
	if _, known, _ := c.scan(0, true); known {
		t.Error("what was asked before a write is kept after it")
	}
	c.keep(c.version(), make([]plugins.Extent, mostExtents+1))
	if _, known, _ := c.scan(0, true); known {
		t.Error("there is no end to what is kept")
	}
}

func TestCallers(t *testing.T) {
	var c callers
	me := uint32(os.Getpid())
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	k := c.find(me)
	if k.pid != me || k.program.String()+"\n" != string(name) {
		t.Errorf("this is %d %q, want %d %q", k.pid, k.program, me, name)
	}
	if c.find(me) != k {
		t.Error("looked up twice")
	}
	c.forget(me)
	if c.find(me) == k {
		t.Error("not forgotten")
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		var id uint32
		for _, digit := range thread.Name() {
			id = id*10 + uint32(digit-'0')
		}
		if k := c.find(id); k.pid != me {
			t.Errorf("thread %d is of process %d, want %d", id, k.pid, me)
		}
	}
	if k := c.find(1 << 30); k.pid != 1<<30 || k.program != (plugins.Comm{}) {
		t.Errorf("nobody is %d %q", k.pid, k.program)
	}
	if k := c.find(0); k.pid != 0 {
		t.Errorf("the kernel is %d", k.pid)
	}
}

func TestCovers(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "mnt", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("mnt/sub", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	p := place{path: filepath.Join(dir, "mnt")}
	for path, want := range map[string]bool{
		"mnt": true, "mnt/": true, "mnt/a/b": true, "link": true, "link/new/x": true, "sub/../mnt/x": true,
		"mnt2": false, "": false, "other/mnt": false, "mnt/../x": true, // on the way
	} {
		if got := p.covers(dir + "/" + path); got != want {
			t.Errorf("covers %q: %v, want %v", path, got, want)
		}
	}
}
