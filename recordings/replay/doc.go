// Package replay does the requests of a recording again, and compares: what a
// plugin answers now with what was recorded ([Run]), or one recording with
// another ([Diff]).
//
//	Recording -> plan -> runner -> Backend
//	             steps   |  one client for each recorded connection
//	                     v
//	                   Report
//
// # Order
//
// The plan sorts what happened by when the script was entered. A step waits until
// everything is done that the script had left before it was entered for this one. So
// what was ordered stays ordered, across connections too, and what ran in the
// script side by side may do so again. A script that was run by one request at a
// time gets its requests one by one, in the same order.
//
// A recording holds requests in the order of their answers. The plan looks some
// thousand steps ahead to sort them; a step that comes later than that is done
// late, which its neighbours cannot tell from a slow script: they overlapped.
//
// # What is compared
//
// Every errno, the bytes of every read (or their hash, if no more was kept), and
// the size of every disk. Extents are asked for, but a recording does not hold the
// answer, so that only its errno is compared. What cannot be known is not
// compared, and the report counts it:
//
//   - reads of what was written by two requests at once, or while it was read:
//     which one came first is anybody's guess;
//   - reads of what a write changed whose bytes were not kept, which is not sent;
//   - the answer to a request that a rule or a person changed or answered; if the
//     script never saw it, it is not sent, as any other that the script never saw and
//     that the disk does not refuse by itself;
//   - reads of a place at which a write has been reported already.
//
// Such a place is known again when it has been written or zeroed since. All
// exports are taken for views of one disk.
//
// What a client asks before it opens a disk, as a list of the exports, is not asked
// again, and a disk that could not be opened is not tried.
package replay
