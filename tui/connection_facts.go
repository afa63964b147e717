package tui

import (
	"fmt"
	"strings"

	"workbench/nbd"
	"workbench/plugins"
)

// A fact is what is known of a connection, and what it means to the client.
type fact struct {
	sign    cell
	name    string
	value   string
	meaning string
}

// The head of the facts, and the rows that the meaning of the selected one has.
const (
	factsHead   = 1
	meaningRows = 3
)

// factsOf returns what is known of c.
func factsOf(sc *scene, c *connection) []fact {
	about := func(name, value, meaning string) fact {
		return fact{cell{sc.dim, "·"}, name, value, meaning}
	}
	facts := []fact{stateOf(sc, c)}
	if c.peer != "" {
		facts = append(facts, about("peer", c.peer, "who the client is, as far as the system tells"))
	}
	if c.refused == "" {
		facts = append(facts, about("export", exportName(c.export)+", "+shortSize(c.size), "the disk that it opened, of "+amount(int(c.size), "byte")))
	}
	facts = append(facts, now(sc, c))
	if c.front == plugins.FrontFUSE {
		return append(facts, about("protocol", "FUSE", "the kernel asks for what programs do with the file: there is no handshake"))
	}
	facts = append(facts, agreements(sc, &c.agreed)...)
	if c.agreed.Flags != 0 {
		facts = append(facts, offered(sc, c)...)
	}
	for _, text := range c.options {
		option, became, _ := strings.Cut(text, " ")
		facts = append(facts, about("handshake", strings.TrimSuffix(option, ":"), became))
	}
	return facts
}

// stateOf says whether a client is there, and since when.
func stateOf(sc *scene, c *connection) fact {
	switch {
	case c.refused != "":
		return fact{cell{sc.bad, "✗"}, "refused", c.refused, "the export was not opened"}
	case c.closed:
		end := "closed at " + sc.clock(c.until)
		return fact{cell{sc.dim, "○"}, "state", end, strings.TrimSpace(c.end + ", after " + shortDuration(c.until.Sub(c.since)))}
	}
	return fact{cell{sc.good, "●"}, "state", "open", "since " + sc.clock(c.since)}
}

// now says what a client does at the moment.
func now(sc *scene, c *connection) fact {
	mine := func(o plugins.Origin) bool { return o.Front == c.front && o.Conn == c.number }
	flying, held := 0, 0
	var oldest plugins.Stamp
	for i := range sc.status.InFlight {
		if q := &sc.status.InFlight[i]; mine(q.Origin) {
			if flying++; flying == 1 {
				oldest = q.Received
			}
		}
	}
	for i := range sc.held {
		if mine(sc.held[i].Request.Origin) {
			held++
		}
	}
	f := fact{cell{sc.dim, "·"}, "now", rateText(sc, c) + " req/s", "nothing waits for an answer"}
	if flying > 0 {
		f.sign = cell{sc.warn, "◐"}
		f.value += fmt.Sprintf(", %d in flight", flying)
		f.meaning = "the oldest is on its way for " + shortDuration(sc.now.Sub(oldest))
	}
	if held > 0 {
		f.sign = cell{sc.warn, "‖"}
		f.value += fmt.Sprintf(", %d held", held)
		f.meaning = "the client waits until somebody lets its requests go: panel " + panelKey(heldPanel)
	}
	return f
}

// agreements says how both ends talk to each other.
func agreements(sc *scene, a *nbd.Agreed) []fact {
	yes := func(set bool) cell {
		if set {
			return cell{sc.good, "✓"}
		}
		return cell{sc.dim, "-"}
	}
	replies, meaning := "simple", "a header and the data; an error is a number without a reason"
	switch {
	case a.Extended:
		replies, meaning = "extended", "in chunks, with lengths of 64 bits: a request may be for 4 GiB and more; errors have a reason"
	case a.Structured:
		replies, meaning = "structured", "in chunks: holes are not sent, errors have a reason in words"
	}
	facts := []fact{{yes(a.Structured), "replies", replies, meaning}}

	context, meaning := "none", "the client did not ask for one, so that it cannot ask where holes are (BLOCK_STATUS)"
	if a.Context != "" {
		context, meaning = a.Context, "the client may ask what is data and what a hole (BLOCK_STATUS)"
	}
	facts = append(facts, fact{yes(a.Context != ""), "context", context, meaning})

	secure, meaning := "none", "what is read and written goes over the wire in the clear"
	if a.TLS != "" {
		secure, meaning = a.TLS, "what is read and written is encrypted"
	}
	facts = append(facts, fact{yes(a.TLS != ""), "TLS", secure, meaning})

	sizes, meaning := "not told", "the client did not ask, or the script has none to tell: any length will do"
	if a.BlockSizes != "" {
		sizes, meaning = a.BlockSizes, "the minimum, preferred and maximum length of a request, in bytes"
	}
	facts = append(facts, fact{yes(a.BlockSizes != ""), "block sizes", sizes, meaning})
	if a.Opened == "EXPORT_NAME" {
		facts = append(facts, fact{yes(false), "handshake", "EXPORT_NAME", "the oldest way to open an export: a refusal would have no reason"})
	}
	return facts
}

// offered says of each transmission flag whether it is set, what that means, and
// how often the client made use of it.
func offered(sc *scene, c *connection) []fact {
	used := map[nbd.TransmissionFlags]uint64{
		nbd.SendFlush: c.ops[plugins.OpFlush], nbd.SendTrim: c.ops[plugins.OpTrim],
		nbd.SendWriteZeroes: c.ops[plugins.OpZero], nbd.SendCache: c.ops[plugins.OpCache],
		nbd.SendFUA: c.flagged(plugins.FlagFUA), nbd.SendFastZero: c.flagged(plugins.FlagFastZero), nbd.SendDF: c.flagged(plugins.FlagDF),
	}
	var facts []fact
	for _, o := range c.agreed.Flags.Offers() {
		f := fact{cell{sc.dim, "-"}, o.Flag.String(), "no", o.Meaning}
		if o.Set {
			f.sign, f.value = cell{sc.good, "✓"}, "yes"
			if n, counted := used[o.Flag]; counted && n > 0 {
				f.value += ", used " + shortCount(n) + "×"
			} else if counted {
				f.value += ", not used"
			}
		}
		facts = append(facts, f)
	}
	return facts
}

// nameRoom is the cells that the name of a fact has, and wideFacts the width from
// which on what it means has a column of its own.
const (
	nameRoom  = 20
	wideFacts = 90
)

// drawFacts draws the facts about the selected connection.
func (p *connections) drawFacts(sc *scene, w, h int) []string {
	c := p.selected(sc)
	if c == nil || h-p.listRows(h) <= factsHead {
		return nil
	}
	out := &page{w: w, sc: sc}
	title := c.name()
	if !p.inside && sc.focused {
		title += sc.named(": {connection.facts} goes there")
	}
	out.head(title)
	t := newTable(w, []column{
		{title: "", width: 1}, {title: "name", width: nameRoom}, {title: "value", width: max(w/4, 20), grows: true}, {title: "meaning", width: wideFacts - 45, rank: 1, grows: true},
	})
	from, to := p.facts.visible()
	for i := from; i < to; i++ {
		f := &p.known[i]
		var mark *selection
		if p.inside {
			mark = sc.mark(&p.facts, i)
		}
		value, meaning := f.value, f.meaning
		if w < wideFacts {
			value += " · " + meaning
		}
		out.lines = append(out.lines, t.row([]cell{f.sign, {sc.dim, f.name}, {text: value}, {sc.dim, meaning}}, mark))
	}
	meaning := p.meaning(sc, w, h)
	out.lines = block(out.lines, w, h-p.listRows(h)-len(meaning))
	return append(out.lines, meaning...)
}

// meaning returns the rows that say in full what the selected fact means.
func (p *connections) meaning(sc *scene, w, h int) []string {
	if !p.inside || p.facts.selected < 0 || p.facts.selected >= len(p.known) {
		return nil
	}
	f, out := &p.known[p.facts.selected], &page{w: w, sc: sc}
	out.text(ink{}, fmt.Sprintf("%s: %s; %s", f.name, f.value, f.meaning))
	return block(out.lines, w, min(meaningRows, h/4))
}
