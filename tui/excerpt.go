package tui

import (
	"workbench/plugins"
	"workbench/recordings"
)

// A shownRecording is what the screen shows, as a recording: without whole
// payloads, but for those that a preview has room for.
type shownRecording struct {
	Events
	header recordings.Header
}

// Header implements recordings.Recording.
func (r *shownRecording) Header() recordings.Header { return r.header }

// Payload implements recordings.Recording.
func (r *shownRecording) Payload(e *recordings.Event) ([]byte, bool, error) {
	data, ok := r.Data(e)
	return data, ok && len(data) > 0 && uint64(len(data)) == e.Length, nil
}

// recording returns what is shown as a recording.
func (a *app) recording() recordings.Recording {
	if r, ok := a.scene.events.(recordings.Recording); ok {
		return r
	}
	s := &a.scene.status
	h := recordings.Header{
		Created: a.scene.wall(a.scene.began), Script: s.Path, Language: s.Language, Params: s.Params,
		Policy:      recordings.PayloadHash,
		Generations: []recordings.Generation{{Number: s.Generation, Text: s.Source, Files: map[string]string{s.Path: s.Source}}},
	}
	for i := range a.scene.connections {
		c := &a.scene.connections[i]
		if c.size > 0 && c.refused == "" {
			h.Exports = append(h.Exports, recordings.Export{Name: c.export, Info: plugins.Info{Size: c.size}})
		}
	}
	return &shownRecording{a.scene.events, h}
}

// An excerpt is some requests of a recording, as one of its own: the disks that
// their clients had open, and then they.
type excerpt struct {
	recordings.Recording
	opened []recordings.Event
	names  []string // of the exports that were opened
	seqs   []uint64 // of the requests, ascending
	only   recordings.Event
}

// excerpt returns the requests with these numbers.
func (a *app) excerpt(seqs []uint64) *excerpt {
	x := &excerpt{Recording: a.recording(), seqs: seqs}
	for i := range a.scene.connections {
		c := &a.scene.connections[i]
		if c.size == 0 || c.refused != "" {
			continue
		}
		x.opened = append(x.opened, recordings.Event{
			Seq: uint64(len(x.opened)), Kind: recordings.Opened, Front: c.front, Conn: c.number, Length: c.size,
			Times: plugins.Times{Received: c.since},
		})
		x.names = append(x.names, c.export)
	}
	x.only, _ = readRequest(&a.scene, seqs[0])
	return x
}

// Bounds implements recordings.Source.
func (x *excerpt) Bounds() (first, next uint64) { return 0, uint64(len(x.opened) + len(x.seqs)) }

// Read implements recordings.Source. What the log has dropped meanwhile is left out.
func (x *excerpt) Read(dst []recordings.Event, from uint64) int {
	n := 0
	for at := int(from); n < len(dst) && at < len(x.opened)+len(x.seqs); at++ {
		if at < len(x.opened) {
			dst[n] = x.opened[at]
			n++
			continue
		}
		seq := x.seqs[at-len(x.opened)]
		if x.Recording.Read(dst[n:n+1], seq) == 1 && dst[n].Seq == seq {
			dst[n].Seq = uint64(at)
			n++
		}
	}
	return n
}

// restore gives a request the number that it has in the recording.
func (x *excerpt) restore(e *recordings.Event) {
	if at := int(e.Seq) - len(x.opened); at >= 0 && at < len(x.seqs) {
		e.Seq = x.seqs[at]
	}
}

// Text implements recordings.Source.
func (x *excerpt) Text(e *recordings.Event) (string, bool) {
	if at := int(e.Seq); at < len(x.opened) {
		return x.names[at], true
	}
	was := *e
	x.restore(&was)
	return x.Recording.Text(&was)
}

// Data implements recordings.Source.
func (x *excerpt) Data(e *recordings.Event) ([]byte, bool) {
	was := *e
	x.restore(&was)
	return x.Recording.Data(&was)
}

// Payload implements recordings.Recording.
func (x *excerpt) Payload(e *recordings.Event) ([]byte, bool, error) {
	was := *e
	x.restore(&was)
	return x.Recording.Payload(&was)
}

// Stats implements recordings.Source: those of the whole recording would say
// nothing about some of its requests.
func (x *excerpt) Stats() []recordings.CallbackStats { return nil }

// Header implements recordings.Recording. The requests are from several
// generations as it were from one.
func (x *excerpt) Header() recordings.Header {
	h := x.Recording.Header()
	h.Generations, h.Filter, h.ReadOnly = nil, "", false
	return h
}
