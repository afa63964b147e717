package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"workbench/plugins"
	"workbench/recordings"
)

// recordAuto has --record name the file itself, as -U - names a socket.
const recordAuto = "-"

// recordingExt ends the names of recordings.
const recordingExt = ".wbrec"

// completeRecord settles what is recorded, and where.
func (o *benchOptions) completeRecord(f *pflag.FlagSet) error {
	if f.Changed("record") && o.record == "" {
		return usageError{fmt.Errorf("--record: an empty path")}
	}
	if f.Changed("payload") && o.record == "" {
		return usageError{fmt.Errorf("--payload needs --record")}
	}
	var err error
	if o.keep, err = recordings.ParsePolicy(o.payload); err != nil {
		return usageError{fmt.Errorf("--payload: %w", err)}
	}
	return nil
}

// startRecording begins to record if that was asked for: everything since the
// script was loaded.
func (b *bench) startRecording() error {
	if b.o.record == "" {
		return nil
	}
	return b.record(b.o.record, b.o.keep)
}

// record begins to record, from the oldest event on that the log still has.
func (b *bench) record(path string, keep recordings.Policy) error {
	created := time.Now()
	if path == recordAuto {
		var err error
		if path, err = newRecordingPath(b.o.script, created); err != nil {
			return err
		}
	}
	b.mu.Lock()
	generations, exports := slices.Clone(b.generations), slices.Clone(b.exports)
	b.mu.Unlock()
	r, err := recordings.Create(path, recordings.Header{
		Created: created, Version: versionNumber(), Script: b.o.script, Language: b.host.Status().Language,
		Params: b.o.params, ReadOnly: b.o.readOnly, Policy: keep, Generations: generations, Exports: exports,
	}, recordings.RecorderOptions{Log: b.log, Filter: b.o.filter})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recorder = r
	for _, g := range b.generations { // what came meanwhile
		if n := len(generations); n == 0 || g.Number > generations[n-1].Number {
			r.AddGeneration(g)
		}
	}
	for _, e := range b.exports {
		r.AddExport(e)
	}
	return nil
}

// What is kept for a recording that begins later.
const (
	keptGenerations = 16
	keptExports     = 64
)

// addGeneration is host.Options.Served.
func (b *bench) addGeneration(g recordings.Generation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.generations = append(b.generations, g)
	b.generations = b.generations[max(len(b.generations)-keptGenerations, 0):]
	if b.recorder != nil {
		b.recorder.AddGeneration(g)
	}
}

// addExport notes a disk that a client opened.
func (b *bench) addExport(name string, info plugins.Info) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := recordings.Export{Name: name, Info: info}
	if b.recorder != nil {
		b.recorder.AddExport(e)
	}
	known := slices.ContainsFunc(b.exports, func(e recordings.Export) bool { return e.Name == name })
	if !known && len(b.exports) < keptExports {
		b.exports = append(b.exports, e)
	}
}

// recording returns the recorder, nil if nothing is recorded.
func (b *bench) recording() *recordings.Recorder {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.recorder
}

// endRecording writes what there is still to write.
func (b *bench) endRecording() error {
	r := b.recording()
	if r == nil {
		return nil
	}
	return r.Close()
}

// discardRecording removes the recording of a bench that never served.
func (b *bench) discardRecording() error {
	r := b.recording()
	if r == nil {
		return nil
	}
	path := r.Status().Path
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil // a pipe, or gone already
	}
	return os.Remove(path)
}

// summarizeRecording tells where the recording is and how it went. Beside a
// captive command it does so only if there is something to worry about.
func (b *bench) summarizeRecording(w io.Writer) {
	r := b.recording()
	if r == nil {
		return
	}
	s := r.Status()
	quiet := (b.o.run != "" || b.o.single) && !b.o.verbose
	if s.Err != nil || quiet && s.Waits.Count == 0 {
		return // what went wrong is told as the error of the program
	}
	waits := ""
	if s.Waits.Count > 0 {
		waits = fmt.Sprintf("; requests waited for it: %s", s.Waits)
	}
	fmt.Fprintf(w, "workbench: recorded %s in %s (%s)%s\n", plural(int(s.Events), "event"), s.Path, plural(int(s.Bytes), "byte"), waits)
}

// recordingsFolder returns the folder for recordings, which need not be there.
func recordingsFolder() (string, error) {
	state, err := stateFolder()
	if err != nil {
		return "", fmt.Errorf("no folder for recordings: %w", err)
	}
	return filepath.Join(state, "workbench", "recordings"), nil
}

// newRecordingPath returns a path that is free, named after the script and the
// time, in the folder for recordings, which it makes.
func newRecordingPath(script string, now time.Time) (string, error) {
	dir, err := recordingsFolder()
	if err != nil {
		return "", fmt.Errorf("--record: %w; name a file: --record=FILE", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("--record: %s: cannot make the folder for recordings: %w; name a file: --record=FILE", dir, cause(err))
	}
	name := strings.TrimSuffix(filepath.Base(script), filepath.Ext(script)) + now.Format("-20060102-150405")
	path := filepath.Join(dir, name+recordingExt)
	for i := 2; ; i++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", name, i, recordingExt))
	}
}

// stateFolder returns the folder in which programs keep what they want to find again.
func stateFolder() (string, error) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) { // as the standard has it
		return state, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state"), nil
}
