package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// picked is the requests that a filter picks. The log is searched a piece at a
// time, and keys are answered between the pieces, so that a long log takes its
// time and nobody waits for it.
type picked struct {
	text   string // as it was typed
	filter *recordings.Filter
	found  index
	next   uint64 // the event to look at next
	chunk  []recordings.Event

	// Until the search comes to what was selected before, the selection stays
	// as near to it as there are rows; until it has caught up, no row is new.
	anchor uint64
	seeks  bool
	fresh  bool
}

// searchSize is how many events are looked at in one piece.
const searchSize = 1 << 13

// search looks at the next piece of what sc has.
func (p *picked) search(sc *scene) {
	end, contents := sc.requests.end(), sc.contents()
	for looked := 0; looked < searchSize && p.next < end; {
		n := sc.events.Read(p.chunk, p.next)
		if n == 0 || p.chunk[0].Seq >= end { // the log has dropped the rest
			p.next = end
		}
		for i := range p.chunk[:n] {
			e := &p.chunk[i]
			if e.Seq >= end {
				break
			}
			p.next = e.Seq + 1
			if e.Kind == recordings.Request && p.filter.Match(e, contents) {
				p.found.add(e.Seq)
			}
		}
		looked += n
	}
	p.found.dropBefore(sc.first)
}

// behind reports whether there is more to look at.
func (p *picked) behind(sc *scene) bool { return p.next < sc.requests.end() }

// summary says how many requests there are of how many, and how far the search is.
func (p *picked) summary(sc *scene) string {
	first, next := p.found.bounds()
	from, to := sc.requests.bounds()
	text := fmt.Sprintf("%s of %s", grouped(next-first), grouped(to-from))
	if end := sc.requests.end(); p.next < end {
		done := max(p.next, sc.first) - sc.first
		text += fmt.Sprintf(", %d %% searched", done*100/(end-sc.first))
	}
	return text
}

// pick shows only the requests that a filter picks; nil shows all again. What is
// selected stays so, or the last before it.
func (p *requests) pick(sc *scene, text string, f *recordings.Filter) {
	var anchor uint64
	seeks := !p.list.follow && !p.list.empty()
	if seeks {
		anchor, seeks = p.selectedSeq(sc)
	}
	seeks = seeks && !p.sortedRows()
	p.picked = nil
	if f != nil {
		p.picked = &picked{
			text: text, filter: f, next: sc.first, chunk: make([]recordings.Event, chunkSize),
			anchor: anchor, seeks: seeks, fresh: true,
		}
		return
	}
	if p.sortedRows() {
		return // they will be sorted anew
	}
	_, p.list.seen = sc.requests.bounds()
	if seeks {
		p.list.selected = sc.requests.place(anchor)
	}
}

// search looks at the next piece of the log if there is a filter, and reports
// whether there is more to look at.
func (p *requests) search(sc *scene) bool {
	if p.picked == nil {
		return false
	}
	p.picked.search(sc)
	if p.sortedRows() {
		return p.picked.behind(sc)
	}
	if p.picked.seeks {
		p.list.selected = p.picked.found.place(p.picked.anchor)
		p.picked.seeks = p.picked.next <= p.picked.anchor
	}
	if p.picked.fresh {
		_, p.list.seen = p.picked.found.bounds()
		p.picked.fresh = p.picked.behind(sc)
	}
	return p.picked.behind(sc)
}

// index returns the requests that have rows.
func (p *requests) index(sc *scene) *index {
	if p.picked != nil {
		return &p.picked.found
	}
	return &sc.requests
}

// searchOn is the message that has the model look at the next piece of the log.
type searchOn struct{}

// search looks at a piece of the log for the filter, for the map, and for what is
// searched for, and sees to it that the next one follows.
func (a *app) search() tea.Cmd {
	filtering, seeking, mapping := a.requests.search(&a.scene), a.seekMatch(), a.disk.lens.search(&a.scene)
	var sort tea.Cmd
	if o := a.requests.order; o != nil && o.picked != a.requests.picked && !filtering {
		sort = a.sortBy(o.by, o.falling)
	}
	if !filtering && !seeking && !mapping || a.searching {
		return sort
	}
	a.searching = true
	return tea.Batch(sort, func() tea.Msg { return searchOn{} })
}

// askFilter asks for a filter, beginning with the one that applies.
func (a *app) askFilter() (q question, text string) {
	if a.requests.picked != nil {
		text = a.requests.picked.text
	}
	return question{
		sign:     "/",
		enter:    "{prompt.accept} shows the requests that match",
		empty:    "{prompt.accept} shows all requests",
		history:  a.past.Filters,
		check:    checkFilter,
		complete: recordings.Complete,
		accept:   (*app).applyFilter,
		shell:    func(text string) string { return a.again("--headless --filter", text) },
	}, text
}

func checkFilter(text string) error {
	_, err := recordings.ParseFilter(text)
	return err
}

// applyFilter has the requests show what a filter picks, all if it is empty.
func (a *app) applyFilter(text string) tea.Cmd {
	text = strings.TrimSpace(text)
	f, err := recordings.ParseFilter(text)
	if err != nil {
		if a.prompt != nil {
			a.prompt.problem = err
		}
		return nil
	}
	a.prompt = nil
	if text == "" {
		a.requests.pick(&a.scene, "", nil)
		return nil
	}
	a.past.Filters = remember(a.past.Filters, text)
	a.requests.pick(&a.scene, text, f.At(a.scene.now))
	return nil
}
