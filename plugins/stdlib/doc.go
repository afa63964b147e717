// Package stdlib is what scripts may call: nbdkit's helper functions, disks in
// memory and in files, buffers, pack and checksums. It is written once, in Go;
// plugins/lua and plugins/starlark only convert arguments and results, so both
// languages agree on every limit and every message.
//
//	script          buf:set_u32le(0, n)        buf.set_u32le(0, n)
//	                      |                          |
//	plugins/lua, plugins/starlark: numbers, strings, objects <> [Value]
//	                      |                          |
//	[Function].Invoke       count and types of the arguments
//	                      |
//	[Nbdkit], [Workbench], [DiskMethods], [BufferMethods]
//	                      |
//	[Disk] = [Memory] | [File],  [Buffer],  [Pack],  [ParseSize], ...
//
// A Function finds whatever it needs to know in its Invocation: the callback that
// runs, whose connection it is asked about; the Env of the script; where an errno
// is left. Its context ends with the callback, and with it a sleep.
//
// What fails says so in an error, which may carry an errno (see plugins.ErrnoOf).
// What nobody knows is an error as well, and not a number such as -1: the process
// of a client on TCP, the export outside of a connection. A delay is one number
// of seconds, which nanosleep takes.
//
// The objects hold their own locks, because a disk that survives a reload belongs
// to two generations of a script for a while, and scripts may run in parallel.
// The bytes of a buffer are seen only under its lock, and a disk reads into it and
// writes from it without a copy. What one call makes is bounded (see [MaxBytes]);
// what disks and buffers hold is counted in Env.Held while it exists.
//
// Nothing here knows a language, prints, or starts a goroutine.
package stdlib
