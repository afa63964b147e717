package tui

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"workbench/recordings"
)

// library is the panel of recordings: those in the folders, the newest first, or
// what a comparison found.
type library struct {
	list     list
	files    []shelved
	left     int  // older ones that are not listed
	stale    bool // the folders should be looked at again
	scanning bool
	known    bool   // they have been looked at
	err      error  // why they could not
	marked   string // the path of the recording that another is compared with

	report *report // what is shown instead; nil = nothing
}

func (p *library) rows() *list {
	if p.report != nil {
		return &p.report.list
	}
	return &p.list
}

const libraryHead = 1

func (p *library) feed(sc *scene, w, h int) {
	if p.report != nil {
		p.report.feed(sc, w, h)
		return
	}
	p.list.feed(0, len(p.files), p.list.height) // so that the selection is one of them
	p.list.feed(0, len(p.files), h-libraryHead-len(p.more(sc, w, h)))
}

func (p *library) rowAt(y int) int {
	if p.report != nil {
		return p.report.rowAt(y)
	}
	return p.list.rowAt(y - libraryHead)
}

// take takes over what was found in the folders. What was selected stays so.
func (p *library) take(found scanned) {
	p.scanning, p.known, p.err = false, true, found.err
	was := p.selected()
	p.files, p.left = found.files, found.more
	if was == nil {
		return
	}
	for i := range p.files {
		if p.files[i].Path == was.Path {
			p.list.selected = i
		}
	}
}

// selected returns the recording that a command is about, nil if there is none.
func (p *library) selected() *shelved {
	if p.report != nil || p.list.selected < 0 || p.list.selected >= len(p.files) {
		return nil
	}
	return &p.files[p.list.selected]
}

// shown reports whether a comparison is shown and has the keys.
func (p *library) shown(a *app) bool { return p.report != nil && a.focus == recordingsPanel }

// show shows what a comparison found.
func (p *library) show(r *report) { p.report = r }

func (p *library) note(sc *scene) string {
	switch {
	case p.report != nil:
		return p.report.note(sc)
	case p.scanning && !p.known:
		return "looking"
	case p.left > 0:
		return fmt.Sprintf("the newest %d, %d older", len(p.files), p.left)
	case len(p.files) > 0:
		return fmt.Sprint(len(p.files))
	}
	return ""
}

func (p *library) draw(sc *scene, w, h int) []string {
	switch {
	case p.report != nil:
		return p.report.draw(sc, w, h)
	case len(p.files) == 0:
		return p.drawEmpty(sc, w, h)
	}
	t := newTable(w, []column{
		{title: "", width: 1},
		{title: "state", width: 5, rank: 5},
		{title: "plugin", width: 12},
		{title: "begun", width: 11, rank: 2},
		{title: "length", width: 6, right: true, rank: 4},
		{title: "requests", width: 8, right: true},
		{title: "err", width: 4, right: true},
		{title: "size", width: 8, right: true, rank: 3},
		{title: "data", width: 4, rank: 6},
		{title: "file", width: 12, rank: 1, grows: true},
	})
	lines := []string{t.head(sc.dim)}
	lines = append(lines, t.rows(sc, &p.list, func(row int) []cell { return p.cells(sc, &p.files[row]) })...)
	more := p.more(sc, w, h)
	return append(block(lines, w, h-len(more)), more...)
}

func (p *library) drawEmpty(sc *scene, w, h int) []string {
	out := &page{w: w, sc: sc}
	out.gap()
	switch {
	case p.err != nil:
		out.text(sc.bad, "✗ "+p.err.Error())
	case !p.known:
		out.text(sc.dim, "Looking for recordings.")
	case sc.live:
		out.text(sc.dim, sc.named("No recording yet. {record} begins one, and {record} ends it; then {recording.replay} sends it to the script again, which you may have changed."))
	default:
		out.text(sc.dim, "No recording in the working directory, and none in the folder for recordings.")
	}
	return block(out.lines, w, h)
}

// state returns the sign and the word for a recording.
func (f *shelved) state(sc *scene) (sign, word cell) {
	switch {
	case f.Path == sc.recorder.Path:
		return cell{sc.bad, "●"}, cell{sc.bad, "rec"}
	case f.err != nil:
		return cell{sc.bad, "✗"}, cell{sc.bad, "bad"}
	case f.Missing != "":
		return cell{sc.warn, "◌"}, cell{sc.warn, "cut"}
	}
	return cell{sc.good, "✓"}, cell{sc.dim, "whole"}
}

func (p *library) cells(sc *scene, f *shelved) []cell {
	sign, word := f.state(sc)
	if f.Path == p.marked {
		sign = cell{sc.accent, "◆"}
	}
	if f.err != nil {
		return []cell{sign, word, {sc.bad, "not readable"}, {sc.dim, f.changed.In(sc.wall(0).Location()).Format(dayFormat)}, {}, {}, {},
			{text: shortSize(uint64(f.Size))}, {}, {text: filepath.Base(f.Path)}}
	}
	requests, failed := cell{sc.dim, "?"}, cell{sc.dim, "?"}
	if f.Counted {
		requests, failed = cell{text: shortCount(f.Requests)}, cell{sc.dim, "-"}
		if f.Failed > 0 {
			failed = cell{sc.bad, shortCount(f.Failed)}
		}
	}
	return []cell{
		sign, word,
		{text: filepath.Base(f.Header.Script)},
		{sc.dim, sc.begun(f).Format(dayFormat)},
		{text: shortDuration(f.Length)},
		requests, failed,
		{text: shortSize(uint64(f.Size))},
		{sc.dim, f.Header.Policy.String()},
		{text: filepath.Base(f.Path)},
	}
}

// dayFormat is how the list says when a recording was begun.
const dayFormat = "01-02 15:04"

// begun returns when a recording was begun, in the time zone of the screen.
func (sc *scene) begun(f *shelved) time.Time { return f.Header.Created.In(sc.wall(0).Location()) }

// keptWords say what each policy keeps.
var keptWords = [...]string{
	recordings.PayloadNone: "nothing of the data",
	recordings.PayloadHash: "a hash of the data: reads can be compared, writes not sent again",
	recordings.PayloadFull: "all data: everything can be sent again",
}

// more returns the rows about the selected recording, at most half of h.
func (p *library) more(sc *scene, w, h int) []string {
	f := p.selected()
	if f == nil || h < 8 {
		return nil
	}
	out := &page{w: w, sc: sc}
	out.head(filepath.Base(f.Path))
	out.fact("file", ink{}, f.Path)
	if f.err != nil {
		out.fact("trouble", sc.bad, f.err.Error())
		return out.lines[:min(len(out.lines), h/2)]
	}
	plugin := strings.TrimSpace(f.Header.Script + " " + paramsText(f.Header.Params))
	if n := len(f.Header.Generations); n > 1 {
		plugin += fmt.Sprintf(" (%d generations)", n)
	}
	out.fact("plugin", ink{}, plugin)
	if f.Missing != "" && f.Path != sc.recorder.Path {
		out.fact("missing", sc.warn, f.Missing)
	}
	out.fact("kept", ink{}, keptWords[f.Header.Policy])
	if f.Header.Filter != "" {
		out.fact("only", ink{}, f.Header.Filter)
	}
	var disks []string
	for _, e := range f.Header.Exports {
		disks = append(disks, fmt.Sprintf("%q %s", e.Name, shortSize(e.Info.Size)))
	}
	if disks != nil {
		out.fact("disks", ink{}, strings.Join(disks, ", "))
	}
	out.fact("events", ink{}, fmt.Sprintf("%s in %s, from %s on", grouped(int(f.Events)), shortDuration(f.Length.Round(time.Microsecond)),
		sc.begun(f).Format(time.DateTime)))
	return out.lines[:min(len(out.lines), h/2)]
}
