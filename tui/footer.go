package tui

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"
)

// A hint is a command in the footer: at which cell, and how many it takes.
type hint struct {
	command *command
	x, w    int
}

// question is what the footer begins with when it is asked whether to quit.
func (a *app) question() string {
	if !a.asking {
		return ""
	}
	if n := a.root().live.open(); n > 0 && a.root().bench != nil {
		return fmt.Sprintf("Quit? Clients that are cut off: %d. ", n)
	}
	return "Quit? "
}

// footerHints returns the commands of the footer: what can be run now and has a
// title, in the order of the table. The last ones are left out if there is no
// room, help never, which stands at the right.
func (a *app) footerHints() []hint {
	var help *hint
	room := a.width - 1
	if c := find(a.commands, a.where(), a.keyOf("help")); c != nil && c.id == "help" {
		w := width(hintText(c)) + 2
		help = &hint{c, a.width - w, w}
		room -= w
	}
	x := 1 + width(a.question())
	var out []hint
	for i := range a.commands {
		c := &a.commands[i]
		if c.title == "" || c.where&a.where() == 0 || len(c.keys) == 0 || c.id == "help" {
			continue
		}
		if find(a.commands, a.where(), c.keys[0]) != c {
			continue // the card of a refused reload has its key
		}
		if ok, _ := a.can(c); !ok {
			continue
		}
		w := width(hintText(c))
		if x+w+2 > room+1 {
			break
		}
		out = append(out, hint{c, x, w})
		x += w + 2
	}
	if help != nil {
		out = append(out, *help)
	}
	return out
}

// keyOf returns the first key of a command, "" if it has none.
func (a *app) keyOf(id string) string {
	for i := range a.commands {
		if c := &a.commands[i]; c.id == id && len(c.keys) > 0 {
			return c.keys[0]
		}
	}
	return ""
}

func hintText(c *command) string { return keyName(c.keys[0]) + " " + c.title }

// footer shows the keys that do something now.
func (a *app) footer() string {
	sc := &a.scene
	l := newLine(a.width).put(ink{}, " ").put(sc.warn, a.question())
	for _, h := range a.footerHints() {
		l.fill(ink{}, " ", a.width-h.x)
		if h.command.id == "help" {
			l.put(sc.key, " "+hintText(h.command)+" ")
			continue
		}
		l.put(sc.key, keyName(h.command.keys[0])).put(sc.dim, " "+h.command.title+"  ")
	}
	return l.end()
}

// say puts what the last key did, or why it did nothing, over the lower edge of
// the panels, so that nothing moves or is hidden for it.
func (a *app) say(edge string) string {
	const left = 2 // cells of the edge that stay before it
	l := newLine(a.width-2*left).put(ink{}, " ").put(a.said.ink, a.said.text).put(ink{}, " ")
	w := a.width - 2*left - l.room
	return ansi.Truncate(edge, left, "") + l.b.String() + ansi.TruncateLeft(edge, left+w, "")
}
