package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"workbench/plugins"
	"workbench/recordings"
)

// pollEvery is how often the files are looked at when nothing was reported:
// file systems on a network report nothing, and the number of watches is limited.
const pollEvery = 2 * time.Second

// Run reloads the script whenever it is saved, if the options say so, and
// whenever [Host.Kick] asks. It returns when ctx ends. The outcome of each reload
// is in the status and in the log. Run must not run twice at a time.
func (h *Host) Run(ctx context.Context) error {
	w := newWatch(h.opts.Watch)
	defer w.close()
	if w.err != nil {
		h.opts.Log.Append(recordings.Event{Kind: recordings.Output, Times: plugins.Times{Received: plugins.Now()}},
			fmt.Sprintf("the system reports no file changes (%v): looking every %s", w.err, pollEvery), nil)
	}
	h.mu.Lock()
	first := h.current
	h.mu.Unlock()
	w.follow(h.files(nil))
	w.seen[first.source.Path] = first.source.Hash()
	settled := time.NewTimer(0) // a save before Run began counts too
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.kick:
			w.rescan()
			w.follow(h.files(h.Reload(ctx)))
		case event := <-w.events:
			if w.concerns(event.Name) {
				settled.Reset(h.opts.Settle)
			}
		case <-w.errors: // an overflow: some change was not reported
			settled.Reset(h.opts.Settle)
		case <-w.poll:
			if w.touched() {
				settled.Reset(h.opts.Settle)
			}
		case <-settled.C:
			if !h.opts.Watch || !w.rescan() {
				continue
			}
			src, err := plugins.ReadSource(h.opts.Path)
			if err == nil {
				w.seen[src.Path] = src.Hash()
			}
			w.follow(h.files(h.reload(ctx, src, err)))
		}
	}
}

// Kick asks Run for a reload, also of an unchanged script, and returns at once.
func (h *Host) Kick() {
	select {
	case h.kick <- struct{}{}:
	default: // one is asked for already
	}
}

// files returns what must be watched: what the serving generation was loaded
// from and, if a reload was refused, the file that is to blame.
func (h *Host) files(refused error) []string {
	h.mu.Lock()
	files := slices.Clone(h.current.instance.Files())
	h.mu.Unlock()
	files = append(files, h.opts.Path)
	var script *plugins.Error
	if errors.As(refused, &script) && script.File != "" {
		files = append(files, script.File)
	}
	return files
}

// A watch knows whether some files have changed. Editors save by writing in
// place, by renaming a new file over the old one, or by moving the old one away
// first; so it watches the folders, and compares contents.
type watch struct {
	fs     *fsnotify.Watcher // nil when off
	err    error             // why the system reports nothing
	events <-chan fsnotify.Event
	errors <-chan error
	poll   <-chan time.Time
	ticker *time.Ticker

	dirs  map[string]bool     // folders watched
	stats map[string]stamp    // of each file followed, at the last look
	seen  map[string][32]byte // hash of each file followed, at the last reload
}

// A stamp changes when a file does, nearly always.
type stamp struct {
	modified time.Time
	size     int64
	exists   bool
}

func newWatch(on bool) *watch {
	w := &watch{dirs: map[string]bool{}, stats: map[string]stamp{}, seen: map[string][32]byte{}}
	if !on {
		return w
	}
	w.ticker = time.NewTicker(pollEvery)
	w.poll = w.ticker.C
	if w.fs, w.err = fsnotify.NewWatcher(); w.err == nil {
		w.events, w.errors = w.fs.Events, w.fs.Errors
	}
	return w
}

func (w *watch) close() {
	if w.ticker != nil {
		w.ticker.Stop()
	}
	if w.fs != nil {
		// It only gives back a descriptor; there is nobody to tell if it cannot.
		_ = w.fs.Close()
	}
}

// follow watches files, and no longer those of before.
func (w *watch) follow(files []string) {
	stats, seen := map[string]stamp{}, map[string][32]byte{}
	for _, f := range files {
		if hash, ok := w.seen[f]; ok {
			stats[f], seen[f] = w.stats[f], hash
		} else {
			stats[f], seen[f] = look(f), hashFile(f)
		}
		w.watchDir(filepath.Dir(f))
		if target, err := filepath.EvalSymlinks(f); err == nil {
			w.watchDir(filepath.Dir(target)) // a link: what it leads to changes elsewhere
		}
	}
	w.stats, w.seen = stats, seen
}

// watchDir has the system report what happens in a folder. Where it cannot,
// polling finds the changes later.
func (w *watch) watchDir(dir string) {
	if w.fs == nil || w.dirs[dir] {
		return
	}
	if err := w.fs.Add(dir); err == nil {
		w.dirs[dir] = true
	}
}

// concerns reports whether something that happened to the file called name may
// have changed a file that is followed.
func (w *watch) concerns(name string) bool {
	for f := range w.seen {
		if filepath.Base(f) == filepath.Base(name) {
			return true
		}
		if target, err := filepath.EvalSymlinks(f); err == nil && filepath.Base(target) == filepath.Base(name) {
			return true
		}
		// A folder on the way may be a link that was turned to another folder.
		if info, err := os.Lstat(name); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// touched reports whether a file looks other than at the last look.
func (w *watch) touched() bool {
	changed := false
	for f, before := range w.stats {
		if now := look(f); now != before {
			w.stats[f] = now
			changed = true
		}
	}
	return changed
}

// rescan reads the files and reports whether one has other contents than at the
// last reload. A file that is gone is not a change: an editor may be in the
// middle of saving, and there is nothing to load.
func (w *watch) rescan() bool {
	changed := false
	for f, before := range w.seen {
		now := hashFile(f)
		if now == ([32]byte{}) || now == before {
			continue
		}
		w.seen[f] = now
		changed = true
	}
	return changed
}

func look(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size(), true}
}

// hashFile returns the hash of a file's contents, zero if it cannot be read.
func hashFile(path string) [32]byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(text)
}
