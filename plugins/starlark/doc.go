// Package starlark runs scripts that are written in Starlark, a small language
// that looks like Python, as disks.
//
// [Runtime] is a language in the sense of package plugins. It compiles a file
// into a program; each start of the program gives a script with globals of its own.
//
//	plugins.Call                                   plugins.Call, *plugins.Error
//	     |                                               ^
//	  arguments      Signature.Args, left to right    results    Signature.Result
//	     |                                               |
//	   thread ---- star.Call ----> def pread(...) -------+
//	     ^                              |
//	     +--- nbdkit.*, workbench.*, print, fail, load
//
// The names and signatures of the callbacks are those of Lua. The exception is
// load, a word of the language: what it would do stands at the top level.
// A script fails by fail or nbdkit.error, since Starlark has no exceptions, and
// keeps what changes in lists and dicts, since a function cannot rebind a global.
//
// # Threads
//
// A call runs on the goroutine of its caller, on a thread taken from the
// script's pool. All that belongs to one call alone (its arguments, the errno
// that it set, the buffer that it fills) hangs on that thread, and the
// predeclared functions find it there; they have no other state.
//
// How many calls may run at once is the thread model's matter. While it is one,
// the globals of a script stay as changeable as any value: a plugin has nowhere
// else to keep what config was told. A script that asks for more by thread_model
// gets them until it is ready (config, get_ready, after_reload); then
// [plugins.Script.Settle] makes them constant, as Starlark demands of what
// several threads can see. Under serialize_requests a handle is seen by one call
// at a time and stays changeable, under parallel it is constant, too. What must
// change then is kept in the objects of workbench, which have locks of their own.
//
// When the context of a call ends, its thread is cancelled. The cancellation
// comes from another goroutine and may arrive after the call has returned, so a
// thread whose context ended is thrown away rather than used again.
//
// # Bounds
//
// Values nest as deep as a script likes, and a range is as long. Go code that
// writes, encodes or collects them cannot be interrupted, and ends the process if
// it runs out of stack or memory. The functions of the language that a script can
// reach this way (str, repr, print, fail, range, json) are bounded: see guards.go.
// What is not: operators and methods, which cannot be replaced. Tuples inside of
// each other by the million, written by % or format or used as a key, still end
// the process.
//
// # Memory
//
// Bytes that pread returns are passed on without a copy: they are immutable in
// Starlark, and the front end must not modify them. Bytes to be written are
// copied once, since the script may keep what it is given while the front end
// uses its memory again. The buffer of an API version 2 pread is the front
// end's memory itself; it is cut off when the call returns.
package starlark
