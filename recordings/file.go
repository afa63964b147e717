package recordings

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"workbench/plugins"
)

// A File is a recording that is read. It keeps where the blocks are, and as many
// of them decoded as fit its cache. Its methods may be called from any goroutine.
type File struct {
	file     *os.File
	path     string
	size     int64
	identity uint32
	decoder  *zstd.Decoder
	header   Header
	shift    time.Duration // from the stamps in the file to those of this process

	events   []indexEntry    // blocks of events, ascending
	latest   []plugins.Stamp // the latest event up to the end of each block, shifted
	payloads []indexEntry    // blocks of payloads, ascending

	tally *Tally // as the footer has it; nil: it has none

	cache cache // of decoded blocks

	mu      sync.Mutex
	lacks   []string         // what is missing, in words; guarded by mu
	damaged map[int64]uint32 // blocks that cannot be read, and their events; guarded by mu
	figures *[]CallbackStats // nil until they are known; guarded by mu
}

var _ Recording = (*File)(nil)

// OpenFile opens a recording. One that is cut or damaged opens too, as far as
// its beginning is there; see Missing.
func OpenFile(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot open the recording: %w", path, errnoOf(err))
	}
	f := &File{file: file, path: path, damaged: map[int64]uint32{}, cache: newCache(cacheBytes)}
	if err := f.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) open() error {
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("%s: cannot open the recording: %w", f.path, errnoOf(err))
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a recording: not a regular file", f.path)
	}
	f.size = info.Size()
	f.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return err
	}
	if err := f.readPrologue(); err != nil {
		return err
	}
	blocks, err := f.readIndexes()
	if err != nil {
		if blocks, err = f.scan(); err != nil {
			return err
		}
	}
	if err := f.readFacts(blocks); err != nil {
		return err
	}
	f.sortBlocks(blocks)
	return nil
}

// Close lets go of the file.
func (f *File) Close() error {
	if f.decoder != nil {
		f.decoder.Close()
	}
	return f.file.Close()
}

// Wait makes a file look like a log: it returns when there is an event with the
// number from, which is at once or, behind the end, never before ctx ends.
func (f *File) Wait(ctx context.Context, from uint64) error {
	if _, next := f.Bounds(); from < next {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// Header implements Recording.
func (f *File) Header() Header { return f.header }

// Missing says what the file lacks, "" if it is complete as far as it was read.
func (f *File) Missing() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := ""
	for _, what := range f.lacks {
		if text != "" {
			text += "; "
		}
		text += what
	}
	events := uint64(0)
	for _, n := range f.damaged {
		events += uint64(n)
	}
	if len(f.damaged) > 0 {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%d blocks are damaged, with %d events", len(f.damaged), events)
	}
	return text
}

// lack notes something that is missing.
func (f *File) lack(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lacks = append(f.lacks, fmt.Sprintf(format, args...))
}

// Bounds implements Source.
func (f *File) Bounds() (first, next uint64) {
	if len(f.events) == 0 {
		return 0, 0
	}
	last := &f.events[len(f.events)-1].head
	return f.events[0].head.first, last.first + uint64(last.count)
}

// Read implements Source. Events of a block that is damaged or missing are left
// out: it stops before them, and the next call goes on behind them.
func (f *File) Read(dst []Event, from uint64) int {
	n := 0
	for i := f.blockOf(from); i < len(f.events) && n < len(dst); i++ {
		h := &f.events[i].head
		if n > 0 && h.first != dst[n-1].Seq+1 {
			break
		}
		b, err := f.block(&f.events[i])
		if err != nil {
			if n > 0 {
				break
			}
			continue
		}
		skip := uint64(0)
		if from > h.first {
			skip = from - h.first
		}
		n += copy(dst[n:], b.events[skip:])
	}
	return n
}

// At returns the number of the first event that came to be at t or later, or
// the number after the last one if none did.
func (f *File) At(t plugins.Stamp) uint64 {
	_, next := f.Bounds()
	for i := sort.Search(len(f.latest), func(i int) bool { return f.latest[i] >= t }); i < len(f.events); i++ {
		b, err := f.block(&f.events[i])
		if err != nil {
			continue
		}
		for j := range b.events {
			if b.events[j].Received >= t {
				return b.events[j].Seq
			}
		}
	}
	return next
}

// Times returns when the first event came to be, and the last.
func (f *File) Times() (first, last plugins.Stamp) {
	if len(f.events) == 0 {
		return 0, 0
	}
	return f.shifted(f.events[0].head.earliest), f.latest[len(f.latest)-1]
}

// Text implements Source.
func (f *File) Text(e *Event) (string, bool) {
	text, _, ok := f.contents(e)
	return string(text), ok
}

// Data implements Source.
func (f *File) Data(e *Event) ([]byte, bool) {
	_, data, ok := f.contents(e)
	return data, ok
}

// contents returns text and data of e.
func (f *File) contents(e *Event) (text, data []byte, ok bool) {
	if e.textLen == 0 && e.dataLen == 0 {
		return nil, nil, true
	}
	b, i := f.find(e.Seq)
	if b == nil {
		return nil, nil, false
	}
	own := &b.events[i]
	text = b.body[own.side:][:own.textLen]
	data = b.body[own.side+uint64(own.textLen):][:own.dataLen]
	return text, data[:len(data):len(data)], true
}

// find returns the block of an event and where it stands there, nil if it
// cannot be read.
func (f *File) find(seq uint64) (*eventsOf, int) {
	i := f.blockOf(seq)
	if i == len(f.events) || seq < f.events[i].head.first {
		return nil, 0
	}
	b, err := f.block(&f.events[i])
	if err != nil {
		return nil, 0
	}
	return b, int(seq - f.events[i].head.first)
}

// blockOf returns which block has an event, or is the next one after it.
func (f *File) blockOf(seq uint64) int {
	return sort.Search(len(f.events), func(i int) bool {
		h := &f.events[i].head
		return h.first+uint64(h.count) > seq
	})
}

// Payload implements Recording.
func (f *File) Payload(e *Event) ([]byte, bool, error) {
	b, i := f.find(e.Seq)
	if b == nil || b.payloads == nil || b.payloads[i] == 0 {
		return nil, false, nil
	}
	number := b.payloads[i] - 1
	at := sort.Search(len(f.payloads), func(i int) bool {
		h := &f.payloads[i].head
		return h.first+uint64(h.count) > number
	})
	if at == len(f.payloads) || number < f.payloads[at].head.first {
		return nil, false, fmt.Errorf("%s: the payload of event %d is missing: %w", f.path, e.Seq, errDamaged)
	}
	body, err := f.payloadBody(&f.payloads[at])
	if err != nil {
		return nil, false, err
	}
	data, err := findPayload(&f.payloads[at].head, body, number)
	if err != nil {
		return nil, false, fmt.Errorf("%s: the payload of event %d: %w", f.path, e.Seq, err)
	}
	return data[:len(data):len(data)], true, nil
}

// Stats implements Source. A file without a footer is read once for them.
func (f *File) Stats() []CallbackStats {
	f.mu.Lock()
	known := f.figures
	f.mu.Unlock()
	if known != nil {
		return *known
	}
	var s statistics
	events := make([]Event, 1024)
	_, next := f.Bounds()
	for from := uint64(0); from < next; {
		n := f.Read(events, from)
		if n == 0 {
			break
		}
		for i := range events[:n] {
			s.add(&events[i])
		}
		from = events[n-1].Seq + 1
	}
	figures := s.summary()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.figures = &figures
	return figures
}
