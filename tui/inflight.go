package tui

import (
	"fmt"
	"time"

	"workbench/plugins"
	"workbench/plugins/host"
)

// slowTime is how old a request in flight is when it is worth a remark.
const slowTime = time.Second

// slow says how long the oldest request has had no answer, "" if not for long: a
// callback that hangs is what a user must see first.
func slow(s *state) string {
	if len(s.status.InFlight) == 0 {
		return ""
	}
	oldest := oldestInFlight(s)
	age := s.now.Sub(oldest.Received)
	switch {
	case age < slowTime:
		return ""
	case oldest.Rule > 0:
		return delayed(s, oldest)
	case oldest.Waiting:
		return "reload for " + shortDuration(age)
	}
	return fmt.Sprintf("%s runs %s", oldest.Op.Callback(), shortDuration(age))
}

// oldestInFlight returns the request of some that has been without an answer for
// longest; one that a rule delays, which is no surprise, only if there is no other.
func oldestInFlight(s *state) *host.InFlight {
	for i := range s.status.InFlight {
		if q := &s.status.InFlight[i]; q.Rule == 0 {
			return q
		}
	}
	return &s.status.InFlight[0]
}

// delayed says which rule delays a request, and how long yet.
func delayed(s *state, q *host.InFlight) string {
	return fmt.Sprintf("rule %d delays, %s to go", q.Rule, shortDuration(max(q.Until.Sub(s.now), 0)))
}

func inFlightRows(sc *scene) int { return min(len(sc.status.InFlight), 1) }

// drawInFlight draws how many requests have no answer yet, and the oldest.
func drawInFlight(sc *scene, w int) string {
	n, oldest := len(sc.status.InFlight), oldestInFlight(sc.state)
	l := newLine(w).put(sc.warn, fmt.Sprintf(" ◐ %d in flight", n))
	age := shortDuration(sc.now.Sub(oldest.Received))
	switch text := slow(sc.state); {
	case oldest.Rule > 0:
		l.put(sc.warn, ", "+delayed(sc.state, oldest)+":")
	case oldest.Waiting:
		l.put(sc.warn, ", waits for the reload "+age+":")
	case text != "":
		l.put(sc.warn, ", "+text+":")
	case n > 1:
		l.put(sc.dim, ", the oldest "+age+":")
	default:
		l.put(sc.dim, " "+age+":")
	}
	l.put(sc.op(oldest.Op), " "+oldest.Op.String())
	if oldest.Op != plugins.OpFlush {
		l.put(ink{}, fmt.Sprintf(" %s %s", hex(oldest.Offset), shortSize(oldest.Length)))
	}
	return l.put(sc.dim, " "+from(oldest.Origin.Front, oldest.Origin.Conn)).end()
}

// countDelayed returns how many requests rules delay.
func countDelayed(sc *scene) int {
	n := 0
	for i := range sc.status.InFlight {
		if sc.status.InFlight[i].Rule > 0 {
			n++
		}
	}
	return n
}

// delays returns the rows about the requests that rules delay, at most a third of
// h. Nobody need do anything about them.
func delays(sc *scene, w, h int) []string {
	n := countDelayed(sc)
	if n == 0 {
		return nil
	}
	out := &page{w: w, sc: sc}
	out.head(fmt.Sprintf("%d delayed by rules: nobody need let them go", n))
	most := max(h/3-1, 1)
	for i := range sc.status.InFlight {
		q := &sc.status.InFlight[i]
		switch {
		case q.Rule == 0:
			continue
		case len(out.lines) == most && n > most:
			out.text(sc.dim, fmt.Sprintf("and %d more", n-most+1))
			return out.lines
		}
		l := newLine(w).put(sc.warn, " ◐ ").putIn(sc.warn, delayed(sc.state, q), 29, false).put(sc.op(q.Op), " "+q.Op.String())
		if q.Op != plugins.OpFlush {
			l.put(ink{}, fmt.Sprintf(" %s %s", hex(q.Offset), shortSize(q.Length)))
		}
		out.lines = append(out.lines, l.put(sc.dim, " "+from(q.Origin.Front, q.Origin.Conn)).end())
	}
	return out.lines
}
