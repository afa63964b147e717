package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"workbench/plugins"
	"workbench/recordings"
)

// pollEvery is how often the files are looked at when nothing was reported:
// file systems on a network report nothing, and the number of watches is limited.
const pollEvery = 2 * time.Second

// emptyRest is how long a file is left alone that has become empty: editors that
// write in place truncate it first.
const emptyRest = time.Second

// Run reloads the script whenever it is saved, if the options say so, and
// whenever [Host.Kick] or one of its kind asks. It returns when ctx ends. The outcome of each reload
// is in the status and in the log. Run must not run twice at a time.
func (h *Host) Run(ctx context.Context) error {
	w := newWatch(h.opts.Watch)
	defer w.close()
	if w.err != nil {
		h.opts.Log.Append(recordings.Event{Kind: recordings.Output, Times: plugins.Times{Received: plugins.Now()}},
			fmt.Sprintf("the system reports no file changes (%v): looking every %s", w.err, pollEvery), nil)
	}
	w.follow(h.loaded())
	// The files may have changed after they were loaded and before they were
	// watched, now and after each reload; so they are looked at once more.
	settled := time.NewTimer(h.opts.Settle)
	defer settled.Stop()
	saved := false // some file looks other than before
	for {
		var reload func(context.Context) error
		select {
		case <-ctx.Done():
			return nil
		case reload = <-h.asked:
		case event := <-w.events:
			if w.concerns(event.Name) {
				settled.Reset(h.opts.Settle)
			}
		case <-w.errors: // an overflow: some change was not reported
			settled.Reset(h.opts.Settle)
		case <-w.poll:
			w.follow(h.loaded()) // a script may load files at any time
			if w.touched() {
				saved = true
				settled.Reset(h.opts.Settle)
			}
		case <-settled.C:
			saved = w.touched() || saved
			switch now, later := w.due(changed(h.loaded())); {
			case !h.opts.Watch:
			case later:
				settled.Reset(emptyRest)
			case now:
				reload = h.reloadAsTold
			default:
				if saved && w.complete() { // an editor may have moved one away to save it
					h.noteSaved()
				}
				saved = false
			}
		}
		if reload != nil {
			// Why it was refused, if it was, is in the status and in the log.
			_ = reload(ctx)
			w.follow(h.loaded())
			w.touched()
			saved = false
			settled.Reset(h.opts.Settle)
		}
	}
}

// noteSaved tells that the script was saved as it was, so that nobody waits for
// a reload.
func (h *Host) noteSaved() {
	h.mu.Lock()
	h.unchanged++
	h.mu.Unlock()
	h.opts.Log.Append(recordings.Event{Kind: recordings.Output, Times: plugins.Times{Received: plugins.Now()}},
		"the script was saved, and nothing in it has changed", nil)
}

// reloadAsTold reloads with the policy of the options.
func (h *Host) reloadAsTold(ctx context.Context) error { return h.ReloadAs(ctx, h.opts.Policy) }

// Kick asks Run for a reload, also of an unchanged script, and returns at once.
func (h *Host) Kick() { h.ask(h.reloadAsTold) }

// KickAs asks Run for ReloadAs, and returns at once.
func (h *Host) KickAs(policy Policy) {
	h.ask(func(ctx context.Context) error { return h.ReloadAs(ctx, policy) })
}

// KickUndo asks Run for Undo, and returns at once.
func (h *Host) KickUndo() { h.ask(h.Undo) }

// ask leaves Run something to do, unless something is left to do already.
func (h *Host) ask(reload func(context.Context) error) {
	select {
	case h.asked <- reload:
	default:
	}
}

// loaded returns the files of the script and what stood in them when they were
// read last: those of the generation that was tried last, and those of the one
// that serves.
func (h *Host) loaded() map[string][sha256.Size]byte {
	h.mu.Lock()
	serving, tried := h.current, h.tried
	h.mu.Unlock()
	all := serving.files.copy()
	if tried != serving {
		maps.Copy(all, tried.files.copy())
	}
	return all
}

// changed reports whether a file has other contents than were loaded, and whether
// one of those is empty. A file that is gone is not a change: an editor may be in
// the middle of saving, and there is nothing to load.
func changed(loaded map[string][sha256.Size]byte) (yes, empty bool) {
	for path, was := range loaded {
		if text, err := os.ReadFile(path); err == nil && sha256.Sum256(text) != was {
			yes, empty = true, empty || len(text) == 0
		}
	}
	return yes, empty
}

// A watch tells when to look at some files. Editors save by writing in place,
// by renaming a new file over the old one, or by moving the old one away first;
// so it watches the folders.
type watch struct {
	fs     *fsnotify.Watcher // nil when off
	err    error             // why the system reports nothing
	events <-chan fsnotify.Event
	errors <-chan error
	poll   <-chan time.Time
	ticker *time.Ticker

	rested bool // the last look found an empty file, for the first time

	dirs  map[string]bool  // folders watched
	stats map[string]stamp // of each file followed, at the last look
}

// due says whether to reload what [changed] was asked about now, or to look once
// more later: of a file that has become empty somebody is perhaps about to write it.
func (w *watch) due(yes, empty bool) (now, later bool) {
	later = yes && empty && !w.rested
	w.rested = later
	return yes && !later, later
}

// A stamp changes when a file does, nearly always.
type stamp struct {
	modified time.Time
	size     int64
	exists   bool
}

func newWatch(on bool) *watch {
	w := &watch{dirs: map[string]bool{}}
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

// follow watches the files named by the keys of loaded, and no longer those of before.
func (w *watch) follow(loaded map[string][sha256.Size]byte) {
	stats := map[string]stamp{}
	for f := range loaded {
		before, followed := w.stats[f]
		if !followed {
			before = look(f)
		}
		stats[f] = before
		w.watchDir(filepath.Dir(f))
		if target, err := filepath.EvalSymlinks(f); err == nil {
			w.watchDir(filepath.Dir(target)) // a link: what it leads to changes elsewhere
		}
	}
	w.stats = stats
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
	for f := range w.stats {
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

// complete reports whether all files were there at the last look.
func (w *watch) complete() bool {
	for _, s := range w.stats {
		if !s.exists {
			return false
		}
	}
	return true
}

func look(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size(), true}
}
