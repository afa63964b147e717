package tui

import (
	"testing"
	"time"
)

func TestKeyGuard(t *testing.T) {
	var g keyGuard
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	if g.holds(now) {
		t.Error("a guard that was never armed holds")
	}
	g.arm(now)
	if !g.holds(now) || !g.holds(now.Add(guardTime-1)) || g.holds(now.Add(guardTime)) {
		t.Error("a guard holds for another time than guardTime")
	}
}
