// Command workbench is a bench for people who write or study network block
// devices. It loads a plugin script, serves it over NBD and as a file, and shows
// what happens.
//
// Each verb has a file of its own, in three parts: the constructor of its
// command, its options, and what it runs. The verbs that serve (run, mount and
// the bare tour) share one bench, which is put together and taken apart here:
//
//	              script
//	                |
//	host.Host, which writes what happens to a recordings.Log
//	   |           |                          |
//	nbd.Server  fusemount.Mount      screen, headless lines
//	   |           |
//	sockets      mount point         or a captive command, which uses them
//
// What was opened last is closed first, whatever went wrong in between, so that
// no socket, mount, process or temporary file stays behind.
package main
