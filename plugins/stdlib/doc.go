// Package stdlib is what scripts may call: disks in memory and in files, and
// nbdkit's helper functions. It is written once, in Go; plugins/lua and
// plugins/starlark only convert arguments and results, so both languages agree
// on every limit and every message.
//
//	script          disk:pread(4096, 0)        disk.pread(4096, 0)
//	                      |                          |
//	plugins/lua, plugins/starlark: numbers, strings, error values
//	                      \                          /
//	stdlib             [Disk] = [Memory] | [File],  [ParseSize]
//
// A Disk does what it is asked completely, or fails with an error that carries
// an errno (see plugins.ErrnoOf). The objects hold their own locks, because a
// disk that survives a reload belongs to two generations of a script for a
// while and may be used by scripts that run in parallel.
//
// Nothing here knows a language, prints, or starts a goroutine.
package stdlib
