package tui

import (
	"fmt"
	"time"

	"workbench/plugins"
)

// slowTime is how old a request in flight is when it is worth a remark.
const slowTime = time.Second

// slow says how long the oldest request has had no answer, "" if not for long: a
// callback that hangs is what a user must see first.
func slow(s *state) string {
	if len(s.status.InFlight) == 0 {
		return ""
	}
	oldest := &s.status.InFlight[0]
	age := s.now.Sub(oldest.Received)
	if age < slowTime {
		return ""
	}
	if oldest.Waiting {
		return "reload for " + shortDuration(age)
	}
	return fmt.Sprintf("%s runs %s", oldest.Op.Callback(), shortDuration(age))
}

func inFlightRows(sc *scene) int { return min(len(sc.status.InFlight), 1) }

// drawInFlight draws how many requests have no answer yet, and the oldest.
func drawInFlight(sc *scene, w int) string {
	n, oldest := len(sc.status.InFlight), &sc.status.InFlight[0]
	l := newLine(w).put(sc.warn, fmt.Sprintf(" ◐ %d in flight", n))
	age := shortDuration(sc.now.Sub(oldest.Received))
	switch text := slow(sc.state); {
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
