package stdlib

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"workbench/plugins"
)

// call invokes a function by name.
func call(t *testing.T, list []Function, self any, name string, args ...Value) (Value, error) {
	t.Helper()
	for i := range list {
		if list[i].Name == name {
			return list[i].Invoke(t.Context(), &Invocation{Env: &plugins.Env{}, Self: self, Args: args})
		}
	}
	t.Fatalf("there is no function %s", name)
	return Value{}, nil
}

func mustBuffer(t *testing.T, n uint64) *Buffer {
	t.Helper()
	b, err := NewBuffer(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBufferIntegers(t *testing.T) {
	b := mustBuffer(t, 16)
	for _, c := range []struct {
		name  string
		value Value
		want  string
	}{
		{"u8", Integer(255), "\xff"}, {"i8", Integer(-1), "\xff"}, {"i8", Integer(-128), "\x80"},
		{"u16le", Integer(0x102), "\x02\x01"}, {"u16be", Integer(0x102), "\x01\x02"}, {"i16le", Integer(-2), "\xfe\xff"}, {"i16be", Integer(-2), "\xff\xfe"},
		{"u32le", Integer(1<<32 - 1), "\xff\xff\xff\xff"}, {"u32be", Integer(1), "\x00\x00\x00\x01"}, {"i32le", Integer(-1 << 31), "\x00\x00\x00\x80"},
		{"u64le", Natural(1<<64 - 1), "\xff\xff\xff\xff\xff\xff\xff\xff"}, {"u64be", Integer(258), "\x00\x00\x00\x00\x00\x00\x01\x02"}, {"i64be", Integer(-1 << 63), "\x80\x00\x00\x00\x00\x00\x00\x00"},
	} {
		clear(b.bytes)
		if _, err := call(t, BufferMethods, b, "set_"+c.name, Integer(3), c.value); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := string(b.bytes[3 : 3+len(c.want)]); got != c.want || len(bytes.Trim(b.bytes, "\x00")) > len(c.want) {
			t.Errorf("set_%s(%s) wrote %q, want %q", c.name, c.value.describe(), b.bytes, c.want)
		}
		if got, err := call(t, BufferMethods, b, "get_"+c.name, Integer(3)); got != c.value || err != nil {
			t.Errorf("get_%s = %s, %v; want %s", c.name, got.describe(), err, c.value.describe())
		}
	}
	for _, c := range []struct {
		name  string
		value Value
	}{{"u8", Integer(256)}, {"u8", Integer(-1)}, {"i8", Integer(128)}, {"i8", Integer(-129)}, {"u16le", Integer(1 << 16)}, {"i32be", Integer(1 << 31)}, {"u64le", Integer(-1)}, {"i64le", Natural(1 << 63)}, {"u8", Real(1.5)}, {"u64le", Real(1 << 60)}, {"u8", Words("1")}} {
		if _, err := call(t, BufferMethods, b, "set_"+c.name, Integer(0), c.value); err == nil {
			t.Errorf("set_%s took %s", c.name, c.value.describe())
		}
	}
	for _, offset := range []Value{Integer(13), Integer(16), Natural(1 << 63), Integer(-1)} {
		if _, err := call(t, BufferMethods, b, "get_u32le", offset); err == nil {
			t.Errorf("get_u32le(%s) of 16 bytes", offset.describe())
		}
	}
}

func TestBufferCopy(t *testing.T) {
	b := mustBuffer(t, 8)
	copy(b.bytes, "01234567")
	other := mustBuffer(t, 4)
	copy(other.bytes, "abcd")
	for _, step := range []struct {
		args []Value
		want string
	}{
		{[]Value{Integer(2), object(b), Integer(0), Integer(4)}, "01012367"},
		{[]Value{Integer(0), object(b), Integer(2), Integer(4)}, "01232367"},
		{[]Value{Integer(4), object(other)}, "0123abcd"},
		{[]Value{Integer(0), object(other), Integer(3)}, "d123abcd"},
		{[]Value{Integer(8), object(other), Integer(4)}, "d123abcd"},
	} {
		if _, err := call(t, BufferMethods, b, "copy", step.args...); err != nil || string(b.bytes) != step.want {
			t.Errorf("the buffer is %q, want %q (%v)", b.bytes, step.want, err)
		}
	}
	for _, args := range [][]Value{{Integer(5), object(other)}, {Integer(0), object(other), Integer(5)}, {Integer(0), object(other), Integer(0), Integer(5)}, {Integer(0), object(b), Integer(1), Integer(8)}} {
		if _, err := call(t, BufferMethods, b, "copy", args...); err == nil || string(b.bytes) != "d123abcd" {
			t.Errorf("a copy that does not fit: %v, %q", err, b.bytes)
		}
	}
}

func TestLentBuffer(t *testing.T) {
	memory := []byte("lent")
	b := Lend(memory)
	if _, err := call(t, BufferMethods, b, "set", Integer(0), Words("b")); err != nil || string(memory) != "bent" {
		t.Errorf("%q, %v", memory, err)
	}
	b.Revoke()
	for _, name := range []string{"get", "sub", "get_u8"} {
		if _, err := call(t, BufferMethods, b, name, Integer(0)); !errors.Is(err, errLent) {
			t.Errorf("%s after Revoke: %v", name, err)
		}
	}
	if _, err := call(t, BufferMethods, b, "set", Integer(0), Integer(1)); !errors.Is(err, errLent) || b.Len() != 0 {
		t.Errorf("set after Revoke: %v", err)
	}
}

// Two disks, two buffers, everybody at once: the race detector and the deadlock
// are what this is for.
func TestBuffersConcurrently(t *testing.T) {
	a, b := mustBuffer(t, 4096), mustBuffer(t, 4096)
	disk, err := NewMemory(1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	lent := Lend(make([]byte, 4096))
	var wg sync.WaitGroup
	run := func(work func() error) {
		wg.Go(func() {
			for range 300 {
				if err := work(); err != nil && !errors.Is(err, errLent) {
					t.Error(err)
					return
				}
			}
		})
	}
	do := func(list []Function, self any, name string, args ...Value) func() error {
		return func() error { _, err := call(t, list, self, name, args...); return err }
	}
	run(do(BufferMethods, a, "copy", Integer(0), object(b)))
	run(do(BufferMethods, b, "copy", Integer(0), object(a)))
	run(do(BufferMethods, b, "set", Integer(0), object(a)))
	run(do(BufferMethods, a, "fill", Integer(7)))
	run(do(BufferMethods, b, "set_u64be", Integer(8), Integer(5)))
	run(do(BufferMethods, a, "sub", Integer(0)))
	run(do(DiskMethods, disk, "read_into", object(a), Integer(0)))
	run(do(DiskMethods, disk, "write_from", object(b), Integer(65000)))
	run(do(DiskMethods, disk, "pwrite", object(a), Integer(0)))
	run(do(Workbench, nil, "crc32", object(b)))
	run(do(BufferMethods, lent, "copy", Integer(0), object(a)))
	lent.Revoke()
	wg.Wait()
}

func TestDiskAndBuffer(t *testing.T) {
	disk, err := NewMemory(4096, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := mustBuffer(t, 16)
	copy(b.bytes, "0123456789abcdef")
	for _, step := range []struct {
		name string
		args []Value
	}{
		{"write_from", []Value{object(b), Integer(100)}},
		{"write_from", []Value{object(b), Integer(200), Integer(10)}},
		{"write_from", []Value{object(b), Integer(300), Integer(4), Integer(2)}},
		{"read_into", []Value{object(b), Integer(300), Integer(0), Integer(4)}},
	} {
		if _, err := call(t, DiskMethods, disk, step.name, step.args...); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	got := make([]byte, 400)
	if err := disk.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if string(got[100:116]) != "0123456789abcdef" || string(got[200:206]) != "abcdef" || string(got[300:304]) != "45\x00\x00" || string(b.bytes[:5]) != "45\x00\x004" {
		t.Errorf("the disk has %q, the buffer %q", got[100:304], b.bytes)
	}
	for _, args := range [][]Value{{object(b), Integer(0), Integer(17)}, {object(b), Integer(0), Integer(10), Integer(7)}, {object(b), Integer(4090)}} {
		if _, err := call(t, DiskMethods, disk, "read_into", args...); err == nil {
			t.Errorf("read_into%v worked", args)
		}
	}
}

// What disks and buffers hold is counted while they are there.
func TestHeld(t *testing.T) {
	var held atomic.Int64
	disk, err := NewMemory(1<<40, &held)
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, n int64) {
		t.Helper()
		if got := held.Load(); got != n {
			t.Errorf("%s: %d bytes are held, want %d", what, got, n)
		}
	}
	want("an empty disk", 0)
	if err := disk.WriteAt(make([]byte, 3*pageSize), 1<<39); err != nil {
		t.Fatal(err)
	}
	want("three pages", 3*pageSize)
	if err := errors.Join(disk.WriteAt([]byte("x"), 1<<39), disk.Trim(pageSize+10, 1<<39), disk.Trim(pageSize, 1<<39)); err != nil {
		t.Fatal(err)
	}
	want("one freed", 2*pageSize)
	b, err := NewBuffer(1000, &held)
	if err != nil {
		t.Fatal(err)
	}
	want("a buffer besides", 2*pageSize+1000)
	runtime.KeepAlive(disk)
	runtime.KeepAlive(b)
	disk, b = nil, nil
	for deadline := time.Now().Add(time.Minute); held.Load() != 0 && time.Now().Before(deadline); {
		runtime.GC() // the cleanups run on a goroutine of the runtime
		runtime.Gosched()
	}
	want("nobody has them any more", 0)
}
