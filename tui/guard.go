package tui

import "time"

// guardTime is for how long something that popped up by itself takes no keys:
// what is typed just then was meant for what was there before.
const guardTime = 400 * time.Millisecond

// A keyGuard keeps keys from what has just popped up.
type keyGuard struct{ until time.Time }

// arm has g begin.
func (g *keyGuard) arm(now time.Time) { g.until = now.Add(guardTime) }

// holds reports whether keys are kept away.
func (g *keyGuard) holds(now time.Time) bool { return now.Before(g.until) }
