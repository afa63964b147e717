package tui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// recordingExt ends the names of recordings.
const recordingExt = ".wbrec"

// What is looked at for the list of recordings, so that it never takes long: the
// newest files, and so many events of those that do not say what they have.
const (
	keptFiles   = 200
	countedMost = 1 << 20
)

// A shelved is a recording in a folder.
type shelved struct {
	recordings.Summary
	changed time.Time
	err     error // why it cannot be opened
}

// scanned is what was found in the folders.
type scanned struct {
	files []shelved
	more  int // older ones that were left out
	err   error
}

// scan looks for recordings, beside the model, when their panel is seen and what
// it has may have changed.
func (a *app) scan() tea.Cmd {
	p := a.library
	if !p.stale || p.scanning || !a.sees(recordingsPanel) {
		return nil
	}
	p.stale, p.scanning = false, true
	folders := slices.Clone(a.options.Folders)
	cmd, _ := a.work(func(ctx context.Context) tea.Msg { return scanFolders(ctx, folders) })
	return safely(cmd)
}

// sees reports whether a panel is on the screen.
func (a *app) sees(panel int) bool {
	return slices.ContainsFunc(a.areas(), func(r area) bool { return !r.detail && r.shown == panel })
}

// scanFolders returns the recordings in folders, the newest first.
func scanFolders(ctx context.Context, folders []string) scanned {
	var found scanned
	seen := map[string]bool{}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil && !os.IsNotExist(err) {
			found.err = err
		}
		for _, entry := range entries {
			path := filepath.Join(folder, entry.Name())
			if !strings.HasSuffix(path, recordingExt) || seen[path] {
				continue
			}
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() {
				continue // gone meanwhile, or no file
			}
			seen[path] = true
			found.files = append(found.files, shelved{Summary: recordings.Summary{Path: path, Size: info.Size()}, changed: info.ModTime()})
		}
	}
	slices.SortStableFunc(found.files, func(a, b shelved) int { return b.changed.Compare(a.changed) })
	if n := len(found.files); n > keptFiles {
		found.files, found.more = found.files[:keptFiles], n-keptFiles
	}
	budget := uint64(countedMost)
	for i := range found.files {
		f := &found.files[i]
		size := f.Size
		if f.Summary, f.err = recordings.Summarize(ctx, f.Path, budget); f.err != nil {
			f.Size = size
		}
		if f.Missing != "" && f.Counted {
			budget -= min(budget, f.Events)
		}
	}
	if ctx.Err() != nil {
		found.err = context.Cause(ctx)
	}
	return found
}
