package replay

import (
	"fmt"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// A Report says what differs. The first side is what was recorded, the second
// what a plugin answered now, or another recording.
type Report struct {
	Requests    uint64 // on the first side
	Connections uint64
	Compared    uint64 // of the requests, those whose answers were held against each other
	Differ      uint64 // how much differs: answers, disks, and requests that one side lacks
	First       []Difference
	Left        []Left   // what was not sent, or not compared
	Notes       []string // what one must know to judge the rest

	Callbacks []CallbackPair

	Recorded time.Duration // how long the recording is
	Took     time.Duration // how long the replay took
}

// A Left counts what was left out for one reason.
type Left struct {
	Why   Reason
	Count uint64
}

// A Reason is why a request was not sent, or its answer not compared.
type Reason uint8

// The reasons.
const (
	NoData   Reason = iota // the bytes of the write were not kept
	NotSent                // the script never saw it
	Meddled                // a rule or a person had a hand in it
	ReadOnly               // it writes, and the replay is read-only
	Unknown                // what it read is not known
	NoSum                  // of what it read no hash was kept
	Late                   // the client was gone before the answer
	NotOpen                // its connection could not be opened
	numReasons
)

// reasonTexts say what was left out, of one and of several, and why.
var reasonTexts = [numReasons]struct{ one, several, why string }{
	NoData:   {"write was", "writes were", "not sent: the data are not in the recording (record with --payload full)"},
	NotSent:  {"request was", "requests were", "not sent: the script had not seen it, either"},
	Meddled:  {"answer was", "answers were", "not compared: a rule or a person had a hand in it"},
	ReadOnly: {"request that writes was", "requests that write were", "not sent: the replay is read-only"},
	Unknown:  {"read was", "reads were", "not compared: what stood there is not known, for it was written by several at once, or by a write that was not sent or has been reported"},
	NoSum:    {"read was", "reads were", "compared by errors alone: the recording has no hash of the data (record with --payload hash or full)"},
	Late:     {"answer was", "answers were", "not compared: the client had gone or the program was stopping"},
	NotOpen:  {"request was", "requests were", "not sent: the connection could not be opened"},
}

// String returns what is said of several.
func (r Reason) String() string { return reasonTexts[r].several + " " + reasonTexts[r].why }

// String says how much was left out, and why.
func (l Left) String() string {
	if l.Count == 1 {
		return "1 " + reasonTexts[l.Why].one + " " + reasonTexts[l.Why].why
	}
	return fmt.Sprintf("%d %s", l.Count, l.Why)
}

// Verdict says how much differs: "2 differ".
func (r *Report) Verdict() string {
	if r.Differ == 1 {
		return "1 differs"
	}
	return fmt.Sprintf("%d differ", r.Differ)
}

var reasonNames = [numReasons]string{"no_data", "not_sent", "meddled", "read_only", "unknown", "no_sum", "late", "not_open"}

// Name returns the word that JSON uses.
func (r Reason) Name() string { return reasonNames[r] }

// A Kind is what differs.
type Kind uint8

// The kinds of difference.
const (
	Errno   Kind = iota // one failed, or both by other errors
	Data                // the bytes
	Size                // the size of a disk that was opened
	Refused             // a disk that was opened, and is not now
	Missing             // a request that the second side has not
	Added               // one that the first side has not
)

var kindNames = [...]string{"errno", "data", "size", "refused", "missing", "added"}

// String returns the word for k.
func (k Kind) String() string { return kindNames[k] }

// A Difference is a request, or an opening of a disk, that came out otherwise.
type Difference struct {
	Kind  Kind
	Event recordings.Event // of the first side, unless it was Added
	Other recordings.Event // of the second, in a diff

	Was, Is Answer

	// Of Data: the first byte that differs, counted in the request, if Exact; else
	// it is not before At.
	At    uint64
	Exact bool
}

// An Answer is one side of a difference.
type Answer struct {
	Errno syscall.Errno
	Text  string // why it failed: callback, file and line, message
	Size  uint64 // of the disk
	Data  []byte // a few bytes, from the first on that differs
}

// shownData is how many bytes of an answer are shown.
const shownData = 16

// CallbackPair is what one callback did on both sides; nil where it did not run.
type CallbackPair struct {
	Was, Is *recordings.CallbackStats
}

// Callback returns the callback.
func (p CallbackPair) Callback() plugins.Callback {
	if p.Was != nil {
		return p.Was.Callback
	}
	return p.Is.Callback
}

// pairCallbacks puts the figures of both sides beside each other. Of several
// generations, those of the first side have a row each, with the newest of the second.
func pairCallbacks(was, is []recordings.CallbackStats) []CallbackPair {
	newest := map[plugins.Callback]*recordings.CallbackStats{}
	for i := range is {
		newest[is[i].Callback] = &is[i] // generations ascend
	}
	var out []CallbackPair
	seen := map[plugins.Callback]bool{}
	for i := range was {
		cb := was[i].Callback
		seen[cb] = true
		out = append(out, CallbackPair{&was[i], newest[cb]})
	}
	for i := range is {
		if cb := is[i].Callback; !seen[cb] && newest[cb] == &is[i] {
			out = append(out, CallbackPair{nil, &is[i]})
		}
	}
	return out
}

// A tally makes a report.
type tally struct {
	Report
	limit int
	left  [numReasons]uint64
}

// differ counts a difference and keeps the first ones.
func (t *tally) differ(d Difference) {
	t.Differ++
	if len(t.First) < t.limit {
		t.First = append(t.First, d)
	}
}

// finish returns the report.
func (t *tally) finish() *Report {
	for why, n := range t.left {
		if n > 0 {
			t.Left = append(t.Left, Left{Reason(why), n})
		}
	}
	return &t.Report
}

// defaultLimit is how many differences are kept if nothing else is said.
const defaultLimit = 10
