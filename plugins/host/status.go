package host

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workbench/plugins"
)

// A State is what the host is doing with the script.
type State uint8

// The states. A reload goes from Serving through Building, Checking, Draining
// and Swapping back to Serving; refused at any point, it goes straight back.
const (
	Serving  State = iota // the generation answers; no reload is under way
	Building              // a new generation is compiled and started beside it
	Checking              // handles are opened on the new generation and compared
	Draining              // the gate is closed; requests in flight finish
	Swapping              // the handles change over
	Stopped               // closed
)

var stateNames = [...]string{"serving", "building", "checking", "draining", "swapping", "stopped"}

// String returns the word that the screen shows: "serving".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Status is what the host can say of itself at one moment. It is a copy: the
// caller may keep it.
type Status struct {
	State       State
	Path        string // of the script, as the user wrote it
	Language    string
	Params      []plugins.Param
	Generation  uint32 // the one that serves, from 1
	Callbacks   []plugins.Callback
	ThreadModel plugins.ThreadModel
	Source      string // the text of the generation that serves

	Watching bool // whether saving the script reloads it

	// Problem is why the last reload was refused, nil if it was not. Excerpt
	// shows the line of the script that it names, "" if it names none; Refused
	// is the whole text of the file that it names.
	Problem error
	Excerpt string
	Refused string

	Reloads   int // generations swapped in since the first
	Refusals  int // reloads refused
	Unchanged int // saves that changed nothing

	Closed ClosedTimes // of the last thousand swaps

	// Notes are what there was to say of the last reload besides: who stayed
	// with an older generation, what the shadow check found.
	Notes []string

	Past   int // generations that Undo can go back to
	Behind int // open disks that are served by an older generation

	Held     int        // requests that wait for a person; [Host.Held] has them
	Handles  int        // open disks
	InFlight []InFlight // requests that have not been answered, oldest first
}

// ClosedTimes say for how long the gate was closed.
type ClosedTimes struct {
	Last, Median, P99, Longest time.Duration
}

func closedTimes(swaps []time.Duration) (out ClosedTimes) {
	if len(swaps) == 0 {
		return out
	}
	out.Last = swaps[len(swaps)-1]
	sorted := slices.Sorted(slices.Values(swaps))
	at := func(part float64) time.Duration { return sorted[int(part*float64(len(sorted)-1))] }
	out.Median, out.P99, out.Longest = at(0.5), at(0.99), at(1)
	return out
}

// InFlight is a request on its way.
type InFlight struct {
	Op       plugins.Op
	Flags    plugins.Flags
	Offset   uint64
	Length   uint64
	Origin   plugins.Origin
	Received plugins.Stamp
	Waiting  bool // at the gate, while a reload closes it

	Rule  uint16        // that delays it; 0 = it is with the script
	Until plugins.Stamp // when the delay ends
}

func inFlight(r *plugins.Request) InFlight {
	return InFlight{Op: r.Op, Flags: r.Flags, Offset: r.Offset, Length: r.Length, Origin: r.Origin, Received: r.Received}
}

// oldestFirst sorts requests by when they came.
func oldestFirst(list []InFlight) []InFlight {
	slices.SortFunc(list, func(a, b InFlight) int { return cmp.Compare(a.Received, b.Received) })
	return list
}
