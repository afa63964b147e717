package main

import (
	"context"
	"fmt"
)

// A contest is one of ours and one of theirs that serve the same disk.
type contest struct{ ours, theirs *disk }

// compareLoad compares them under a load. At depth 1 the latency is a row, too.
func (l *lab) compareLoad(ctx context.Context, c contest, r row, w load) error {
	r.unit = w.unit()
	before := len(l.rows)
	if err := l.compare(ctx, r, l.overNBD(c.ours, w), l.overNBD(c.theirs, w)); err != nil || len(l.rows) == before {
		return err
	}
	if w.depth == 1 && w.connections == 0 && w.pattern != "randrw" {
		latency := l.rows[before].latency(atMost(1))
		l.rows = append(l.rows, latency)
		l.say(&latency)
	}
	return nil
}

// A contender is how to start one side.
type contender func(context.Context) (*disk, error)

func (l *lab) ourScript(script string, arguments ...string) contender {
	return func(ctx context.Context) (*disk, error) { return l.startOurs(ctx, script, arguments...) }
}

func (l *lab) nbdkitScript(language, script string) contender {
	return func(ctx context.Context) (*disk, error) { return l.startNbdkit(ctx, language, script) }
}

// A trial is a row and its load.
type trial struct {
	row
	load
}

// try starts both sides, fills their disks, and measures the trials that are
// wanted, if there are any. Then both are stopped.
func (l *lab) try(ctx context.Context, ours, theirs contender, trials []trial) (err error) {
	wanted := false
	for _, t := range trials {
		wanted = wanted || l.wants(t.row.name)
	}
	if !wanted {
		return nil
	}
	before := len(l.closers)
	var c contest
	if c.ours, err = ours(ctx); err != nil {
		return err
	}
	if c.theirs, err = theirs(ctx); err != nil {
		return err
	}
	if err := l.fill(ctx, c.ours, c.theirs); err != nil {
		return err
	}
	for _, t := range trials {
		if err := l.compareLoad(ctx, c, t.row, t.load); err != nil {
			return err
		}
	}
	return l.closeDown(before)
}

// depthTrial is a trial whose name says its depth.
func depthTrial(w load, g goal) trial {
	return trial{row{name: fmt.Sprintf("%s, depth %d", w.name(), w.depth), goal: g}, w}
}

// trialAt16 is one that does not: it is 16, as the text of the section says.
func trialAt16(what, pattern string, block int, g goal) trial {
	w := load{pattern: pattern, block: block, depth: 16}
	return trial{row{name: what + w.name(), goal: g}, w}
}

// blocks are the sizes that are measured.
func (l *lab) blocks() []int {
	if l.short {
		return []int{4 << 10, 256 << 10}
	}
	return []int{4 << 10, 64 << 10, 256 << 10, 1 << 20}
}

func (l *lab) depths() []int {
	if l.short {
		return []int{1, 16}
	}
	return []int{1, 16, 64}
}

func (l *lab) patterns() []patternName {
	if l.short {
		return randomPatterns()[:2]
	}
	return randomPatterns()
}

// luaGoal is the target for a load of blocks.lua over nbdkit. At depth 1 it is
// that no request takes longer.
func luaGoal(w load) goal {
	switch {
	case w.pattern == "randrw":
		return goal{}
	case w.depth == 1:
		return atLeast(1)
	case w.block == 4<<10 && w.pattern == "randread":
		return atLeast(1.4)
	case w.block == 4<<10:
		return atLeast(2.5)
	case w.block >= 256<<10:
		return atLeast(1)
	}
	return goal{}
}

func measureNoise(ctx context.Context, l *lab) error {
	trials := []trial{
		trialAt16("", "randread", 4<<10, goal{}),
		trialAt16("", "randwrite", 4<<10, goal{}),
		trialAt16("", "randread", 256<<10, goal{}),
	}
	return l.try(ctx, l.ourScript("blocks.lua"), l.ourScript("blocks.lua"), trials)
}

func measureLua(ctx context.Context, l *lab) error {
	for _, block := range l.blocks() {
		var trials []trial
		for _, p := range l.patterns() {
			for _, depth := range l.depths() {
				w := load{pattern: p.pattern, block: block, depth: depth}
				trials = append(trials, depthTrial(w, luaGoal(w)))
			}
		}
		if err := l.try(ctx, l.ourScript("blocks.lua"), l.nbdkitScript("lua", "blocks.lua"), trials); err != nil {
			return err
		}
	}
	return nil
}

func measureWritten(ctx context.Context, l *lab) error {
	for _, script := range []string{"buffers.lua", "memory.lua"} {
		var trials []trial
		for _, block := range []int{4 << 10, 256 << 10} {
			for _, p := range randomPatterns()[:2] {
				trials = append(trials, trialAt16(script+", ", p.pattern, block, goal{}))
			}
		}
		if l.short {
			trials = trials[:2]
		}
		if err := l.try(ctx, l.ourScript(script), l.nbdkitScript("lua", "blocks.lua"), trials); err != nil {
			return err
		}
	}
	return nil
}

// starlarkGoal is the target for a load of blocks.star over nbdkit's Python.
func starlarkGoal(w load) goal {
	switch {
	case w.depth == 1 && w.pattern != "randrw":
		return atLeast(1)
	case w.depth > 1 && w.block == 4<<10:
		return atLeast(2.5)
	}
	return goal{}
}

func measureStarlark(ctx context.Context, l *lab) error {
	for _, block := range l.blocks() {
		depths := []int{16}
		if block == 4<<10 {
			depths = l.depths()
		}
		var trials []trial
		for _, p := range l.patterns() {
			for _, depth := range depths {
				w := load{pattern: p.pattern, block: block, depth: depth}
				trials = append(trials, depthTrial(w, starlarkGoal(w)))
			}
		}
		if err := l.try(ctx, l.ourScript("blocks.star"), l.nbdkitScript("python", "blocks.py"), trials); err != nil {
			return err
		}
	}
	return nil
}

func measureTracing(ctx context.Context, l *lab) error {
	ours := l.ourScript("blocks.lua")
	for _, filter := range []string{"log", "stats"} {
		theirs := func(ctx context.Context) (*disk, error) {
			d := l.newDoor()
			return l.start(ctx, l.nbdkit(d, []string{"--filter=" + filter}, "lua", "blocks.lua", filter+"file=/dev/null"), d)
		}
		var trials []trial
		for _, p := range l.patterns() {
			trials = append(trials, trialAt16(filter+" filter, ", p.pattern, 4<<10, goal{}))
		}
		if err := l.try(ctx, ours, theirs, trials); err != nil {
			return err
		}
	}
	return l.try(ctx, ours, l.captive, []trial{
		trialAt16("lines printed, ", "randread", 4<<10, goal{}),
		trialAt16("lines printed, ", "randwrite", 4<<10, goal{}),
	})
}

// captive starts the workbench in front of a command that waits for the end of its
// input, so that the requests are traced but not printed.
func (l *lab) captive(ctx context.Context) (*disk, error) {
	d := l.newDoor()
	cmd := l.ours(d, "run", "blocks.lua", "--run", "exec cat >/dev/null")
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	l.onClose(func() error { // after the server has been stopped
		// Wait may have closed it.
		_ = input.Close()
		return nil
	})
	return l.start(ctx, cmd, d)
}

func measureConnections(ctx context.Context, l *lab) error {
	var trials []trial
	for _, p := range l.patterns() {
		for _, n := range []int{1, 8, 64} {
			w := load{pattern: p.pattern, block: 4 << 10, depth: 4, connections: n}
			trials = append(trials, trial{row{name: w.name() + ", " + plural(n, "connection")}, w})
		}
	}
	return l.try(ctx, l.ourScript("blocks.lua"), l.nbdkitScript("lua", "blocks.lua"), trials)
}

func measureRecord(ctx context.Context, l *lab) error {
	return l.try(ctx, l.ourScript("blocks.lua", "--record", l.path("run.wbrec")), l.ourScript("blocks.lua"), l.ownTrials(0.85))
}

// ownTrials hold one way to run the workbench against another.
func (l *lab) ownTrials(bound float64) []trial {
	trials := []trial{
		trialAt16("", "randread", 4<<10, atLeast(bound)),
		trialAt16("", "randwrite", 4<<10, atLeast(bound)),
		trialAt16("", "randrw", 4<<10, atLeast(bound)),
		trialAt16("", "randread", 256<<10, atLeast(bound)),
		trialAt16("", "randwrite", 256<<10, atLeast(bound)),
	}
	if l.short {
		return trials[:2]
	}
	return trials
}
