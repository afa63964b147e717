package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"workbench/plugins"
	"workbench/recordings"
)

const (
	modelSize  = 64 // bytes of the disk
	modelBlock = 8  // of a request
)

// ramRuntime is a language whose scripts are all the same disk in memory: a
// script says "size N", or anything else, which is a mistake.
type ramRuntime struct {
	mu   sync.Mutex
	data [modelSize]byte // guarded by mu
}

func (*ramRuntime) Name() string              { return "ram" }
func (*ramRuntime) Match(plugins.Source) bool { return true }

func (rt *ramRuntime) Compile(src plugins.Source) (plugins.Program, error) {
	p := &ramScript{rt: rt}
	if _, err := fmt.Sscanf(src.Text, "size %d", &p.size); err != nil {
		return nil, &plugins.Error{File: src.Path, Line: 1, Msg: "no size"}
	}
	return p, nil
}

type ramScript struct {
	rt   *ramRuntime
	size int64
}

func (s *ramScript) Start(context.Context, plugins.Env) (plugins.Script, error) { return s, nil }
func (s *ramScript) APIVersion() int                                            { return 1 }
func (s *ramScript) Position(plugins.Callback) (string, int)                    { return "ram", 0 }
func (s *ramScript) Settle(plugins.ThreadModel)                                 {}
func (s *ramScript) Close() error                                               { return nil }
func (s *ramScript) ThreadModels() (usual, loosest plugins.ThreadModel) {
	return plugins.Parallel, plugins.Parallel
}

func (s *ramScript) Defines(cb plugins.Callback) bool {
	return cb.Required() || cb == plugins.Pwrite || cb == plugins.Flush
}

func (s *ramScript) Call(_ context.Context, c *plugins.Call) error {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	switch c.Callback {
	case plugins.GetSize:
		c.Int = s.size
	case plugins.Pread:
		c.Data = slices.Clone(s.rt.data[c.Offset : c.Offset+c.Length])
	case plugins.Pwrite:
		copy(s.rt.data[c.Offset:], c.Data)
	}
	return nil
}

// A model is what the host should be: rules, what is held, and what the disk
// contains. Each block has one writer at a time, so that it is known what is in it.
type model struct {
	t       *rapid.T
	host    *Host
	log     *recordings.Log
	path    string
	data    [modelSize]byte
	rules   []modelRule
	pending []*modelPending
	handles []plugins.Handle
	serving uint32
	past    int // generations that can be gone back to
}

type modelRule struct {
	number uint16
	op     plugins.Op
	action string
	on     bool
}

type modelPending struct {
	*pending
	cancel context.CancelCauseFunc
	number uint64   // under which it is held
	todo   []uint16 // the rules of this stage that it has not come to
	after  bool     // the script has answered
	block  uint64
	fill   byte // of a write
}

// What becomes of a request next.
const (
	isHeld   = "held"
	isFailed = "failed"
	isDone   = "done"
)

// numbers are those of the rules that there are.
func (m *model) numbers() (out []uint16) {
	for _, r := range m.rules {
		out = append(out, r.number)
	}
	return out
}

// advance takes p through the rules until one of them stops it.
func (m *model) advance(p *modelPending) string {
	for {
		for len(p.todo) > 0 {
			n := p.todo[0]
			p.todo = p.todo[1:]
			i := slices.IndexFunc(m.rules, func(r modelRule) bool { return r.number == n })
			if i < 0 || !m.rules[i].on || m.rules[i].op != p.q.Op || strings.HasSuffix(m.rules[i].action, "after") != p.after {
				continue
			}
			switch strings.Fields(m.rules[i].action)[0] {
			case "hold":
				return isHeld
			case "fail":
				return isFailed
			}
		}
		if p.after {
			return isDone
		}
		p.after, p.todo = true, m.numbers()
		if p.q.Op == plugins.OpWrite {
			copy(m.data[p.block*modelBlock:], bytes.Repeat([]byte{p.fill}, modelBlock))
		}
	}
}

// busy reports whether a request on a block is held.
func (m *model) busy(block uint64) bool {
	return slices.ContainsFunc(m.pending, func(p *modelPending) bool { return p.block == block })
}

// request begins a request and waits until it is answered, or held.
func (m *model) request(op plugins.Op) {
	if len(m.handles) == 0 {
		return
	}
	d := rapid.SampledFrom(m.handles).Draw(m.t, "handle")
	block := rapid.Uint64Range(0, modelSize/modelBlock-1).Draw(m.t, "block")
	if m.busy(block) || len(m.pending) == 4 {
		return
	}
	fill := rapid.Byte().Draw(m.t, "fill")
	q := plugins.Request{Op: op, Offset: block * modelBlock, Length: modelBlock}
	if op == plugins.OpWrite {
		q.Data = bytes.Repeat([]byte{fill}, modelBlock)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &modelPending{cancel: cancel, block: block, fill: fill, todo: m.numbers()}
	p.pending = (&rig{Host: m.host}).begin(ctx, d, q)
	m.follow(p)
}

// follow waits for what must become of p now.
func (m *model) follow(p *modelPending) {
	fate := m.advance(p)
	if fate == isHeld {
		p.number = m.waitHeld()
		m.pending = append(m.pending, p)
		return
	}
	err := <-p.done
	p.cancel(nil)
	at := p.block * modelBlock
	switch {
	case (fate == isFailed) != (plugins.ErrnoOf(err) == syscall.ENOSPC) || fate == isDone && err != nil:
		m.t.Fatalf("%s: %v; it should be %s", p.q.Op, err, fate)
	case p.q.Op == plugins.OpRead && err == nil && !bytes.Equal(p.q.Data, m.data[at:at+modelBlock]):
		m.t.Fatalf("block %d reads %x, want %x", p.block, p.q.Data, m.data[at:at+modelBlock])
	}
}

// waitHeld waits for one request more to be held, and returns its number.
func (m *model) waitHeld() uint64 {
	for {
		_, next := m.log.Bounds()
		if list := m.host.Held(); len(list) == len(m.pending)+1 {
			return list[len(list)-1].Number
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		err := m.log.Wait(ctx, next)
		cancel()
		m.must(err)
	}
}

// take takes a held request out of the model, nil if none is held.
func (m *model) take() *modelPending {
	if len(m.pending) == 0 {
		return nil
	}
	i := rapid.IntRange(0, len(m.pending)-1).Draw(m.t, "held")
	p := m.pending[i]
	m.pending = slices.Delete(m.pending, i, i+1)
	return p
}

func (m *model) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) save(text string) { m.must(os.WriteFile(m.path, []byte(text), 0o600)) }

func (m *model) reloaded(err error, works bool) {
	if (err == nil) != works {
		m.t.Fatalf("reload: %v; it should work: %t", err, works)
	}
	if works {
		m.serving++
	}
	if got := m.host.Status().Generation; got != m.serving {
		m.t.Fatalf("generation %d serves, want %d", got, m.serving)
	}
}

var errGone = errors.New("gone")

// actions are what may happen.
func (m *model) actions() map[string]func(*rapid.T) {
	end := func(decide func(*modelPending) error, want func(error) bool) func(*rapid.T) {
		return func(*rapid.T) {
			p := m.take()
			if p == nil {
				return
			}
			m.must(decide(p))
			if err := <-p.done; !want(err) {
				m.t.Fatalf("held, and ended with %v", err)
			}
			p.cancel(nil)
		}
	}
	return map[string]func(*rapid.T){
		"read":  func(*rapid.T) { m.request(plugins.OpRead) },
		"write": func(*rapid.T) { m.request(plugins.OpWrite) },
		"open": func(*rapid.T) {
			if len(m.handles) == 4 {
				return
			}
			d, err := m.host.Open(context.Background(), plugins.OpenParams{Conn: uint32(len(m.handles))})
			m.must(err)
			m.handles = append(m.handles, d)
		},
		"close": func(*rapid.T) {
			if len(m.pending) == 0 && len(m.handles) > 1 { // a front end waits for its requests first
				m.must(m.handles[0].Close())
				m.handles = m.handles[1:]
			}
		},
		"add rule": func(t *rapid.T) {
			if len(m.rules) == 4 {
				return
			}
			op := rapid.SampledFrom([]plugins.Op{plugins.OpRead, plugins.OpWrite}).Draw(t, "op")
			action := rapid.SampledFrom([]string{"fail ENOSPC before", "fail ENOSPC after", "hold before", "hold after", "delay 0s before"}).Draw(t, "action")
			n, err := m.host.AddRule(fmt.Sprintf("op:%s => %s", strings.ToLower(op.String()), action))
			m.must(err)
			m.rules = append(m.rules, modelRule{n, op, action, true})
		},
		"switch rule": func(t *rapid.T) {
			if len(m.rules) > 0 {
				r := &m.rules[rapid.IntRange(0, len(m.rules)-1).Draw(t, "rule")]
				r.on = !r.on
				m.must(m.host.SwitchRule(r.number, r.on))
			}
		},
		"remove rule": func(t *rapid.T) {
			if len(m.rules) > 0 {
				i := rapid.IntRange(0, len(m.rules)-1).Draw(t, "rule")
				m.must(m.host.RemoveRule(m.rules[i].number))
				m.rules = slices.Delete(m.rules, i, i+1)
			}
		},
		"release": func(*rapid.T) {
			if p := m.take(); p != nil {
				m.must(m.host.Release(p.number))
				m.follow(p)
			}
		},
		"fail held": end(func(p *modelPending) error { return m.host.FailHeld(p.number, syscall.ENOSPC) },
			func(err error) bool { return plugins.ErrnoOf(err) == syscall.ENOSPC }),
		"drop held": end(func(p *modelPending) error { return m.host.DropHeld(p.number) },
			func(err error) bool { return plugins.ErrnoOf(err) == syscall.ECONNRESET }),
		"hang up": end(func(p *modelPending) error { p.cancel(errGone); return nil },
			func(err error) bool { return errors.Is(err, errGone) }),
		"reload": func(*rapid.T) {
			m.save("size 64")
			m.reloaded(m.host.Reload(context.Background()), true)
			m.past++
		},
		"reload broken": func(*rapid.T) {
			m.save("broken")
			m.reloaded(m.host.Reload(context.Background()), false)
		},
		"reload another size": func(*rapid.T) {
			if len(m.handles) > 0 {
				m.save("size 32")
				m.reloaded(m.host.Reload(context.Background()), false)
			}
		},
		"undo": func(*rapid.T) {
			works := m.past > 0
			m.reloaded(m.host.Undo(context.Background()), works)
			if works {
				m.past--
			}
		},
		"": func(*rapid.T) {
			if got := m.host.Held(); len(got) != len(m.pending) {
				m.t.Fatalf("%d requests are held, want %d", len(got), len(m.pending))
			}
		},
	}
}

// TestModel drives a host at random, and compares it with the model.
func TestModel(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, log: recordings.NewLog(1 << 18), path: filepath.Join(dir, "disk.ram"), serving: 1}
		m.save("size 64")
		h, err := New(context.Background(), Options{Path: m.path, Runtimes: []plugins.Runtime{&ramRuntime{}}, Log: m.log})
		m.must(err)
		m.host = h
		defer func() {
			h.LetGo()
			for _, p := range m.pending {
				<-p.done
				p.cancel(nil)
			}
			m.must(h.Close(context.Background()))
		}()
		actions := m.actions()
		actions["open"](t)
		t.Repeat(actions)
	})
}
