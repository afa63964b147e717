// Package export writes recordings in the formats of other tools.
//
//	format   what opens it             what is in it
//	jsonl    jq, duckdb                every event, a JSON object a line
//	csv      spreadsheets, pandas      every event, in the same columns
//	pcapng   Wireshark, tshark         every request, as NBD over TCP
//	fio      fio --read_iolog          the requests that fio can do again
//	log      scripts for nbdkit's log  every request, as nbdkit's log filter writes it
//	chrome   Perfetto, chrome://tracing  requests and callbacks as spans, the rest as marks
//
// [Write] streams: it reads some events at a time, and its memory does not grow
// with the recording.
//
//	Source -> batches -> filter -> (time order) -> encoder -> io.Writer
//
// A log has its events in the order in which they ended, since a request is a
// fact once it is answered. jsonl and csv keep that order. The other formats tell
// what began when: for them each request becomes two moments, which are put in order
// of time within a window of many thousand. Only a request that took longer
// than all of the window is told late, with its true times.
//
// The few bytes of NBD, TCP and IP that a capture needs are written here with
// names of their own: they are a file format in this place, and the package of
// the protocol stands above recordings.
package export
