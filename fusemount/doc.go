// Package fusemount shows disks as files in a FUSE mount: one over a file, or in
// a folder each export of a plugin.
//
//	dd, mkfs, fio ...       programs, in processes of their own
//	    |  system call
//	  kernel
//	    |  /dev/fuse
//	  device > reader       reads and writes; the rest by way of go-fuse
//	    |
//	  tree > disk           the files: FUSE operations > plugins.Request
//	    |
//	  session               a disk from its opening to its closing
//	    |  Do, Finish
//	  plugins.Handle        opened from a plugins.Backend, closed by the FS
//
// [Mount] finds out what the mount point is (a regular file, a folder, nothing
// yet), clears away what a killed workbench left there, opens the disks and
// mounts them. The [FS] that it returns owns one goroutine, which serves until
// they are unmounted, by [FS.Close] or by somebody else, and then closes the
// Handles and removes what Mount created; and those that this one waits for: two,
// and the readers of the device.
//
// # The process must not touch its own mount
//
// A system call on the file waits for this process to answer it. When the
// process cannot, because it is being killed or because all that could answer
// is waiting for the call, both wait for ever. So nothing here looks at the
// mount point once it is mounted, and no other part of the program may: what
// must be known is read from /proc, which asks no file system: see [Survey].
//
// # What the file is
//
// The file behaves as a block device would: its size is fixed; O_TRUNC is
// ignored, so that "cat image > disk" works; what lies past the end is cut off;
// a write at the end fails with ENOSPC. By default each read and write of a
// program is one request (direct I/O). [Options.Cache] lets the kernel keep
// pages instead, as it does under memory maps in any case: whoever changes the
// disk by another way says so to [FS.Changed], and the kernel asks again, soon. (A
// loop device keeps pages of its own, of which nobody here knows.)
//
// # When the disk is another one
//
// A backend may cut a disk off (plugins.Client.Disconnect), as a reload does when
// the size has changed and the user wants it so. Programs that have the file
// open were told the old facts, and get ESTALE; what is in flight is given up if
// it was cut off by force. The disk is opened again at once, and who opens the
// file from then on has the new one. What was mounted read-only stays so.
//
// Errors go to the program as they are, with the errno that the script chose.
//
// # When an answer has left
//
// A read is finished when its answer is gone (it carries the data, so the time
// matters); every other request is finished just before its answer is sent.
//
// # Signals
//
// FUSE tells a file system that a program got a signal while it waits, but not
// which one. Most do no harm: a Go program interrupts its own threads all the
// time, and a request that failed for that reason would be a disk error out of
// nowhere. So the program is looked at: only when it is being killed, or when a
// signal to stop waits for it (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM), the
// request's context is cancelled, and the program gets EINTR. See request.look.
package fusemount
