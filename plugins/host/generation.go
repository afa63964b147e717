package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"workbench/plugins"
	"workbench/recordings"
)

// A generation is one instance of the script.
type generation struct {
	number   uint32
	language string
	source   plugins.Source
	files    files
	instance *plugins.Instance // nil if it could not be started
	again    uint32            // the number of the generation that it is once more; 0 = it is new

	ending sync.Once
}

// close ends the script, unless somebody has already. Every handle on it is closed.
func (g *generation) close(ctx context.Context) (err error) {
	g.ending.Do(func() { err = g.instance.Close(ctx) })
	return err
}

// needed reports whether g serves somebody, or anybody who comes, or has handles
// open that a swap is about to close.
func (h *Host) needed(g *generation) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g == h.current || h.leaving != nil && slices.Contains(h.leaving.left, g) {
		return true
	}
	for d := range h.handles {
		if d.generation == g {
			return true
		}
	}
	return false
}

// closing returns the context of a script that must end, also when ctx has ended.
func (h *Host) closing(ctx context.Context) (context.Context, context.CancelFunc) {
	return limit(context.WithoutCancel(ctx), h.opts.Drain, "the script did not end in %s")
}

// closeGeneration ends a generation that nobody needs any more.
func (h *Host) closeGeneration(ctx context.Context, g *generation) {
	ctx, cancel := h.closing(ctx)
	defer cancel()
	h.complain(g, g.close(ctx))
}

// complain logs an error of closing something of g, which is nobody's request.
func (h *Host) complain(g *generation, err error) {
	if err != nil {
		h.opts.Log.Append(recordings.Event{
			Kind: recordings.Output, Generation: g.number, Errno: uint16(plugins.ErrnoOf(err)),
			Times: plugins.Times{Received: plugins.Now()},
		}, fmt.Sprintf("closing generation %d: %v", g.number, err), nil)
	}
}

// files are what a generation was made of. A script may load more at any time.
type files struct {
	kept map[string]string       // what to take for the files instead of what stands in them
	may  func(path string) error // Options.MayLoad

	mu     sync.Mutex
	texts  map[string]string            // what was taken for them; guarded by mu
	hashes map[string][sha256.Size]byte // what stood in them, zero for one that was not there; guarded by mu
}

// add notes a file and what stood in it when it was read; exists tells an empty
// one from none.
func (f *files) add(path, text string, exists bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hashes == nil {
		f.hashes, f.texts = map[string][sha256.Size]byte{}, map[string]string{}
	}
	f.hashes[path] = [sha256.Size]byte{}
	if exists {
		f.hashes[path], f.texts[path] = sha256.Sum256([]byte(text)), text
	}
}

// read is plugins.Env.Load. A file that is missing belongs to the script too:
// once it is there, the script may work.
func (f *files) read(path string) ([]byte, error) {
	if f.may != nil {
		if err := f.may(path); err != nil {
			return nil, err
		}
	}
	text, err := os.ReadFile(path)
	f.add(path, string(text), err == nil)
	if kept, ok := f.kept[path]; ok {
		f.mu.Lock()
		f.texts[path] = kept
		f.mu.Unlock()
		return []byte(kept), nil
	}
	return text, err
}

// copy returns what stood in the files.
func (f *files) copy() map[string][sha256.Size]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.hashes)
}

// copyTexts returns what the generation was made of.
func (f *files) copyTexts() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.texts)
}

// tellServed tells who wants to know what g was made of.
func (h *Host) tellServed(g *generation) {
	if h.opts.Served != nil {
		h.opts.Served(recordings.Generation{Number: g.number, Text: g.source.Text, Files: g.files.copyTexts()})
	}
}

// build compiles and starts src as a generation of its own. On an error the
// generation is what was tried, without an instance.
func (h *Host) build(ctx context.Context, src plugins.Source, number uint32) (*generation, error) {
	g := &generation{number: number, source: src}
	g.files.add(src.Path, src.Text, true)
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
	g.files.may = h.opts.MayLoad
	env := plugins.Env{
		Params:          h.opts.Params,
		ReadOnly:        h.opts.ReadOnly,
		Load:            g.files.read,
		Persist:         h.opts.Persist,
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
