package host

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"workbench/plugins"
	"workbench/recordings"
)

// rules are the rules of a host, in the order in which they act. Requests read
// the list without a lock; changes replace it.
type rules struct {
	list atomic.Pointer[[]*rule] // nil = none

	mu   sync.Mutex
	last uint16 // number of the newest rule; guarded by mu
}

// get returns the list, which must not be changed.
func (s *rules) get() []*rule {
	if p := s.list.Load(); p != nil {
		return *p
	}
	return nil
}

// change replaces the list. The caller holds s.mu.
func (s *rules) change(list []*rule) {
	if len(list) == 0 {
		s.list.Store(nil)
		return
	}
	s.list.Store(&list)
}

// RuleStatus is a rule and what became of it.
type RuleStatus struct {
	Number  uint16
	Text    string // as it was written
	Action  Action
	After   bool // it acts when the script has answered
	On      bool
	Matched uint64 // requests that it was for
	Hits    uint64 // those that it acted on
	Limit   uint64 // how many of them there may be; 0 = any number
}

// Rules returns the rules in the order in which they act.
func (h *Host) Rules() []RuleStatus {
	var out []RuleStatus
	for _, r := range h.rules.get() {
		out = append(out, RuleStatus{
			Number: r.number, Text: r.text, Action: r.action, After: r.after, On: !r.off.Load(),
			Matched: r.matched.Load(), Hits: r.hits.Load(), Limit: r.limit,
		})
	}
	return out
}

// AddRule adds a rule behind the others and returns its number, by which it is
// spoken of. An error says what is wrong with text.
func (h *Host) AddRule(text string) (number uint16, err error) {
	r, err := parseRule(text)
	if err != nil {
		return 0, err
	}
	h.rules.mu.Lock()
	if h.rules.last == math.MaxUint16 {
		h.rules.mu.Unlock()
		return 0, fmt.Errorf("rule %q: %d rules were made, there are no more numbers: start the program again", r.text, math.MaxUint16)
	}
	h.rules.last++
	r.number = h.rules.last
	h.rules.change(append(slices.Clone(h.rules.get()), r))
	h.rules.mu.Unlock()
	h.noteRule(r, "added")
	return r.number, nil
}

// RemoveRule takes a rule away. What it holds stays held.
func (h *Host) RemoveRule(number uint16) error {
	h.rules.mu.Lock()
	list := h.rules.get()
	i := slices.IndexFunc(list, func(r *rule) bool { return r.number == number })
	if i >= 0 {
		list[i].off.Store(true) // also for those who are on their way through the list
		h.rules.change(slices.Delete(slices.Clone(list), i, i+1))
	}
	h.rules.mu.Unlock()
	if i < 0 {
		return noRule(number)
	}
	h.noteRule(list[i], "removed")
	return nil
}

// SwitchRule switches a rule on or off. It keeps its place and its counts.
func (h *Host) SwitchRule(number uint16, on bool) error {
	for _, r := range h.rules.get() {
		if r.number != number {
			continue
		}
		if r.off.Swap(!on) == on {
			h.noteRule(r, map[bool]string{true: "on", false: "off"}[on])
		}
		return nil
	}
	return noRule(number)
}

// ReplaceRule puts another rule in the place of one, under the same number. Its
// counts begin anew; it is on if the one before was.
func (h *Host) ReplaceRule(number uint16, text string) error {
	r, err := parseRule(text)
	if err != nil {
		return err
	}
	r.number = number
	h.rules.mu.Lock()
	list := slices.Clone(h.rules.get())
	i := slices.IndexFunc(list, func(r *rule) bool { return r.number == number })
	if i >= 0 {
		r.off.Store(list[i].off.Swap(true)) // also for those who are on their way through the list
		list[i] = r
		h.rules.change(list)
	}
	h.rules.mu.Unlock()
	if i < 0 {
		return noRule(number)
	}
	h.noteRule(r, "changed")
	return nil
}

// MoveRule moves a rule by so many places towards the end, or the beginning if
// by is negative, as far as there are places.
func (h *Host) MoveRule(number uint16, by int) error {
	h.rules.mu.Lock()
	list := slices.Clone(h.rules.get())
	i := slices.IndexFunc(list, func(r *rule) bool { return r.number == number })
	if i < 0 {
		h.rules.mu.Unlock()
		return noRule(number)
	}
	r, to := list[i], max(min(i+by, len(list)-1), 0)
	h.rules.change(slices.Insert(slices.Delete(list, i, i+1), to, r))
	h.rules.mu.Unlock()
	if to != i {
		h.noteRule(r, fmt.Sprintf("moved to place %d", to+1))
	}
	return nil
}

func noRule(number uint16) error {
	return fmt.Errorf("there is no rule %d: it was removed, or never was; the list of rules has the numbers", number)
}

// noteRule logs what became of a rule.
func (h *Host) noteRule(r *rule, what string) {
	h.opts.Log.Append(recordings.Event{Kind: recordings.Rule, Rule: r.number, Times: plugins.Times{Received: plugins.Now()}},
		fmt.Sprintf("#%d %s: %s", r.number, what, r.text), nil)
}

// apply has the rules of one stage act on r, in their order, until one of them
// answers it. answered says that err is the answer (nil is success): before the
// script, that it is not asked; after it, that what it answered does not count.
//
// After the script, result is what it answered.
func (d *handle) apply(ctx context.Context, r *plugins.Request, after bool, result error) (answered bool, err error) {
	for _, rule := range d.host.rules.get() {
		if !rule.concerns(r, after, result) || !rule.hit() {
			continue
		}
		r.Fate, r.Rule = r.Fate|plugins.Ruled, rule.number
		switch rule.action {
		case Fail:
			return true, plugins.Errorf(rule.errno, "rule %d: %s", rule.number, rule.text)
		case Delay:
			err = d.host.delays.wait(ctx, r, rule)
		case Drop:
			return true, d.drop(r)
		case Corrupt, Truncate:
			r.Data = rule.spoil(r.Data)
		case HoldIt:
			answered, err = d.hold(ctx, r, after, result, fmt.Sprintf("rule %d: %s", rule.number, rule.text))
		}
		if answered || err != nil {
			return true, err
		}
	}
	return false, nil
}

// drop cuts the connection that r came from. Where there is none to cut, as for
// a mount, the request fails as if it had been.
func (d *handle) drop(r *plugins.Request) error {
	r.Fate |= plugins.Dropped
	if c := d.params.Client; c != nil && c.Disconnect != nil {
		c.Disconnect(true)
	}
	return plugins.Errorf(syscall.ECONNRESET, "the connection was dropped on purpose, by a rule or by hand: connect again")
}
