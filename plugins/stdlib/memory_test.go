package stdlib

import (
	"reflect"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestMemoryIsSparse(t *testing.T) {
	m, err := NewMemory(MaxSize, nil)
	if err != nil {
		t.Fatal(err)
	}
	const far = 1 << 62
	for _, off := range []uint64{10, far, MaxSize - 5} {
		if err := m.WriteAt([]byte("hello"), off); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Allocated(); got != 3*pageSize {
		t.Errorf("Allocated() = %d after three small writes", got)
	}
	list, err := m.Extents(MaxSize, 0)
	last := uint64(MaxSize) / pageSize * pageSize
	want := []plugins.Extent{
		{Offset: 0, Length: pageSize},
		{Offset: pageSize, Length: far - pageSize, Type: hole},
		{Offset: far, Length: pageSize},
		{Offset: far + pageSize, Length: last - far - pageSize, Type: hole},
		{Offset: last, Length: MaxSize - last},
	}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("Extents = %v, %v; want %v", list, err, want)
	}
	if err := m.Trim(MaxSize-far, far); err != nil {
		t.Fatal(err)
	}
	// The last page of the disk is cut off by its end, so it is cleared rather than freed.
	if got := m.Allocated(); got != 2*pageSize {
		t.Errorf("Allocated() = %d after the trim", got)
	}
	if err := m.Zero(pageSize, 0, false); err != nil || m.Allocated() != pageSize {
		t.Errorf("Zero of a page: %v, Allocated() = %d", err, m.Allocated())
	}
}

func TestMemoryExtentsOfPart(t *testing.T) {
	m, err := NewMemory(10*pageSize, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.WriteAt(make([]byte, 2*pageSize), 4*pageSize); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		n, off uint64
		want   []plugins.Extent
	}{
		{"nothing", 0, 5, nil},
		{"hole", 100, 5, []plugins.Extent{{Offset: 5, Length: 100, Type: hole}}},
		{"inside the data", 10, 5 * pageSize, []plugins.Extent{{Offset: 5 * pageSize, Length: 10}}},
		{"across", 4 * pageSize, 3*pageSize + 1, []plugins.Extent{
			{Offset: 3*pageSize + 1, Length: pageSize - 1, Type: hole},
			{Offset: 4 * pageSize, Length: 2 * pageSize},
			{Offset: 6 * pageSize, Length: pageSize + 1, Type: hole}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := m.Extents(c.n, c.off); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("Extents(%d, %d) = %v, %v; want %v", c.n, c.off, got, err, c.want)
			}
		})
	}
}

func TestMemoryTooLarge(t *testing.T) {
	if _, err := NewMemory(MaxSize+1, nil); err == nil {
		t.Error("a disk of 2^63 bytes was made")
	}
}

func TestNamedMemory(t *testing.T) {
	shelf := &plugins.Shelf{}
	first, err := NamedMemory(shelf, "disk", 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NamedMemory(shelf, "disk", 1<<20, nil)
	if err != nil || again.store != first.store {
		t.Errorf("the second call made another disk (%v)", err)
	}
	other, err := NamedMemory(shelf, "other", 1<<20, nil)
	if err != nil || other.store == first.store {
		t.Errorf("another name gave the same disk (%v)", err)
	}
	larger, err := NamedMemory(shelf, "disk", 2<<20, nil)
	if err != nil || larger.Size() != 2<<20 || first.Size() != 1<<20 {
		t.Fatalf("another size: %d and %d, %v", larger.Size(), first.Size(), err)
	}
	if err := larger.WriteAt([]byte("abcd"), 1<<20-2); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2)
	if err := first.ReadAt(got, 1<<20-2); err != nil || string(got) != "ab" {
		t.Errorf("the smaller disk reads %q, %v", got, err)
	}
	wantErrno(t, "behind the end of the smaller one", first.ReadAt(got, 1<<20-1), syscall.EINVAL)
	if _, err := NamedMemory(shelf, "huge", MaxSize+1, nil); err == nil {
		t.Error("a named disk of 2^63 bytes was made")
	}
}
