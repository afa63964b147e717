package fusemount

import (
	"bytes"
	"fmt"
	"syscall"
	"unsafe"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// A reader reads requests and does them, one after the other.
type reader struct {
	*device
	turn plugins.Turn

	// What was read last. The heads of reads and writes have the same layout, so
	// that what is to be written stands apart, in memory that can be given away.
	head fuse.WriteIn
	data []byte // nil = was given away

	reply struct {
		fuse.OutHeader
		fuse.WriteOut
	}
	out       []byte        // for answers of others; nil = none was needed yet
	interrupt chan struct{} // closed when the program got a signal
}

// The parts of messages, in bytes.
const (
	headSize   = int(unsafe.Sizeof(fuse.WriteIn{}))
	headerSize = int(unsafe.Sizeof(fuse.InHeader{}))
	replySize  = int(unsafe.Sizeof(fuse.OutHeader{}))
	outSize    = maxTransfer + 4096 // the longest answer: what was asked for, behind a header
)

// The numbers of the requests that are done here (FUSE_READ and so on).
const (
	opRead      = 15
	opWrite     = 16
	opInterrupt = 36
)

func (d *device) newReader() *reader {
	r := &reader{device: d, interrupt: make(chan struct{})}
	r.turn.Watch(func(uint64) { d.pass() })
	return r
}

// run reads until there are enough others who do.
func (r *reader) run() {
	defer r.leave(r)
	for {
		n, err := r.read()
		if err != nil {
			if err != syscall.ENODEV { // it was unmounted
				r.log(fmt.Sprintf("fuse: reading requests: %v", err))
			}
			r.end()
			return
		}
		serial := r.tree.serial(r.head.NodeId)
		if serial {
			mark := r.turn.Begin(plugins.Holding) // whatever else the kernel asks waits
			r.do(n)
			if r.turn.End(mark) {
				continue
			}
		} else {
			r.pass()
			r.do(n)
		}
		if !r.resume(serial) {
			return
		}
	}
}

// read waits for a request, of which it returns the length.
func (r *reader) read() (int, error) {
	if r.data == nil {
		r.data = plugins.Uncleared(maxTransfer)
	}
	for {
		n, err := unix.Readv(r.fd, [][]byte{bytesAt(&r.head), r.data})
		switch {
		case err == nil && n < headerSize:
			return 0, fmt.Errorf("a request of %d bytes: %w", n, syscall.EPROTO)
		case err == syscall.EINTR, err == syscall.ENOENT: // the request was withdrawn
		default:
			return n, err
		}
	}
}

// do does the request, of n bytes, that was read, and answers it.
func (r *reader) do(n int) {
	switch {
	case r.head.Opcode == opRead && n >= headSize:
		r.doRead()
	case r.head.Opcode == opWrite && n >= headSize && uint64(n-headSize) >= uint64(r.head.Size):
		r.doWrite()
	case r.head.Opcode == opInterrupt && r.device.interrupt((*fuse.InterruptIn)(unsafe.Pointer(&r.head)).Unique):
	default:
		r.doOther(n)
	}
}

func (r *reader) doRead() {
	in := (*fuse.ReadIn)(unsafe.Pointer(&r.head))
	r.begin(in.Unique, r.interrupt)
	answer, code := r.tree.disk(in.NodeId).Read(r.interrupt, in, r.data[:min(int(in.Size), len(r.data))])
	r.land()
	if answer == nil {
		r.answer(code, 0)
		return
	}
	r.answerHead(fuse.OK, len(answer.Data))
	r.send(bytesAt(&r.reply.OutHeader), answer.Data)
	answer.end(nil)
}

// doWrite gives the data away, if the disk would copy them: the memory that they
// were read into, if they fill most of it, else a copy.
func (r *reader) doWrite() {
	disk, data := r.tree.disk(r.head.NodeId), r.data[:r.head.Size]
	given := disk.keeps()
	switch {
	case given && len(data) > maxTransfer/2:
		r.data = nil
	case given:
		data = bytes.Clone(data)
	}
	r.begin(r.head.Unique, r.interrupt)
	n, code := disk.Write(r.interrupt, &r.head, data, given)
	r.land()
	r.answer(code, n)
}

// land says that the request cannot be interrupted any more.
func (r *reader) land() {
	r.done(r.head.Unique)
	select {
	case <-r.interrupt:
		r.interrupt = make(chan struct{})
	default:
	}
}

// answer answers a read or write that failed, or that moved n bytes without
// sending any.
func (r *reader) answer(code fuse.Status, n uint32) {
	if code != fuse.OK || r.head.Opcode == opRead {
		r.answerHead(code, 0)
		r.send(bytesAt(&r.reply.OutHeader))
		return
	}
	r.answerHead(fuse.OK, int(unsafe.Sizeof(r.reply.WriteOut)))
	r.reply.WriteOut.Size = n
	r.send(bytesAt(&r.reply))
}

// answerHead makes the header of an answer with n bytes behind it.
func (r *reader) answerHead(code fuse.Status, n int) {
	r.reply.OutHeader = fuse.OutHeader{Length: uint32(replySize + n), Status: -int32(code), Unique: r.head.Unique}
}

// doOther has go-fuse do a request.
func (r *reader) doOther(n int) {
	if r.out == nil {
		r.out = make([]byte, outSize)
	}
	request := [][]byte{bytesAt(&r.head)[:min(n, headSize)], r.data[:max(n-headSize, 0)]}
	size, code := r.others.HandleRequest(request, [][]byte{r.out})
	switch {
	case size > 0:
		r.send(r.out[:size])
	case code != fuse.OK: // go-fuse says why
		r.answerHead(code, 0)
		r.send(bytesAt(&r.reply.OutHeader))
	}
}
