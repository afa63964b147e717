// Package check looks for mistakes in a script without serving it: it loads the
// script, plays a client, and reports what a user should mend, with file and
// line.
//
// [Run] goes from the outside in, as far as the script lets it come:
//
//	names      what the top level has defined: misspelt, of no use, of the wrong shape
//	start      nbdkit's life cycle up to the first client
//	clients    one that asks for everything, one after it, two at once, one that only reads
//	pairs      what the script says it can, against what it has
//	reads      first, last, odd, unaligned and long; the same twice; extents, cache
//	writes     only if asked to: written, read back, put back as it was
//	parameters whether a misspelt one would be noticed
//
// A script that fails on purpose, by raising an error that it has named (ENOSPC
// and the like), makes no mistake: that is a [Refusal], not a [Finding].
//
// Every run of the script is bounded in time by a watchdog, which stands between
// the plugins.Instance and the plugins.Script. What does not come back even when
// it is interrupted (a read of a pipe that nobody writes) is left behind on its
// goroutine, and the check ends.
package check
