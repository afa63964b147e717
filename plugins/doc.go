// Package plugins is the contract between the front ends, which speak to
// clients, and the scripts, which are the disks.
//
// A front end (the NBD server, the FUSE file) asks a [Backend] to open an
// export, gets a [Handle] and sends it [Request]s. Behind the Handle stands an
// [Instance]: one script, loaded and configured. The instance knows the rules
// that nbdkit has for every language alike (which callbacks are called, in
// which order, what a missing one means, how a forced write, a zero or a cache
// request is emulated, what may be asked of a script at all) and turns each
// request into callbacks of a [Script]. A Script is the only thing that a
// language has to supply, and it is small: say which callbacks are defined,
// and run one.
//
//	front end        Backend.Open, Handle.Do
//	                     |  Request
//	  Instance       check > lane > emulate
//	                     |  Call
//	  Script         plugins/lua, plugins/starlark: arguments, interpreter, result
//
// Going down, a Request has an [Op], an offset, a length and [Flags]; coming
// back up, an error carries an errno ([ErrnoOf]) and, when a script raised it,
// the callback, file and line ([Error]).
//
// A language is three types: a [Runtime] recognises and compiles a [Source]; the
// [Program] that comes out can be started any number of times; each start gives
// a Script. [Start] carries a Program through nbdkit's life cycle (load, config,
// config_complete, thread_model, get_ready, after_fork) and returns the Instance.
//
// Then the state of the generation before is handed on, if there was one, and
// [Instance.Settle] puts the thread model into force: from there on as many
// callbacks run at once as it allows, on the goroutines that called [Handle].Do.
//
// No callback runs without bounds. Each has a guard, the context that it is
// called with, which ends with the client, after Env.CallbackTimeout, and when
// the program holds more than Env.MemoryLimit while the callback asks for more.
//
// The package imports no other package of this program and starts no goroutine;
// the timers of guards run while callbacks do.
package plugins
