// Package nbd is the Network Block Device protocol, fixed newstyle, from both
// ends: a [Server] for any [plugins.Backend], and a [Client], which is itself a
// [plugins.Handle]. [Explain] names every byte that they send each other. The
// package knows nothing of scripts and needs no other package of this program than
// the contract.
//
// # The protocol
//
// NBD gives a program a disk that is somewhere else. The server has the disk, as a
// row of bytes under a name, which is called an export; the client reads and writes
// pieces of it over a socket. A session:
//
//	client                                  server
//	                                      < greeting, what I offer      \
//	flags, what I use of it               >                              |
//	option STRUCTURED_REPLY               >                              | handshake
//	                                      < ACK                          |
//	option GO "disk"                      >                              |
//	                                      < INFO, 64 MiB, abilities      |
//	                                      < ACK                         /
//	READ, cookie 1, 4096 bytes at 0       >                             \
//	WRITE, cookie 2, 512 bytes at 8192    >                              |
//	                                      < cookie 2, done               | transmission
//	                                      < cookie 1, 4096 bytes         |
//	DISC, good-bye                        >                             /
//
// So there are two phases. In the handshake the client haggles over options, one
// after the other, until it has opened an export (GO). In the transmission it sends
// requests without waiting for the answers, which the server may give in any order:
// the cookie tells which is for what. Every number is big-endian, and most messages
// begin with a magic number, so that two sides which no longer agree on where a
// message begins notice it.
//
// # The server
//
//	accept loop (Serve)
//	     | one goroutine a connection
//	     v
//	handshake ---- open ----> transmission
//	                          reader --> workers (Handle.Do) --> writer
//	                             ^                                  |
//	                             +------- slots that are free ------+
//
// The connection's goroutine leads the handshake and waits for all others. A disk
// that does one request at a time anyway ([plugins.Serial]) gets its requests
// from the reader itself, which gathers the answers until nothing more has come
// and sends them in one write; then it stays awake for a moment, if the client is
// likely to send more at once (linger.go). If a request or a write takes longer than
// that, another goroutine becomes the reader (reader.go). Data of writes are read into
// memory that the disk may keep, if it would copy them ([plugins.Keeps]). STARTTLS puts TLS between the handshake and the
// socket, and the handshake begins anew. A client that stands still in the midst
// of the handshake, of a request or of an answer is cut off after a while
// (HandshakeTimeout, StallTimeout); between two requests it may be silent for
// ever. A slot is a request in flight together with its memory. There are so many
// slots as a client may have requests in flight, so a client that sends without
// end, or takes no answer, fills them and holds no more. The writer gathers what is
// done into one write, then tells the handle that the answer has left
// ([plugins.Finish]) and frees the slots.
//
// A client that asks for extended headers gets lengths of 64 bits, so that it may
// trim or zero a whole disk by one request; what a script is asked for is
// cut to 32 bits behind the contract (package plugins). With those, or with
// structured replies alone, a READ may be answered in pieces, of which the zeroes
// are not sent (holes.go).
//
// A WRITE is answered when the disk is done with it, and the server keeps nothing
// back. So a FLUSH, which is passed on, finds every WRITE that was answered before
// it was sent, of whatever connection, in the hands of the disk. That its flush
// covers the writes of all connections, the disk says itself (plugins.Info.MultiConn,
// a script's can_multi_conn), and then MULTI_CONN is advertised; a disk that serves
// one client at a time never says so.
//
// Every request that can be read at all is given to the Handle, also one that
// must fail, so that who watches the Handle sees what clients do wrong.
//
// # The files
//
// By layer, they are: wire.go, the numbers and their names; coder.go and
// message.go (message_ext.go for extended headers), how messages are laid out,
// said once for reading, writing and explaining; explain.go, identify.go,
// explain_handshake.go, explain_transmission.go and explain_check.go, how [Explain]
// finds its way through bytes, and terms.go, meanings.go and offers.go, its words;
// rebuild.go, the bytes of a request that is known; translate.go, what commands mean in
// the contract; conn.go, handshake.go, transmission.go, receive.go, reader.go,
// linger.go, outbox.go, holes.go, reply.go, batch.go and buffer.go, the server's connection;
// server.go, its connections and bookkeeping, and trace.go, who is told of them;
// attend.go, the backend's time in the handshake; listen.go, inherit.go and stdio.go,
// where clients come from, and peer.go, who they are; tls.go and certificates.go,
// encryption at both ends; client.go, client_handshake.go, call.go,
// client_transmission.go and arrivals.go, the other end; uri.go, the names of exports;
// error.go, why something ended.
//
// The protocol is specified in doc/proto.md of the NetworkBlockDevice project.
// Where it leaves a choice, the server does as nbdkit does, and gives a reason in
// words with every error.
package nbd
