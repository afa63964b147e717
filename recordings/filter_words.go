package recordings

import (
	"strings"
	"syscall"

	"workbench/plugins"
)

// The words that fields may be. A test holds them against the types that they
// stand for.

func opWords() []word {
	return []word{
		{"read", 1 << plugins.OpRead, "bytes are read"},
		{"write", 1 << plugins.OpWrite, "bytes are written"},
		{"flush", 1 << plugins.OpFlush, "what was written before is made to last"},
		{"trim", 1 << plugins.OpTrim, "bytes are not needed any more"},
		{"zero", 1 << plugins.OpZero, "zeroes are written, without sending them"},
		{"cache", 1 << plugins.OpCache, "bytes will be read soon"},
		{"extents", 1 << plugins.OpExtents, "what is allocated, and what is zero"},
	}
}

func flagWords() []word {
	return []word{
		{"may_trim", uint64(plugins.FlagMayTrim), "zero: a hole will do (NBD: without NO_HOLE)"},
		{"fua", uint64(plugins.FlagFUA), "answered when it is on stable storage"},
		{"req_one", uint64(plugins.FlagReqOne), "extents: one is enough"},
		{"fast_zero", uint64(plugins.FlagFastZero), "zero: fail rather than be slow"},
		{"df", uint64(plugins.FlagDF), "read: in one piece"},
	}
}

func fateWords() []word {
	return []word{
		{"ruled", uint64(plugins.Ruled), "a rule changed it, its answer or when that came"},
		{"held", uint64(plugins.Held), "it was held"},
		{"edited", uint64(plugins.Edited), "it is not what the client sent"},
		{"answered", uint64(plugins.Answered), "it was answered without the script"},
		{"dropped", uint64(plugins.Dropped), "the connection was cut instead of an answer"},
		{"replayed", uint64(plugins.Replayed), "it comes from a recording"},
	}
}

func kindWords() []word {
	return []word{
		{"request", 1 << Request, "a finished request"},
		{"callback", 1 << Callback, "a callback that ran besides: open, can_write, an emulated flush"},
		{"connect", 1 << Connect, "a client came"},
		{"negotiate", 1 << Negotiate, "an option of the handshake"},
		{"opened", 1 << Opened, "an export was opened for a client, or could not be"},
		{"disconnect", 1 << Disconnect, "a client went"},
		{"reload", 1 << Reload, "the script was loaded or refused"},
		{"output", 1 << Output, "what the script printed"},
		{"debug", 1 << Debug, "what it said by nbdkit.debug"},
		{"rule", 1 << Rule, "a rule was added, removed, or switched"},
		{"hold", 1 << Hold, "a request is held, or let go"},
		{"mark", 1 << Mark, "a note that a user made"},
	}
}

// The bits of src.
const (
	fromNBD = 1 << iota
	fromFUSE
	fromRecording
)

func sourceWords() []word {
	return []word{
		{"nbd", fromNBD, "a client over NBD"},
		{"fuse", fromFUSE, "the mounted file"},
		{"replay", fromRecording, "a recording, the same as replayed"},
	}
}

func sourcesOf(e *Event) (uint64, bool) {
	var has uint64
	switch e.Front {
	case plugins.FrontNBD:
		has = fromNBD
	case plugins.FrontFUSE:
		has = fromFUSE
	}
	if e.Fate&plugins.Replayed != 0 {
		has |= fromRecording
	}
	return has, has != 0
}

func callbackWords() []word {
	var words []word
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		words = append(words, word{cb.String(), 1 << cb, ""})
	}
	return words
}

// errnoWords are for completion; their bit is the number.
func errnoWords() []word {
	var words []word
	for _, name := range plugins.ErrnoNames() {
		errno, _ := plugins.ParseErrno(name)
		words = append(words, word{name, uint64(errno), errno.Error()})
	}
	return words
}

// wireWords are the errors that NBD knows.
func wireWords() []word {
	var words []word
	for _, w := range errnoWords() {
		errno := syscall.Errno(w.bit)
		if plugins.WireErrno(errno, plugins.FlagFastZero|plugins.FlagDF) == errno && w.name == plugins.ErrnoName(errno) {
			words = append(words, w)
		}
	}
	return words
}

// wrongWord returns what to write instead of a word that is often tried, or "".
func wrongWord(name string) string {
	switch {
	case strings.ContainsAny(name, "\u2264\u2265\u2260"): // what some keyboards make of <=
		return "write <=, >= or !="
	case strings.ContainsAny(name, "\u201c\u201d\u201e\u00ab\u00bb"):
		return `write straight quotes, "`
	}
	switch strings.ToLower(name) {
	case "hole", "nohole", "no_hole":
		return "a zero that may make a hole is: zero may_trim; one that may not: zero !may_trim"
	case "ok", "success":
		return "for what went well write !err"
	case "and":
		return "a space means and"
	case "or":
		return "write |"
	case "not":
		return "write ! before what must not be"
	case "readonly", "writes":
		return "what changes the disk is op:write,trim,zero"
	case "write_zeroes", "write_zeros", "writezeroes":
		return "did you mean zero?"
	case "block_status":
		return "did you mean extents?"
	}
	return ""
}
