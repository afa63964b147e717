package plugins

// A Callback is a function that a script may define; the contract is a fixed list.
type Callback uint8

// The callbacks, in the order of a plugin's life.
const (
	NoCallback Callback = iota // the top level of a script, or nothing at all

	Load
	DumpPlugin
	Config
	ConfigComplete
	ThreadModelCallback
	GetReady
	AfterFork
	AfterReload

	Preconnect
	ListExports
	DefaultExport
	Open
	GetSize
	CanWrite
	CanZero
	CanFastZero
	CanTrim
	CanFUA
	CanFlush
	IsRotational
	CanMultiConn
	CanCache
	CanExtents
	ExportDescription
	BlockSize

	Pread
	Pwrite
	Flush
	Trim
	Zero
	Extents
	Cache

	Close
	BeforeReload
	Cleanup
	Unload

	NumCallbacks // how many there are, for arrays indexed by Callback
)

// An Arg is one argument of a callback: which field of [Call] it is taken from.
type Arg uint8

// The arguments.
const (
	ArgHandle   Arg = iota + 1 // Call.Handle
	ArgReadOnly                // Call.ReadOnly, a boolean
	ArgTLS                     // Call.TLS, a boolean
	ArgKey                     // Call.Key, a string
	ArgValue                   // Call.Value, a string
	ArgCount                   // Call.Length, an integer
	ArgOffset                  // Call.Offset, an integer
	ArgData                    // Call.Data, bytes to write
	ArgBuffer                  // Call.Data, a buffer that the script fills (API version 2)
	ArgFlags                   // Call.Flags, an integer
	ArgMayTrim                 // whether Call.Flags has FlagMayTrim, a boolean (API version 1)
	ArgState                   // Call.State, a plain value
)

// A Result is what a callback returns: which field of [Call] receives it.
type Result uint8

// The results.
const (
	ResultNone       Result = iota // nothing; a returned value is ignored
	ResultHandle                   // Call.Handle, any value of the script
	ResultBool                     // Call.Bool; anything but a boolean is an error
	ResultInt                      // Call.Int, one of the NBDKIT_FUA_*, CACHE_* or THREAD_MODEL_* numbers
	ResultSize                     // Call.Int, a number of bytes: an integer, a float without its fraction, or digits
	ResultText                     // Call.Text, a string; nil or None leaves Call.Missing set
	ResultBytes                    // Call.Data, at least Call.Length bytes
	ResultExtents                  // Call.Extents
	ResultExports                  // Call.Exports
	ResultBlockSizes               // Call.BlockSizes, three integers
	ResultState                    // Call.State, a plain value
)

// A Signature is how a callback is called in one API version.
type Signature struct {
	Args   []Arg
	Result Result
}

// callbacks is the one table of the contract: names, what must be there, and
// the signatures of API version 1 and 2 (v2 is v1 where it is not given).
var callbacks = [NumCallbacks]struct {
	name     string
	required bool
	v1       Signature
	v2       *Signature
}{
	NoCallback: {name: ""},

	Load:                {name: "load"},
	DumpPlugin:          {name: "dump_plugin"},
	Config:              {name: "config", v1: Signature{args(ArgKey, ArgValue), ResultNone}},
	ConfigComplete:      {name: "config_complete"},
	ThreadModelCallback: {name: "thread_model", v1: Signature{nil, ResultInt}},
	GetReady:            {name: "get_ready"},
	AfterFork:           {name: "after_fork"},
	AfterReload:         {name: "after_reload", v1: Signature{args(ArgState), ResultNone}},

	Preconnect:    {name: "preconnect", v1: Signature{args(ArgReadOnly), ResultNone}},
	ListExports:   {name: "list_exports", v1: Signature{args(ArgReadOnly, ArgTLS), ResultExports}},
	DefaultExport: {name: "default_export", v1: Signature{args(ArgReadOnly, ArgTLS), ResultText}},
	Open:          {name: "open", required: true, v1: Signature{args(ArgReadOnly), ResultHandle}},

	GetSize:           {name: "get_size", required: true, v1: Signature{args(ArgHandle), ResultSize}},
	CanWrite:          {name: "can_write", v1: Signature{args(ArgHandle), ResultBool}},
	CanZero:           {name: "can_zero", v1: Signature{args(ArgHandle), ResultBool}},
	CanFastZero:       {name: "can_fast_zero", v1: Signature{args(ArgHandle), ResultBool}},
	CanTrim:           {name: "can_trim", v1: Signature{args(ArgHandle), ResultBool}},
	CanFUA:            {name: "can_fua", v1: Signature{args(ArgHandle), ResultInt}},
	CanFlush:          {name: "can_flush", v1: Signature{args(ArgHandle), ResultBool}},
	IsRotational:      {name: "is_rotational", v1: Signature{args(ArgHandle), ResultBool}},
	CanMultiConn:      {name: "can_multi_conn", v1: Signature{args(ArgHandle), ResultBool}},
	CanCache:          {name: "can_cache", v1: Signature{args(ArgHandle), ResultInt}},
	CanExtents:        {name: "can_extents", v1: Signature{args(ArgHandle), ResultBool}},
	ExportDescription: {name: "export_description", v1: Signature{args(ArgHandle), ResultText}},
	BlockSize:         {name: "block_size", v1: Signature{args(ArgHandle), ResultBlockSizes}},

	Pread: {name: "pread", required: true,
		v1: Signature{args(ArgHandle, ArgCount, ArgOffset), ResultBytes},
		v2: &Signature{args(ArgHandle, ArgBuffer, ArgOffset, ArgFlags), ResultNone}},
	Pwrite: {name: "pwrite",
		v1: Signature{args(ArgHandle, ArgData, ArgOffset), ResultNone},
		v2: &Signature{args(ArgHandle, ArgData, ArgOffset, ArgFlags), ResultNone}},
	Flush: {name: "flush",
		v1: Signature{args(ArgHandle), ResultNone},
		v2: &Signature{args(ArgHandle, ArgFlags), ResultNone}},
	Trim: {name: "trim",
		v1: Signature{args(ArgHandle, ArgCount, ArgOffset), ResultNone},
		v2: &Signature{args(ArgHandle, ArgCount, ArgOffset, ArgFlags), ResultNone}},
	Zero: {name: "zero",
		v1: Signature{args(ArgHandle, ArgCount, ArgOffset, ArgMayTrim), ResultNone},
		v2: &Signature{args(ArgHandle, ArgCount, ArgOffset, ArgFlags), ResultNone}},
	Extents: {name: "extents", v1: Signature{args(ArgHandle, ArgCount, ArgOffset, ArgFlags), ResultExtents}},
	Cache:   {name: "cache", v1: Signature{args(ArgHandle, ArgCount, ArgOffset, ArgFlags), ResultNone}},

	Close:        {name: "close", v1: Signature{args(ArgHandle), ResultNone}},
	BeforeReload: {name: "before_reload", v1: Signature{nil, ResultState}},
	Cleanup:      {name: "cleanup"},
	Unload:       {name: "unload"},
}

func args(a ...Arg) []Arg { return a }

// String returns the name that a script gives the function: "pread".
func (c Callback) String() string {
	if c < NumCallbacks {
		return callbacks[c].name
	}
	return "?"
}

// Required reports whether a script without c is refused.
func (c Callback) Required() bool { return c < NumCallbacks && callbacks[c].required }

// Signature returns how c is called by scripts of the given API version (1 or 2).
// The caller must not change it.
func (c Callback) Signature(version int) Signature {
	row := &callbacks[c]
	if version >= 2 && row.v2 != nil {
		return *row.v2
	}
	return row.v1
}

// ParseCallback returns the callback of that name.
func ParseCallback(name string) (Callback, bool) {
	for c := NoCallback + 1; c < NumCallbacks; c++ {
		if callbacks[c].name == name {
			return c, true
		}
	}
	return NoCallback, false
}
