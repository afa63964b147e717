package replay

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"workbench/plugins"
	"workbench/recordings"
)

// memory is a recording in memory.
type memory struct {
	header recordings.Header

	mu       sync.Mutex
	events   []recordings.Event // guarded by mu
	texts    map[uint64]string  // guarded by mu
	payloads map[uint64][]byte  // guarded by mu
}

var _ recordings.Recording = (*memory)(nil)

func newMemory(policy recordings.Policy) *memory {
	return &memory{
		header: recordings.Header{Policy: policy},
		texts:  map[uint64]string{}, payloads: map[uint64][]byte{},
	}
}

// add appends an event with its text and payload.
func (m *memory) add(e recordings.Event, text string, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.Seq = uint64(len(m.events))
	if text != "" {
		m.texts[e.Seq] = text
	}
	if payload != nil && m.header.Policy != recordings.PayloadNone {
		e.Sum = xxhash.Sum64(payload)
		m.payloads[e.Seq] = slices.Clone(payload)
	}
	m.events = append(m.events, e)
}

// age makes the events older, as those of a file are: they come from before the
// start of the program, and their stamps are below zero.
func (m *memory) age(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.events {
		times := &m.events[i].Times
		for _, s := range []*plugins.Stamp{&times.Received, &times.Started, &times.Done, &times.Replied} {
			if *s != 0 {
				*s -= plugins.Stamp(by)
			}
		}
	}
}

func (m *memory) Header() recordings.Header { return m.header }

func (m *memory) Bounds() (first, next uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return 0, uint64(len(m.events))
}

func (m *memory) Read(dst []recordings.Event, from uint64) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copy(dst, m.events[min(from, uint64(len(m.events))):])
}

func (m *memory) Text(e *recordings.Event) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.texts[e.Seq], true
}

func (m *memory) Data(e *recordings.Event) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data := m.payloads[e.Seq]
	return data[:min(len(data), recordings.PreviewSize)], true
}

func (m *memory) Payload(e *recordings.Event) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.payloads[e.Seq]
	return data, ok && m.header.Policy == recordings.PayloadFull, nil
}

func (m *memory) Stats() []recordings.CallbackStats { return nil }

// blockSize is what a model does at once; requests of several blocks fall apart.
const blockSize = 64

// A model is a disk in memory, which several may use at once. What it does can be
// planted with bugs.
type model struct {
	size   uint64
	serial *sync.Mutex  // nil: blocks are locked one by one
	block  []sync.Mutex // of each its bytes
	data   []byte

	calls int // of a serial model: every seventh write fails; guarded by serial
	wrong func(r *plugins.Request) error
}

func newModel(size uint64, serial bool) *model {
	m := &model{size: size, data: make([]byte, size), block: make([]sync.Mutex, size/blockSize)}
	if serial {
		m.serial = &sync.Mutex{}
	}
	return m
}

func (m *model) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	return []plugins.Export{{}}, nil
}

func (m *model) Open(_ context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	if p.Export == "secret" {
		return nil, plugins.Errorf(syscall.EACCES, "go away")
	}
	return &modelHandle{m, p}, nil
}

type modelHandle struct {
	m      *model
	params plugins.OpenParams
}

func (h *modelHandle) Info() plugins.Info {
	return plugins.Info{Size: h.m.size, CanFlush: true, CanTrim: true, CanZero: true, FUA: plugins.Native, ReadOnly: h.params.ReadOnly}
}

func (h *modelHandle) Close() error { return nil }

func (h *modelHandle) Do(_ context.Context, r *plugins.Request) error {
	if err := h.Info().Check(r); err != nil {
		return err
	}
	m := h.m
	if m.serial != nil {
		m.serial.Lock()
		defer m.serial.Unlock()
	}
	r.Started = plugins.Now()
	defer func() { r.Done = plugins.Now() }()
	if r.Op.Writes() && m.serial != nil {
		if m.calls++; m.calls%7 == 0 {
			return plugins.Errorf(syscall.ENOSPC, "the seventh")
		}
	}
	if r.Op == plugins.OpRead {
		r.Data = make([]byte, r.Length)
	}
	for at := uint64(0); r.Op != plugins.OpFlush && at < r.Length; {
		pos := r.Offset + at
		n := min(r.Length-at, blockSize-pos%blockSize)
		lock := &m.block[pos/blockSize]
		lock.Lock()
		disk := m.data[pos : pos+n]
		switch r.Op {
		case plugins.OpRead:
			copy(r.Data[at:], disk)
		case plugins.OpWrite:
			copy(disk, r.Data[at:])
		default:
			clear(disk)
		}
		lock.Unlock()
		at += n
	}
	if m.wrong != nil {
		return m.wrong(r)
	}
	return nil
}

// record has clients send random requests to m, all at once, and returns what happened.
func record(t *testing.T, m *model, policy recordings.Policy, seed uint64, clients, requests, flying int) *memory {
	t.Helper()
	rec := newMemory(policy)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() { recordClient(rec, m, rand.New(rand.NewPCG(seed, uint64(c))), uint32(c+1), requests, flying) })
	}
	wg.Wait()
	return rec
}

// recordClient is one client with so many requests in flight.
func recordClient(rec *memory, m *model, rnd *rand.Rand, conn uint32, requests, flying int) {
	event := func(kind recordings.Kind, text string) {
		rec.add(recordings.Event{
			Kind: kind, Front: plugins.FrontNBD, Conn: conn, Length: m.size,
			Times: plugins.Times{Received: plugins.Now()},
		}, text, nil)
	}
	event(recordings.Connect, "test")
	h := &modelHandle{m: m}
	event(recordings.Opened, "disk")
	slots := make(chan struct{}, flying)
	var wg sync.WaitGroup
	for i := range requests {
		r := randomRequest(rnd, m.size)
		r.Origin = plugins.Origin{Front: plugins.FrontNBD, Conn: conn, Cookie: uint64(i)}
		slots <- struct{}{}
		wg.Go(func() {
			recordOne(rec, h, r)
			<-slots
		})
	}
	wg.Wait()
	event(recordings.Disconnect, "in peace")
}

// recordOne does r and records it, as the host does.
func recordOne(rec *memory, h plugins.Handle, r *plugins.Request) {
	r.Received = plugins.Now()
	err := h.Do(context.Background(), r)
	r.Replied = plugins.Now()
	text := ""
	if err != nil {
		text = err.Error()
	}
	var payload []byte
	if r.Op == plugins.OpWrite || r.Op == plugins.OpRead && err == nil {
		payload = r.Data
	}
	rec.add(recordings.Event{
		Kind: recordings.Request, Front: r.Origin.Front, Conn: r.Origin.Conn, Cookie: r.Origin.Cookie,
		Op: r.Op, Flags: r.Flags, Offset: r.Offset, Length: r.Length, Fate: r.Fate,
		Errno: uint16(plugins.ErrnoOf(err)), Times: r.Times,
	}, text, payload)
}

// randomRequest returns something to do with a disk of so many bytes, now and
// then something that it refuses.
func randomRequest(rnd *rand.Rand, size uint64) *plugins.Request {
	ops := []plugins.Op{
		plugins.OpRead, plugins.OpRead, plugins.OpRead, plugins.OpWrite, plugins.OpWrite, plugins.OpWrite,
		plugins.OpTrim, plugins.OpZero, plugins.OpFlush,
	}
	r := &plugins.Request{Op: ops[rnd.IntN(len(ops))]}
	if r.Op == plugins.OpFlush {
		return r
	}
	r.Offset = rnd.Uint64N(size)
	r.Length = 1 + rnd.Uint64N(min(1024, size-r.Offset))
	if rnd.IntN(20) == 0 {
		r.Length = size - r.Offset + 1
	}
	if r.Op == plugins.OpWrite {
		r.Data = make([]byte, r.Length)
		for i := range r.Data {
			r.Data[i] = byte(rnd.Uint32())
		}
	}
	return r
}

// replayed replays rec and wants it to come to its end.
func replayed(t *testing.T, rec recordings.Recording, b plugins.Backend, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), rec, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// wantSame fails unless nothing differs, and returns how much was left out.
func wantSame(t *testing.T, r *Report) (left uint64) {
	t.Helper()
	if r.Differ != 0 {
		t.Errorf("%d of %d differ: %s", r.Differ, r.Requests, describe(r))
	}
	for _, l := range r.Left {
		left += l.Count
	}
	return left
}

// describe returns the differences in words.
func describe(r *Report) string {
	var b strings.Builder
	for i := range r.First {
		b.WriteString(r.First[i].Text() + "\n")
	}
	return b.String()
}
