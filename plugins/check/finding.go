package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workbench/plugins"
)

// Severity says how bad a finding is.
type Severity uint8

// The severities, the worst first.
const (
	Error   Severity = iota // clients will get an error or wrong data, or cannot come
	Warning                 // it runs, but hardly as it was meant
	Note                    // worth to know
)

// String returns "error", "warning" or "note".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return "note"
}

// A Rule names a kind of finding, for programs: it stays the same when the text changes.
type Rule string

// The rules.
const (
	RuleStart     Rule = "start"     // the script does not load, or does not get ready
	RuleName      Rule = "name"      // a name that is misspelt, local, or no function
	RuleField     Rule = "field"     // a field with a value that is of no use
	RuleSignature Rule = "signature" // parameters that do not fit the API version
	RulePair      Rule = "pair"      // callbacks and answers that do not fit each other
	RuleFailure   Rule = "failure"   // a callback failed, not on purpose
	RuleHang      Rule = "hang"      // a callback did not come back in time
	RuleSlow      Rule = "slow"      // a callback came back late
	RuleSize      Rule = "size"      // the size of the disk
	RuleData      Rule = "data"      // what was read is not what it should be
	RuleExtents   Rule = "extents"   // extents against data
	RuleWrite     Rule = "write"     // what was written is not there
	RuleNeighbour Rule = "neighbour" // a write changed what stands beside it
	RuleRestore   Rule = "restore"   // the disk could not be put back as it was
	RuleParameter Rule = "parameter" // parameters that nobody reads
)

// A Finding is one thing to mend.
type Finding struct {
	Severity Severity
	Rule     Rule
	Callback plugins.Callback // NoCallback if it is not about one
	File     string
	Line     int    // 0 = not known
	Text     string // what is wrong
	Advice   string // what to do; may be empty
	Excerpt  string // the line and a caret below it, or ""
	Times    int    // how often it came up
}

// Position returns "file:line", or "file" without a line.
func (f *Finding) Position() string {
	return (&plugins.Error{File: f.File, Line: f.Line}).Position()
}

// A Refusal is a request that the script refused on purpose.
type Refusal struct {
	Request string // "WRITE of 512 bytes at 4096"
	Err     error
	Times   int
}

// A Line is something that the script printed, one line or more.
type Line struct {
	Callback plugins.Callback
	Text     string
}

// A Disk is an export that was opened.
type Disk struct {
	Export      string
	Description string
	Info        plugins.Info
	BlockSizes  plugins.BlockSizes
}

// A Report is what came out of a check.
type Report struct {
	Script     string // its path
	Language   string
	APIVersion int
	Callbacks  []plugins.Callback // that the script defines
	Model      plugins.ThreadModel
	Disks      []Disk
	Findings   []Finding // sorted: the worst first, then by place
	Refusals   []Refusal
	Output     []Line // at most maxOutput
	Unshown    int    // lines of output beyond those
	Requests   int    // that were sent
	Changing   bool   // a disk that nobody can write gives other bytes from read to read
	Written    bool   // writes were among them
	Took       time.Duration
}

// Count returns how many findings have severity s.
func (r *Report) Count(s Severity) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

// sort puts the findings into their order.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// requestText describes a request for people.
func requestText(r *plugins.Request) string {
	if r.Op == plugins.OpFlush {
		return r.Op.String()
	}
	text := fmt.Sprintf("%s of %s at %d", r.Op, count(r.Length, "byte"), r.Offset)
	if r.Flags != 0 {
		text += " with " + r.Flags.String()
	}
	return text
}

// count returns "1 byte" or "2 bytes".
func count[T int | uint64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
