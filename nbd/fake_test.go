package nbd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"workbench/plugins"
)

func TestMain(m *testing.M) {
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // nbd-client is there
	goleak.VerifyTestMain(m)
}

// memory is a disk in memory, and a Backend that has it as every export. The
// fields that tests set change what it says of itself.
type memory struct {
	info        plugins.Info
	name        string // of the default export
	description string
	sizes       plugins.BlockSizes
	sizesErr    error
	exports     []plugins.Export
	exportsErr  error
	openErr     error
	extents     []plugins.Extent

	parallel bool // the front end gains something by passing several requests at once

	// before runs ahead of each request that passed the check.
	before func(ctx context.Context, r *plugins.Request) error

	mu       sync.Mutex
	data     []byte                 // guarded by mu
	opened   []plugins.OpenParams   // guarded by mu
	closed   int                    // guarded by mu
	seen     []plugins.Request      // guarded by mu; as they were given to Do
	finished map[plugins.Origin]int // guarded by mu
}

// newMemory returns a disk that can everything.
func newMemory(size int) *memory {
	return &memory{
		data:     make([]byte, size),
		finished: map[plugins.Origin]int{},
		info: plugins.Info{Size: uint64(size), CanFlush: true, CanTrim: true, CanZero: true, CanFastZero: true, CanExtents: true,
			MultiConn: true, FUA: plugins.Native, Cache: plugins.Native},
	}
}

func (m *memory) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	return m.exports, m.exportsErr
}

func (m *memory) Open(_ context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.openErr != nil {
		return nil, m.openErr
	}
	m.opened = append(m.opened, p)
	name := p.Export
	if name == "" {
		name = m.name
	}
	return &memoryHandle{m, name}, nil
}

// counts returns how often the disk was opened and closed.
func (m *memory) counts() (opened, closed int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.opened), m.closed
}

// changes returns in words, in their order, the requests that were given to Do
// so far, but for READ and BLOCK_STATUS.
func (m *memory) changes() []string {
	var ops []string
	for _, r := range m.requests() {
		if r.Op != plugins.OpRead && r.Op != plugins.OpExtents {
			ops = append(ops, fmt.Sprintf("%s %d+%d %s", r.Op, r.Offset, r.Length, r.Flags))
		}
	}
	return ops
}

// count returns how many requests of a kind were given to Do so far.
func (m *memory) count(op plugins.Op) (n int) {
	for _, r := range m.requests() {
		if r.Op == op {
			n++
		}
	}
	return n
}

// holds reports whether the disk has that content.
func (m *memory) holds(content []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Equal(m.data, content)
}

// requests returns what was given to Do so far.
func (m *memory) requests() []plugins.Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]plugins.Request(nil), m.seen...)
}

type memoryHandle struct {
	*memory
	name string
}

func (m memoryHandle) Name() string { return m.name }

func (m memoryHandle) Info() plugins.Info { return m.info }

func (m memoryHandle) Serial() bool { return !m.parallel }

func (m memoryHandle) Do(ctx context.Context, r *plugins.Request) error {
	m.mu.Lock()
	seen := *r
	seen.Data, seen.Extents = nil, nil
	m.seen = append(m.seen, seen)
	m.mu.Unlock()
	if err := m.info.Check(r); err != nil {
		return err
	}
	if m.before != nil {
		if err := m.before(ctx, r); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil && r.Op != plugins.OpExtents { // before did it, or nobody does
		return nil
	}
	switch r.Op {
	case plugins.OpRead:
		copy(r.Data, m.data[r.Offset:])
	case plugins.OpWrite:
		copy(m.data[r.Offset:], r.Data)
	case plugins.OpZero, plugins.OpTrim:
		clear(m.data[r.Offset : r.Offset+r.Length])
	case plugins.OpExtents:
		first := 0
		for first < len(m.extents)-1 && m.extents[first].End() <= r.Offset { // a disk begins with the one at the offset
			first++
		}
		r.Extents = append(r.Extents, m.extents[first:]...)
		if m.extents == nil {
			r.Extents = append(r.Extents, plugins.Extent{Length: m.info.Size})
		}
	}
	return nil
}

func (m memoryHandle) Finish(r *plugins.Request, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finished[r.Origin]++
}

func (m memoryHandle) Description(context.Context) (string, error) { return m.description, nil }

func (m memoryHandle) BlockSizes(context.Context) (plugins.BlockSizes, error) {
	return m.sizes, m.sizesErr
}

func (m memoryHandle) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return nil
}
