package export

import (
	"bufio"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// A jsonl writes JSON lines, as the headless lines with --json are.
type jsonl struct {
	w    *bufio.Writer
	r    recordings.Recording
	line []byte
}

func newJSONL(w *bufio.Writer, r recordings.Recording, _ Options) encoder { return &jsonl{w: w, r: r} }

func (j *jsonl) encode(m *moment) error {
	if !m.picked {
		return nil
	}
	var err error
	if j.line, err = recordings.AppendJSON(j.line[:0], &m.Event, textOf(j.r, &m.Event)); err != nil {
		return err
	}
	j.line = append(j.line, '\n')
	_, err = j.w.Write(j.line)
	return err
}

func (j *jsonl) close() error { return nil }

// columns are those of a CSV file, named as in JSON lines. A column that means
// nothing for an event is empty.
var columns = [...]string{"seq", "time", "kind", "from", "conn", "cookie", "op", "callback", "offset", "length",
	"flags", "fate", "rule", "duration_ns", "in_callback_ns", "generation", "result", "text", "pid", "program"}

// A table writes CSV: a header, quotes as RFC 4180 has them, and line ends of Unix.
type table struct {
	w    *csv.Writer
	r    recordings.Recording
	head bool // the header is written
}

func newCSV(w *bufio.Writer, r recordings.Recording, _ Options) encoder {
	return &table{w: csv.NewWriter(w), r: r}
}

func (t *table) header() error {
	if t.head {
		return nil
	}
	t.head = true
	return t.w.Write(columns[:])
}

func (t *table) encode(m *moment) error {
	if err := t.header(); err != nil || !m.picked {
		return err
	}
	e := &m.Event
	row := [len(columns)]string{
		0: number(e.Seq),
		1: e.Received.Time().Format(time.RFC3339Nano),
		2: e.Kind.String(),
	}
	if e.Front != plugins.NoFront {
		row[3] = e.Front.String()
	}
	if e.Conn != 0 {
		row[4] = number(uint64(e.Conn))
	}
	if e.Op != 0 {
		row[5], row[6], row[8], row[9] = number(e.Cookie), e.Op.String(), number(e.Offset), number(e.Length)
	} else if e.Kind == recordings.Opened {
		row[9] = number(e.Length)
	}
	if e.Callback != plugins.NoCallback {
		row[7] = e.Callback.String()
	}
	if e.Flags != 0 {
		row[10] = e.Flags.String()
	}
	if e.Fate != 0 {
		row[11] = e.Fate.String()
	}
	if e.Rule != 0 {
		row[12] = number(uint64(e.Rule))
	}
	if e.Kind == recordings.Request || e.Kind == recordings.Callback || e.Kind == recordings.Reload {
		row[13], row[14], row[16] = number(uint64(max(e.Duration(), 0))), number(uint64(e.InCallback)), "ok"
	}
	if e.Generation != 0 {
		row[15] = number(uint64(e.Generation))
	}
	if e.Failed() {
		row[16] = plugins.ErrnoName(e.Err())
	}
	row[17] = strings.ToValidUTF8(textOf(t.r, e), "\uFFFD")
	if e.PID != 0 {
		row[18], row[19] = number(uint64(e.PID)), strings.ToValidUTF8(e.Program.String(), "\uFFFD")
	}
	return t.w.Write(row[:])
}

func (t *table) close() error {
	err := t.header()
	t.w.Flush()
	if err != nil {
		return err
	}
	return t.w.Error()
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
