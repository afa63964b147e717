package plugins

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// A Runtime is a language.
type Runtime interface {
	// Name returns the name that --lang takes: "lua".
	Name() string

	// Match reports whether src looks like this language, by its extension or
	// its first line.
	Match(src Source) bool

	// Compile checks the syntax of src. It runs nothing. A mistake in the
	// script is an *Error with its position.
	Compile(src Source) (Program, error)
}

// A Program is a compiled script.
type Program interface {
	// Start runs the top level of the script in a new, independent state and
	// returns it. A failure in the script is an *Error.
	Start(ctx context.Context, env Env) (Script, error)
}

// A Script is a loaded script: what a language supplies.
type Script interface {
	// APIVersion returns which signatures the script was written for: 1 or 2.
	APIVersion() int

	// Defines reports whether the script has c. The answer may change while a
	// callback up to after_fork runs, and never later.
	Defines(c Callback) bool

	// Position returns where c begins, which is blamed if it returns what it
	// must not. For one that is not defined, and for NoCallback, that is the
	// script's own file and line 0.
	Position(c Callback) (file string, line int)

	// Call runs c.Callback, which is defined, with the arguments that its
	// Signature names, taken from c, and leaves the result in c. A failure is an
	// *Error that carries callback, file and line. Call is not called while
	// another Call runs, unless Settle allowed it. When ctx ends, the
	// interpreter is interrupted and Call returns soon.
	Call(ctx context.Context, c *Call) error

	// ThreadModels returns the model of a script that does not ask for one, and
	// the loosest that the language allows.
	ThreadModels() (usual, loosest ThreadModel)

	// Settle says that the script is complete: its top level, its life cycle up
	// to after_fork and, after a reload, after_reload have run. From now on as
	// many Calls may run at once as model allows; until then it is one. A
	// language in which that needs the values of the script to be constant makes
	// them so here.
	Settle(model ThreadModel)

	// Close frees the state. No Call is running, and none will follow.
	Close() error
}

// A Call is one run of a callback: its arguments and, afterwards, its result.
// [Signature] says which fields take part.
type Call struct {
	Callback Callback

	Request *Request   // the request that it is for; nil outside of one
	Open    OpenParams // the connection that it is for; zero outside of one

	// Arguments.
	Handle   any // as Open's result left it
	ReadOnly bool
	TLS      bool
	Key      string
	Value    string
	Offset   uint64
	Length   uint64
	Flags    Flags
	Data     []byte // to write; or to fill, for a read: Length bytes
	Given    bool   // nobody will change Data that is to be written
	State    any    // nil, bool, int64, float64, string, []byte, []any, or map[string]any of these

	// Results, besides Handle, Data and State. ResultBytes replaces Data by
	// memory that nobody changes, or fills it.
	Bool       bool
	Int        int64
	Text       string
	Missing    bool // the callback returned nothing where a text was wanted
	Extents    []Extent
	Exports    []Export
	BlockSizes BlockSizes

	Started, Done Stamp // when the script was entered and left
}

// Env is what a script is started with. Its functions may be called from any
// goroutine that is in the script, and must not block.
type Env struct {
	Params   []Param
	ReadOnly bool // the server was told to serve read-only (-r)

	// Load reads a file that the script is made of besides its own, with the
	// errors of os.ReadFile, which nil stands for. Whoever watches the script
	// learns here what belongs to it. See ReadFile.
	Load func(path string) ([]byte, error)

	// Persist is asked before the script opens a file for writing, and before it
	// creates, empties, renames or removes one, which changes says. Its error
	// refuses that. nil allows all.
	Persist func(path string, changes bool) error

	// Print takes what the script prints: one line or more, without the last
	// line end. c is the call that is running; nil at the top level. A nil Print
	// drops it.
	Print func(c *Call, text string)

	// Debug takes what nbdkit.debug says; nil drops it.
	Debug func(c *Call, text string)

	// Observe is told of every callback that ran, with its times and outcome,
	// before anybody else is. nil observes nothing.
	Observe func(c *Call, err error)

	// Shutdown ends the whole program, as if it had been told to stop, with an
	// exit status. It returns at once; callbacks may follow. nil does nothing.
	Shutdown func(status int)

	// CallbackTimeout is how long a callback may run; then it is stopped and its
	// request fails with EIO. 0 = for ever.
	CallbackTimeout time.Duration

	// MemoryLimit is up to how many bytes the program may hold while a script
	// asks for more; then the callback is stopped and fails with ENOMEM. What
	// is counted in Held is left out. 0 = no limit.
	MemoryLimit int64

	// Held counts the bytes in the disks in memory and the buffers of the script,
	// also those on the shelf. nil does not count.
	Held *atomic.Int64

	// Shelf holds what outlives the script. nil gets the script one of its own.
	Shelf *Shelf

	// Version is that of the program, for scripts that ask.
	Version string
}

// ReadFile reads a file that the script loads, by Load.
func (e *Env) ReadFile(path string) ([]byte, error) {
	if e.Load == nil {
		return os.ReadFile(path)
	}
	return e.Load(path)
}

// MayChange asks Persist about a file that is opened with the flags of open(2).
func (e *Env) MayChange(path string, flags int) error {
	const writes, changes = os.O_WRONLY | os.O_RDWR, os.O_CREATE | os.O_TRUNC | os.O_APPEND
	if e.Persist == nil || flags&(writes|changes) == 0 {
		return nil
	}
	return e.Persist(path, flags&changes != 0)
}

// FindRuntime returns the runtime called name or, if name is "", the first one
// that src looks like.
func FindRuntime(runtimes []Runtime, name string, src Source) (Runtime, error) {
	var known []string
	for _, rt := range runtimes {
		if name == rt.Name() || name == "" && rt.Match(src) {
			return rt, nil
		}
		known = append(known, rt.Name())
	}
	list := strings.Join(known, ", ")
	if name != "" {
		return nil, fmt.Errorf("no language %q: there is %s", name, list)
	}
	return nil, fmt.Errorf("%s: cannot tell the language from the extension %q or the first line: rename it or choose one of %s with --lang",
		src.Path, filepath.Ext(src.Path), list)
}
