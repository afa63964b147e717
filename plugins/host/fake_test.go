package host

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// fakeRuntime is a language for tests. A script is lines of "word value":
//
//	size 4096        the disk, which reads as the byte of "fill"
//	size@b 8192      that of the export b, if it has another one
//	fill x
//	default s        what the default export is called
//	state s          what before_reload returns; after_reload adds it to states
//	syntax m         a mistake, which Compile finds if it stands at the beginning
//	start m          one that the top level finds
//	open m           open fails
//	deny m           preconnect fails
//	model 0          what thread_model returns
//	cleanup x        cleanup is defined; it fails if it has no time
//	spin where       never ends: in start, open or before_reload
//	include FILE     more lines from a file
type fakeRuntime struct {
	block   chan struct{}         // if not nil, a read of length 1 waits for it
	opening func(c *plugins.Call) // if not nil, open calls it first
	reading func()                // if not nil, pread calls it first

	mu     sync.Mutex
	states []string // guarded by mu
	last   []byte   // what was written last; guarded by mu
	opened int      // handles open, of all generations; guarded by mu
	live   int      // scripts started and not closed; guarded by mu
	early  int      // scripts that were closed with handles open; guarded by mu
}

func (*fakeRuntime) Name() string                  { return "fake" }
func (*fakeRuntime) Match(src plugins.Source) bool { return src.Ext() == ".fake" }
func (rt *fakeRuntime) restored() []string         { rt.mu.Lock(); defer rt.mu.Unlock(); return rt.states }
func (rt *fakeRuntime) written() []byte            { rt.mu.Lock(); defer rt.mu.Unlock(); return rt.last }
func (rt *fakeRuntime) counts() (opened, scripts int) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.opened, rt.live
}

func (rt *fakeRuntime) Compile(src plugins.Source) (plugins.Program, error) {
	if strings.HasPrefix(src.Text, "syntax ") {
		return nil, &plugins.Error{File: src.Path, Line: 1, Column: 8, Msg: src.Text[7:]}
	}
	return &fakeProgram{rt, src}, nil
}

type fakeProgram struct {
	rt  *fakeRuntime
	src plugins.Source
}

func (s *fakeScript) parse(path, text string) error {
	for i, line := range strings.Split(text, "\n") {
		word, value, _ := strings.Cut(line, " ")
		switch word {
		case "syntax":
			return &plugins.Error{File: path, Line: i + 1, Column: 8, Msg: value}
		case "include":
			file := filepath.Join(filepath.Dir(path), value)
			more, err := s.env.ReadFile(file)
			if err != nil {
				return err
			}
			if err := s.parse(file, string(more)); err != nil {
				return err
			}
		default:
			s.words[word] = value
		}
	}
	return nil
}

func (p *fakeProgram) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	s := &fakeScript{rt: p.rt, file: p.src.Path, env: env, words: map[string]string{"size": "4096", "fill": "."}}
	if err := s.parse(p.src.Path, p.src.Text); err != nil {
		return nil, err
	}
	if s.words["spin"] == "start" {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if msg, ok := s.words["start"]; ok {
		return nil, &plugins.Error{File: s.file, Line: 1, Msg: msg}
	}
	p.rt.mu.Lock()
	p.rt.live++
	p.rt.mu.Unlock()
	return s, nil
}

type fakeScript struct {
	rt     *fakeRuntime
	file   string
	env    plugins.Env
	words  map[string]string
	opened int // handles open; guarded by rt.mu
}

func (s *fakeScript) APIVersion() int                         { return 1 }
func (s *fakeScript) Position(plugins.Callback) (string, int) { return s.file, 0 }
func (s *fakeScript) Settle(plugins.ThreadModel)              {}
func (s *fakeScript) ThreadModels() (usual, loosest plugins.ThreadModel) {
	return plugins.SerializeAllRequests, plugins.SerializeAllRequests
}

func (s *fakeScript) Globals() []plugins.Global {
	return []plugins.Global{{Name: "shadow_check", Text: s.words["shadow_check"]}}
}

func (s *fakeScript) Close() error {
	s.rt.mu.Lock()
	if s.opened > 0 {
		s.rt.early++
	}
	s.rt.live--
	s.rt.mu.Unlock()
	return nil
}

func (s *fakeScript) Defines(cb plugins.Callback) bool {
	switch cb {
	case plugins.BeforeReload, plugins.AfterReload:
		return s.words["state"] != ""
	case plugins.DefaultExport:
		return s.words["default"] != ""
	case plugins.ThreadModelCallback:
		return s.words["model"] != ""
	case plugins.Preconnect:
		return s.words["deny"] != ""
	case plugins.Cleanup:
		return s.words["cleanup"] != ""
	case plugins.Open, plugins.Close, plugins.GetSize, plugins.Pread, plugins.Pwrite, plugins.Config:
		return true
	}
	return false
}

func (s *fakeScript) Call(ctx context.Context, c *plugins.Call) error {
	if s.words["spin"] == c.Callback.String() {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if c.Callback == plugins.Open && s.rt.opening != nil {
		s.rt.opening(c)
	}
	if c.Callback == plugins.Pread && s.rt.reading != nil {
		s.rt.reading()
	}
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	switch c.Callback {
	case plugins.Open:
		if msg, ok := s.words["open"]; ok {
			return &plugins.Error{Callback: plugins.Open, File: s.file, Line: 2, Msg: msg}
		}
		s.rt.opened++
		s.opened++
	case plugins.DefaultExport:
		c.Text = s.words["default"]
	case plugins.ThreadModelCallback:
		var err error
		c.Int, err = strconv.ParseInt(s.words["model"], 10, 64)
		return err
	case plugins.Preconnect:
		return &plugins.Error{Callback: plugins.Preconnect, File: s.file, Line: 2, Msg: s.words["deny"]}
	case plugins.Close:
		if s.opened == 0 {
			return &plugins.Error{Callback: plugins.Close, File: s.file, Line: 2, Msg: "closed twice"}
		}
		s.rt.opened--
		s.opened--
	case plugins.GetSize:
		var err error
		c.Int, err = strconv.ParseInt(cmp.Or(s.words["size@"+c.Open.Export], s.words["size"]), 10, 64)
		return err
	case plugins.Pread:
		if s.opened == 0 {
			return &plugins.Error{Callback: plugins.Pread, File: s.file, Line: 2, Msg: "read after close"}
		}
		if c.Length == 1 && s.rt.block != nil {
			s.rt.mu.Unlock()
			select {
			case <-s.rt.block:
			case <-ctx.Done():
			}
			s.rt.mu.Lock()
		}
		c.Data = []byte(strings.Repeat(s.words["fill"], int(c.Length)))
	case plugins.Pwrite:
		s.rt.last = slices.Clone(c.Data)
		s.env.Print(c, fmt.Sprintf("wrote %d", len(c.Data)))
		return &plugins.Error{Errno: 28, Callback: plugins.Pwrite, File: s.file, Line: 7, Msg: "disk full"}
	case plugins.Cleanup:
		return ctx.Err()
	case plugins.BeforeReload:
		c.State = s.words["state"]
	case plugins.AfterReload:
		s.rt.states = append(s.rt.states, c.State.(string))
	}
	return nil
}

// A rig is a host over a script file that a test can change.
type rig struct {
	*Host
	t    *testing.T
	rt   *fakeRuntime
	log  *recordings.Log
	path string
}

// newRig hosts a script. The host is closed with the test, and must have left nothing.
func newRig(t *testing.T, script string, o Options) *rig {
	t.Helper()
	r := &rig{t: t, rt: &fakeRuntime{}, log: recordings.NewLog(1 << 20), path: filepath.Join(t.TempDir(), "disk.fake")}
	r.save(script)
	o.Path, o.Runtimes, o.Log = r.path, []plugins.Runtime{r.rt}, r.log
	h, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if opened, scripts := r.rt.counts(); opened != 0 || scripts != 0 {
			t.Errorf("left over: %d handles, %d scripts", opened, scripts)
		}
		if r.rt.early > 0 {
			t.Errorf("%d scripts were closed before their handles", r.rt.early)
		}
	})
	return r
}

func (r *rig) save(script string) {
	r.t.Helper()
	if err := os.WriteFile(r.path, []byte(script), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) open() plugins.Handle {
	r.t.Helper()
	d, err := r.Open(r.t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := d.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return d
}

// wantRead reads two bytes through d and compares the first.
func (r *rig) wantRead(d plugins.Handle, want string) {
	r.t.Helper()
	req := plugins.Request{Op: plugins.OpRead, Length: 2, Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: 5}}
	err := d.Do(r.t.Context(), &req)
	plugins.Finish(d, &req, err)
	if err != nil || string(req.Data[:1]) != want {
		r.t.Errorf("read %q, %v, want %q", req.Data, err, want)
	}
}

// events returns the events of a kind and their texts.
func (r *rig) events(kind recordings.Kind) (out []recordings.Event, texts []string) {
	buf := make([]recordings.Event, 256)
	for next := uint64(0); ; {
		n := r.log.Read(buf, next)
		if n == 0 {
			return out, texts
		}
		for i := range buf[:n] {
			if e := buf[i]; e.Kind == kind {
				text, _ := r.log.Text(&e)
				out, texts = append(out, e), append(texts, text)
			}
		}
		next = buf[n-1].Seq + 1
	}
}

// waitReloads waits until there were n outcomes of reloads, the first load included.
func (r *rig) waitReloads(n int) (e recordings.Event, text string) {
	r.t.Helper()
	for {
		_, next := r.log.Bounds()
		if events, texts := r.events(recordings.Reload); len(events) >= n {
			return events[n-1], texts[n-1]
		}
		if err := r.log.Wait(r.t.Context(), next); err != nil {
			r.t.Fatalf("waiting for reload %d: %v", n, err)
		}
	}
}
