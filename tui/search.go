package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// A hunt looks for the next row of the list that matches, in either direction and
// around the ends, a piece at a time. No row is hidden by it.
type hunt struct {
	text   string // as it was typed
	filter *recordings.Filter
	words  string // that the request may have printed, too; "" = a filter was typed

	by      int // 1 or -1 while it looks, else 0
	row     int // to look at next
	looked  int
	printed map[origin]bool // those that printed the words

	// Rows that stand all over a file are not read one by one: all events are, in
	// their order, once, and then the rows are gone through.
	matched matched
}

// matched are the events that match, up to the one to look at next.
type matched struct {
	seqs []uint64 // ascending
	next uint64
}

// An origin is who sent a request, which need not be one request alone.
type origin struct {
	conn   uint32
	cookie uint64
}

// plainWords is text that no filter is, and hexDigits what may be bytes.
var (
	plainWords = regexp.MustCompile(`^[^:=<>()|!"]+$`)
	hexDigits  = regexp.MustCompile(`^([0-9a-fA-F]{2}){2,}$`)
)

// parseSearch understands what is to be looked for: a filter, or words that stand
// in a text, or digits that stand in the data as well.
func parseSearch(text string) (*hunt, error) {
	text = strings.TrimSpace(text)
	h := &hunt{text: text}
	f, err := recordings.ParseFilter(text)
	if err != nil && plainWords.MatchString(text) {
		h.words = strings.ToLower(text)
		expression := strconv.Quote(text)
		if hexDigits.MatchString(text) {
			expression += " | data:" + text
		}
		f, err = recordings.ParseFilter(expression)
	}
	h.filter = f
	return h, err
}

// start looks for the next match from a row on.
func (h *hunt) start(sc *scene, row, by int) {
	h.by, h.row, h.looked = by, row+by, 0
	h.printed = nil
	if h.filter.Needs().Mark {
		h.matched = matched{} // others may be marked now
	}
	if h.words == "" {
		return
	}
	h.printed = map[origin]bool{}
	for i := range sc.output {
		if o := &sc.output[i]; strings.Contains(strings.ToLower(o.text), h.words) {
			h.printed[origin{o.event.Conn, o.event.Cookie}] = true
		}
	}
}

// matches reports whether e is looked for.
func (h *hunt) matches(sc *scene, e *recordings.Event) bool {
	if h.filter.Match(e, sc.contents()) {
		return true
	}
	if !h.printed[origin{e.Conn, e.Cookie}] {
		return false
	}
	for _, l := range sc.printed(e) {
		if strings.Contains(strings.ToLower(l.text), h.words) {
			return true
		}
	}
	return false
}

// look looks at the next rows of p. It reports whether there is more to look at;
// if not, found is the row, or -1.
func (h *hunt) look(sc *scene, p *requests) (found int, more bool) {
	first, next := p.bounds(sc)
	scattered := sc.filed && (p.sortedRows() || p.picked != nil)
	if scattered && h.scan(sc) {
		return -1, true
	}
	for range searchSize {
		if h.looked >= next-first {
			h.by = 0
			return -1, false
		}
		switch {
		case h.row >= next:
			h.row = first
		case h.row < first:
			h.row = next - 1
		}
		if scattered && h.matched.has(p.seq(sc, h.row)) || !scattered && h.matchesAt(sc, p.seq(sc, h.row)) {
			h.by = 0
			return h.row, false
		}
		h.row += h.by
		h.looked++
	}
	return -1, true
}

// matchesAt reads a request, and reports whether it is looked for.
func (h *hunt) matchesAt(sc *scene, seq uint64) bool {
	e, ok := readRequest(sc, seq)
	return ok && h.matches(sc, &e)
}

// scan looks for matches in the next piece of the file. It reports whether there
// is more to look at.
func (h *hunt) scan(sc *scene) bool {
	m, end := &h.matched, sc.requests.end()
	var chunk [chunkSize]recordings.Event
	for looked := 0; looked < searchSize/2 && m.next < end; { // a block or two are decoded besides
		n := sc.events.Read(chunk[:], m.next)
		if n == 0 {
			m.next = end
		}
		for i := range chunk[:n] {
			e := &chunk[i]
			m.next = e.Seq + 1
			if e.Kind == recordings.Request && h.matches(sc, e) {
				m.seqs = append(m.seqs, e.Seq)
			}
		}
		looked += n
	}
	return m.next < end
}

// has reports whether an event matches.
func (m *matched) has(seq uint64) bool {
	_, found := slices.BinarySearch(m.seqs, seq)
	return found
}

// progress returns how many of a hundred parts are searched, of so many rows.
func (h *hunt) progress(sc *scene, count int) int {
	if end := sc.requests.end(); h.looked == 0 && h.matched.next < end {
		return int(h.matched.next * 100 / end)
	}
	return h.looked * 100 / max(count, 1)
}

// summary says what is looked for, and how far the search is.
func (h *hunt) summary(sc *scene, count int) string {
	return fmt.Sprintf("%s · %d %% searched", clean(h.text), h.progress(sc, count))
}

// seekMatch looks at the next piece of the list if something is looked for, and
// reports whether there is more to look at.
func (a *app) seekMatch() bool {
	p, sc := a.requests, &a.scene
	h := p.hunt
	if h == nil || h.by == 0 {
		return false
	}
	found, more := h.look(sc, p)
	switch {
	case more:
		return true
	case found < 0:
		a.trouble = "no request matches " + clean(h.text)
	default:
		p.list.first, p.list.next = p.bounds(sc)
		p.list.pause()
		p.list.move(found - p.list.selected)
	}
	return false
}

// askSearch asks for what to look for.
func (a *app) askSearch() (q question, text string) {
	return question{
		sign:    "find:",
		enter:   "{prompt.accept} goes to the next match; {search.next} and {search.before} to the ones after and before it",
		empty:   "a filter (op:write off:1M..2M), words of an error or output, or bytes in hex",
		history: a.past.Searches,
		check: func(text string) error {
			if strings.TrimSpace(text) == "" {
				return nil
			}
			_, err := parseSearch(text)
			return err
		},
		complete: recordings.Complete,
		accept: func(a *app, text string) tea.Cmd {
			a.prompt = nil
			if strings.TrimSpace(text) == "" {
				a.requests.hunt = nil
				return nil
			}
			h, err := parseSearch(text)
			if err != nil {
				return nil // it could not be accepted
			}
			h.filter = h.filter.At(a.scene.now)
			a.requests.hunt = h
			a.past.Searches = remember(a.past.Searches, h.text)
			a.searchNext(1)
			return nil
		},
	}, ""
}

// searchNext looks for the match after the selected row, or before it.
func (a *app) searchNext(by int) {
	if a.detail != nil {
		a.detail.leaveHeld()
	}
	a.requests.hunt.start(&a.scene, a.requests.list.selected, by)
}
