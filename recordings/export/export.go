package export

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// A Format is a kind of file. The zero Format is not valid.
type Format uint8

// The formats.
const (
	JSONL Format = iota + 1
	CSV
	Pcapng
	Fio
	Log
	Chrome
)

// formats says for each Format its name, the extensions that mean it, whether it
// wants moments in order of time, and how to write it.
var formats = [...]struct {
	name       string
	extensions []string
	timed      bool
	encoder    func(*bufio.Writer, recordings.Recording, Options) encoder
}{
	JSONL:  {"jsonl", []string{".jsonl", ".ndjson"}, false, newJSONL},
	CSV:    {"csv", []string{".csv"}, false, newCSV},
	Pcapng: {"pcapng", []string{".pcapng"}, true, newPcapng},
	Fio:    {"fio", []string{".fio", ".iolog"}, true, newFio},
	Log:    {"log", []string{".log"}, true, newLog},
	Chrome: {"chrome", []string{".json", ".trace"}, true, newChrome},
}

// String returns the name of f, which [ParseFormat] knows.
func (f Format) String() string {
	if f == 0 || int(f) >= len(formats) {
		return fmt.Sprintf("format %d", uint8(f))
	}
	return formats[f].name
}

// Names returns the names of all formats.
func Names() []string {
	var names []string
	for _, f := range formats[1:] {
		names = append(names, f.name)
	}
	return names
}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, bool) {
	i := slices.Index(Names(), name)
	return Format(i + 1), i >= 0
}

// FormatOf returns the format that the extension of path means.
func FormatOf(path string) (Format, bool) {
	ext := strings.ToLower(filepath.Ext(path))
	for i, f := range formats {
		if slices.Contains(f.extensions, ext) {
			return Format(i), true
		}
	}
	return 0, false
}

// Options change what is written. The zero Options write everything.
type Options struct {
	// Filter picks events; nil picks all. Its times count back from the newest event.
	Filter *recordings.Filter

	// CommandFlags writes the flags of requests into a capture. Wireshark before
	// 4.6 takes a request with a flag for something else than NBD, which is why
	// they are left to the comment of the packet otherwise.
	CommandFlags bool
}

// An encoder writes one format. It sees every event, since it may have to count
// connections, but writes only what is picked.
type encoder interface {
	encode(*moment) error
	close() error // writes what belongs to the end
}

// A moment is the beginning or the end of an event. Only requests have an end.
type moment struct {
	recordings.Event
	at     plugins.Stamp
	end    bool
	picked bool // the filter picks it
}

// batch is how many events are read at a time.
const batch = 512

// Write writes what o picks of r to w. It stops when ctx ends, with its cause.
// Events that cannot be read are left out: see [recordings.File.Missing].
func Write(ctx context.Context, w io.Writer, r recordings.Recording, f Format, o Options) error {
	return writeWindow(ctx, w, r, f, o, window)
}

// writeWindow is Write, with so many moments held back to be put in order.
func writeWindow(ctx context.Context, w io.Writer, r recordings.Recording, f Format, o Options, window int) error {
	if f == 0 || int(f) >= len(formats) {
		return fmt.Errorf("export: there is no %s", f)
	}
	if o.Filter != nil && o.Filter.Needs().Time {
		o.Filter = o.Filter.At(newest(r))
	}
	out := bufio.NewWriterSize(w, 64<<10)
	enc := formats[f].encoder(out, r, o)
	feed, finish := enc.encode, func() error { return nil }
	if formats[f].timed {
		s := &sorter{next: enc.encode, size: window}
		feed, finish = s.add, s.flush
	}
	if err := each(ctx, r, o.Filter, feed, formats[f].timed); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	if err := enc.close(); err != nil {
		return err
	}
	return out.Flush()
}

// each feeds all events of r; requests twice, if ends is set.
func each(ctx context.Context, r recordings.Recording, filter *recordings.Filter, feed func(*moment) error, ends bool) error {
	events := make([]recordings.Event, batch)
	first, next := r.Bounds()
	for first < next {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := r.Read(events, first)
		if n == 0 {
			return nil // the rest cannot be read; a File says so
		}
		for i := range events[:n] {
			m := moment{Event: events[i], at: events[i].Received}
			m.picked = filter == nil || filter.Match(&events[i], r)
			if err := feed(&m); err != nil {
				return err
			}
			if ends && m.Kind == recordings.Request {
				m.at, m.end = m.ended(), true
				if err := feed(&m); err != nil {
					return err
				}
			}
		}
		first = events[n-1].Seq + 1
	}
	return nil
}

// ended returns when a request was over, also if it was never answered. (A Stamp
// of a recording is below zero: it was before this program started.)
func (m *moment) ended() plugins.Stamp { return cmp.Or(m.Replied, m.Done, m.Received) }

// newest returns the time of the newest event.
func newest(r recordings.Source) plugins.Stamp {
	events := make([]recordings.Event, batch)
	first, next := r.Bounds()
	from := first
	if next-first > batch {
		from = next - batch
	}
	n := r.Read(events, from)
	if n == 0 {
		return plugins.Now()
	}
	latest := events[0].Received
	for i := range events[:n] { // the last one need not be it: they stand in order of their ends
		latest = max(latest, events[i].Received)
	}
	return latest
}

// textOf returns the text of e, or says that it is gone.
func textOf(r recordings.Recording, e *recordings.Event) string {
	text, ok := r.Text(e)
	if !ok {
		return "(the text is gone)"
	}
	return text
}

func (m *moment) isRequest() bool { return m.Kind == recordings.Request }

// A conn names a connection.
type conn struct {
	front  plugins.Front
	number uint32
}

func (m *moment) conn() conn { return conn{m.Front, m.Conn} }
