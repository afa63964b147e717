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
//
// # Recordings
//
// A [Recorder] follows a log into a file, and a [File] reads one, as a Source with
// headers and payloads. The log waits for its recorder rather than drop what that has
// not read; nobody else is waited for. When the file cannot be written the recorder
// says so and ends, and the log goes on. [Save] copies what there is of a recording,
// or what of it a filter picks.
//
// # The file
//
// All numbers outside of bodies are little-endian and of fixed size. A varint is
// that of encoding/binary (7 bits a byte, the lowest first), a zigzag one is a
// signed number n as (n<<1)^(n>>63). Stamps are nanoseconds since the epoch in the
// header; 0 is never.
//
//	prologue   "wbrec\x00" version '\n'      8 bytes; the version is the digit '1'
//	           identity                      4 random bytes, repeated in each block
//	blocks     head (52 bytes), body
//	trailer    place of the footer u64, "wbrecend"    only if it was closed
//
// The head of a block:
//
//	 0  identity u32      as in the prologue: where a damaged file may go on
//	 4  kind u8           1 header, 2 generation, 3 export, 4 events, 5 payloads, 6 index, 7 footer
//	 5  flags u8          1 = the body is one zstd frame
//	 6  zero u16
//	 8  stored u32        bytes of the body in the file; the next block follows them
//	12  size u32          bytes of the body, decoded: events at most 2 MiB, index 8 MiB, else 96 MiB
//	16  count u32         of the events (at most 65536) or payloads in it
//	20  sum u32           CRC32C of the body in the file
//	24  first u64         the number of its first event or payload
//	32  earliest i64      stamps: the earliest and the latest Received of its events
//	40  latest i64
//	48  head sum u32      CRC32C of the 48 bytes before it
//
// Every block decodes alone. Index, footer and trailer only make seeking fast: a
// reader that finds them missing or wrong goes from head to head. A torn or damaged
// block is left out; numbers tell what it had.
//
// Events have numbers from 0 without gaps (under a filter, those that match are
// counted). A body of events has them one after the other, each told by what differs
// from the one before in the same block (all zero before the first):
//
//	lead u8                 bits 0-4 kind, 5 has a payload, 6 has text or data, 7 has a sum
//	front, op, callback, flags, fate, errno, rule, generation, conn    varints; front has bits 6 and 7 besides
//	cookie, offset          zigzag varints, less those of the event before
//	length                  varint
//	received                zigzag varint, less that of the event before
//	started, done, replied  varints: 0 = never, else 1 + zigzag of the stamp less received
//	in callback             zigzag varint, nanoseconds
//	process                 if bit 7 of front: pid as a varint, length u8 and name of its program;
//	                        if bit 6: the one that was told last in this block
//	sum u64                 if the lead has bit 7: xxHash64 of the whole payload
//	payload                 if bit 5: varint, the number of the payload
//	text length, data length varints, text, data    if bit 6
//
// The header names the kinds, fronts, ops and callbacks by number. Errnos are those
// of Linux. Data are the first bytes of the payload, at most [PreviewSize].
//
// A body of payloads has for each: the first 16 bytes of its SHA-256, its length as a
// varint, its bytes. Payloads have numbers from 0; equal ones close to each other are
// written once. They stand before the events that name them.
//
// Header, generation, export and footer are JSON, with bytes that need not be UTF-8
// in base64; facts.go has their fields. There is a header, the first block; a
// generation for each script that served, before the events that it answered; and an
// export for each disk that was opened.
//
// An index has an entry for each block since the index before: kind u8, flags u8;
// place, stored, size, count, first as varints; earliest, latest as zigzag varints;
// sum u32. The footer has the places of all indexes, the number of events and of
// requests, how many of these failed, and the figures of the callbacks.
package recordings
