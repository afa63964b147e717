package host

import (
	"context"
	"crypto/sha256"
	"maps"
	"os"
	"sync"

	"workbench/plugins"
)

// A generation is one instance of the script.
type generation struct {
	number   uint32
	language string
	source   plugins.Source
	files    files
	instance *plugins.Instance // nil if it could not be started
}

// files are what a generation was made of. A script may load more at any time.
type files struct {
	mu     sync.Mutex
	hashes map[string][sha256.Size]byte // by path; guarded by mu
}

// add notes a file, and what stood in it when it was read; nothing, if text is nil.
func (f *files) add(path string, text []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hashes == nil {
		f.hashes = map[string][sha256.Size]byte{}
	}
	f.hashes[path] = [sha256.Size]byte{}
	if text != nil {
		f.hashes[path] = sha256.Sum256(text)
	}
}

// read is plugins.Env.Load. A file that is missing belongs to the script too:
// once it is there, the script may work.
func (f *files) read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	f.add(path, text)
	return text, err
}

// copy returns what is known of the files.
func (f *files) copy() map[string][sha256.Size]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.hashes)
}

// build compiles and starts src as a generation of its own. On an error the
// generation is what was tried, without an instance.
func (h *Host) build(ctx context.Context, src plugins.Source, number uint32) (*generation, error) {
	g := &generation{number: number, source: src}
	g.files.add(src.Path, []byte(src.Text))
	return g, h.start(ctx, g)
}

// start compiles and starts g.
func (h *Host) start(ctx context.Context, g *generation) error {
	rt, err := plugins.FindRuntime(h.opts.Runtimes, h.opts.Language, g.source)
	if err != nil {
		return err
	}
	program, err := rt.Compile(g.source)
	if err != nil {
		return err
	}
	env := plugins.Env{
		Params:          h.opts.Params,
		ReadOnly:        h.opts.ReadOnly,
		Load:            g.files.read,
		Shutdown:        h.opts.Shutdown,
		Shelf:           &h.shelf,
		CallbackTimeout: h.opts.CallbackTimeout,
		MemoryLimit:     h.opts.MemoryLimit,
		Held:            &h.held,
		Version:         h.opts.Version,
	}
	env.Print, env.Debug, env.Observe = h.observe(g.number)
	g.language = rt.Name()
	g.instance, err = plugins.Start(ctx, program, env)
	return err
}
