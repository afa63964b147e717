package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"workbench/plugins"
	"workbench/recordings"
	"workbench/recordings/replay"
	"workbench/tui"
)

// recordingFolders returns where the screen looks for recordings: the working
// directory, and the folder for those that were not given a name.
func recordingFolders() ([]string, error) {
	var folders []string
	here, err := os.Getwd()
	if err == nil {
		folders = append(folders, here)
	}
	state, serr := recordingsFolder()
	if serr == nil {
		folders = append(folders, state)
	}
	return folders, errors.Join(err, serr)
}

// screenRecorder is the tui.Recorder of a bench.
type screenRecorder struct{ *bench }

// Start implements tui.Recorder.
func (r screenRecorder) Start(path string, keep recordings.Policy) error {
	if path == "" {
		path = recordAuto
	}
	return r.record(path, keep)
}

// Stop implements tui.Recorder.
func (r screenRecorder) Stop() (recordings.RecorderStatus, error) {
	r.mu.Lock()
	recorder := r.recorder
	r.recorder = nil
	r.mu.Unlock()
	if recorder == nil {
		return recordings.RecorderStatus{}, errors.New("nothing is recorded")
	}
	err := recorder.Close()
	return recorder.Status(), err
}

// Status implements tui.Recorder.
func (r screenRecorder) Status() recordings.RecorderStatus {
	recorder := r.recording()
	if recorder == nil {
		return recordings.RecorderStatus{}
	}
	return recorder.Status()
}

// screenDifferences is how many differences the screen is given.
const screenDifferences = 1000

// replay is the tui.Replayer of a bench.
func (b *bench) replay(ctx context.Context, rec recordings.Recording, o tui.ReplayOptions) (*replay.Report, error) {
	if o.Live {
		report, err := replay.Run(ctx, rec, guests{b}, replay.Options{
			Speed: o.Speed, ReadOnly: !o.Writes, Progress: o.Progress, Limit: screenDifferences,
		})
		report.Callbacks = nil // those of the other clients would be among them
		return report, err
	}
	return replayFile(ctx, &replayOptions{
		script: b.o.script, params: b.o.params, language: b.o.language,
		readOnly: o.Reads, writes: o.Writes, speed: o.Speed, limit: screenDifferences,
		timeout: b.o.callbackTimeout, bytes: b.o.memoryLimit,
	}, rec, o.Progress)
}

// guests lets the screen in as clients of its own, which belong to no front end.
type guests struct{ *bench }

var (
	_ plugins.Backend  = guests{}
	_ plugins.Admitter = guests{}
)

// Admit implements plugins.Admitter.
func (g guests) Admit(ctx context.Context, p plugins.OpenParams) (leave func(), err error) {
	return g.host.Admit(ctx, p)
}

// Exports implements plugins.Backend.
func (g guests) Exports(ctx context.Context, p plugins.OpenParams) ([]plugins.Export, error) {
	return g.host.Exports(ctx, p)
}

// Open implements plugins.Backend. The log has the client as any other.
func (g guests) Open(ctx context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	d := &guest{trace: connLog{g.bench, plugins.NoFront}, conn: g.guests.Add(1)}
	name := fmt.Sprintf("the screen, as %s#%d", p.Front, p.Conn)
	p.Front, p.Conn = plugins.NoFront, d.conn
	d.trace.connect(d.conn, name)
	var err error
	if d.Handle, err = g.host.Open(ctx, p); err != nil {
		d.trace.disconnect(d.conn, err)
		return nil, err
	}
	d.trace.opened(d.conn, p.Export, d.Info())
	return d, nil
}

// A guest is a disk that the screen has open.
type guest struct {
	plugins.Handle
	trace connLog
	conn  uint32
}

var _ plugins.Finisher = (*guest)(nil)

// Do implements plugins.Handle.
func (d *guest) Do(ctx context.Context, r *plugins.Request) error {
	r.Origin.Front, r.Origin.Conn = plugins.NoFront, d.conn
	return d.Handle.Do(ctx, r)
}

// Finish implements plugins.Finisher.
func (d *guest) Finish(r *plugins.Request, err error) {
	if f, ok := d.Handle.(plugins.Finisher); ok {
		f.Finish(r, err)
	}
}

// Close implements plugins.Handle.
func (d *guest) Close() error {
	err := d.Handle.Close()
	d.trace.disconnect(d.conn, err)
	return err
}
