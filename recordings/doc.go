// Package recordings keeps what happened.
//
// Everything worth knowing about a running disk is a fact, an [Event]: a
// request that was answered, a callback that ran besides, a connection, a
// reload, a line that the script printed. Whoever learns of a fact appends it to
// the [Log] and goes on; nobody is called back.
//
//	host, nbd, fusemount             readers, each at a place of its own
//	      |  Append                     ^  Read, Text, Stats
//	      v                             |
//	+---------------- Log ----------------+
//	| events  ring of fixed-size records  |  oldest dropped, and counted
//	| side    ring of texts and previews  |  dropped by itself, sooner
//	| stats   one histogram a callback    |  never dropped
//	+-------------------------------------+
//
// The Log owns its memory, all of it taken at the start: an Event has no
// pointers, so that the collector never looks at the ring, and appending
// allocates nothing. Texts (an error message, an export name) and previews (the
// first bytes of a payload) have a ring of their own, since most events have none.
//
// A [Filter] is a question about events, in a language of its own that FILTERS.md
// describes: `op:write len>=64k err`. The same one picks lines to print and requests
// that are on their way; it is compiled once and asked without allocating.
//
// A reader names events by their number, which counts from 0 and never stops.
// It reads from a number on, sees at once if that is gone already, and can never
// slow down those who append by more than the copy of a few events. [Source] is
// what readers need; a Log is one, and so is whatever holds the same facts elsewhere.
package recordings
