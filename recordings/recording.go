package recordings

import (
	"fmt"
	"time"

	"workbench/plugins"
)

// A Recording is events with what is needed to do them again. A [File] is one.
type Recording interface {
	Source

	// Header returns what is known about the session. The caller must not
	// change it.
	Header() Header

	// Payload returns the whole payload of e: what a read returned, or a write
	// wrote. ok is false if e moved none, or if it was not kept, as under every
	// policy but PayloadFull.
	Payload(e *Event) (data []byte, ok bool, err error)
}

// A Header says what was recorded.
type Header struct {
	Created  time.Time
	Version  string // of the program
	Script   string // its path, as the user wrote it
	Language string
	Params   []plugins.Param
	ReadOnly bool
	Policy   Policy
	Filter   string // only what matches was recorded; "" = everything

	// Generations are the scripts that served, ascending by number. A reader
	// has all that were recorded.
	Generations []Generation

	// Exports are the disks that clients opened, each as it was first opened
	// under its name.
	Exports []Export
}

// A Generation is one version of the script.
type Generation struct {
	Number uint32
	Text   string
	Files  map[string]string // every file that it was made of, the script among them, by path
}

// An Export is a disk that was opened.
type Export struct {
	Name string
	Info plugins.Info
}

// A Policy says what a recording keeps of payloads, besides the first
// PreviewSize bytes.
type Policy uint8

// The policies.
const (
	PayloadNone Policy = iota // nothing, and no preview either
	PayloadHash               // Event.Sum
	PayloadFull               // Event.Sum and every byte, equal ones nearby once
)

var policyNames = [...]string{"none", "hash", "full"}

// String returns the word that the command line uses: "hash".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy %d", uint8(p))
}

// ParsePolicy returns the policy with a name.
func ParsePolicy(name string) (Policy, error) {
	for p, n := range policyNames {
		if n == name {
			return Policy(p), nil
		}
	}
	return 0, fmt.Errorf("%q: want none, hash or full", name)
}
