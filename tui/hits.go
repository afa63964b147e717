package tui

import "workbench/recordings"

// hits are the newest requests that rules had a hand in, by the number of the rule.
type hits map[uint16]recordings.Event

// add takes in a request.
func (h *hits) add(e *recordings.Event) {
	if e.Rule == 0 {
		return
	}
	if *h == nil {
		*h = hits{}
	}
	(*h)[e.Rule] = *e
}
