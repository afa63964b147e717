package recordings

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"workbench/plugins"
)

// readPrologue reads what stands before the first block.
func (f *File) readPrologue() error {
	var b [prologueSize]byte
	if _, err := f.file.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: cannot read the recording: %w", f.path, errnoOf(err))
	}
	magic := string(b[:len(fileMagic)])
	if magic[:6] == fileMagic[:6] && magic[6] != fileMagic[6] {
		return fmt.Errorf("%s: a recording of version %q, this program reads version %q", f.path, magic[6], fileMagic[6])
	}
	if magic != fileMagic || f.size < prologueSize {
		return fmt.Errorf("%s: not a recording", f.path)
	}
	f.identity = binary.LittleEndian.Uint32(b[len(fileMagic):])
	return nil
}

// maxFacts bounds what is read of headers, scripts and exports, in bytes.
const maxFacts = 2 * maxBody

// errNoIndex is a file that has to be scanned.
var errNoIndex = errors.New("no index")

// readIndexes returns all blocks, as footer and indexes name them.
func (f *File) readIndexes() ([]indexEntry, error) {
	var b [trailerSize]byte
	if f.size < prologueSize+trailerSize {
		return nil, errNoIndex
	}
	if _, err := f.file.ReadAt(b[:], f.size-trailerSize); err != nil || string(b[8:]) != trailerMagic {
		return nil, errNoIndex
	}
	body, err := f.readBlock(int64(binary.LittleEndian.Uint64(b[:])), footerBlock)
	if err != nil {
		return nil, err
	}
	var foot footer
	if err := json.Unmarshal(body, &foot); err != nil {
		return nil, errNoIndex
	}
	var blocks []indexEntry
	for i, at := range foot.Indexes {
		if i > 0 && at <= foot.Indexes[i-1] {
			return nil, errNoIndex
		}
		body, err := f.readBlock(at, indexBlock)
		if err != nil {
			return nil, err
		}
		more, err := parseIndex(body)
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			if n := len(blocks); e.at < prologueSize || e.end() > f.size || n > 0 && e.at < blocks[n-1].end() {
				return nil, errNoIndex
			}
			blocks = append(blocks, e)
		}
	}
	figures := foot.stats()
	f.figures = &figures
	if foot.Requests != nil && foot.Failed != nil {
		f.tally = &Tally{*foot.Requests, *foot.Failed}
	}
	return blocks, nil
}

// readBlock reads the block of a kind that begins at a place.
func (f *File) readBlock(at int64, kind blockKind) ([]byte, error) {
	e, err := f.readHead(at)
	if err != nil {
		return nil, err
	}
	if e.head.kind != kind {
		return nil, errNoIndex
	}
	return f.readBody(&e)
}

// readHead reads the head of the block that begins at a place.
func (f *File) readHead(at int64) (indexEntry, error) {
	var b [blockHeadSize]byte
	if at < prologueSize || at > f.size-blockHeadSize {
		return indexEntry{}, errDamaged
	}
	if _, err := f.file.ReadAt(b[:], at); err != nil {
		return indexEntry{}, err
	}
	h, err := parseHead(b[:], f.identity)
	return indexEntry{at, h}, err
}

// scan returns all blocks, going from head to head. Where there is none, it
// looks for the next one.
func (f *File) scan() (blocks []indexEntry, err error) {
	f.figures, f.tally = nil, nil
	at, closed := int64(prologueSize), false
	for at < f.size && !closed {
		e, err := f.readHead(at)
		if err == nil && e.end() <= f.size {
			blocks = append(blocks, e)
			closed = e.head.kind == footerBlock
			at = e.end()
			continue
		}
		next, err := f.resume(at + 1)
		if err != nil {
			return nil, err
		}
		if next < 0 {
			f.lack("the last %d bytes are an unfinished block", f.size-at)
			break
		}
		f.lack("%d bytes at %d are damaged", next-at, at)
		at = next
	}
	if closed {
		f.lack("the index is damaged")
	} else {
		f.lack("the end: the recording was not closed")
	}
	return blocks, nil
}

// resume returns where the next block begins, from a place on, or -1.
func (f *File) resume(at int64) (int64, error) {
	const step = 256 << 10
	buf := make([]byte, step+blockHeadSize)
	for ; at < f.size; at += step {
		n, err := f.file.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, fmt.Errorf("%s: cannot read the recording: %w", f.path, errnoOf(err))
		}
		b := buf[:n]
		for from := 0; ; from++ {
			i := findHead(b[from:], f.identity)
			if i < 0 || from+i >= step {
				break
			}
			from += i
			if len(b)-from < blockHeadSize {
				break
			}
			h, err := parseHead(b[from:], f.identity)
			if e := (indexEntry{at + int64(from), h}); err == nil && e.end() <= f.size {
				return e.at, nil
			}
		}
	}
	return -1, nil
}

// readFacts reads what the blocks of JSON say, and makes the header of it.
func (f *File) readFacts(blocks []indexEntry) error {
	found, room := false, maxFacts
	for i := range blocks {
		e := &blocks[i]
		switch e.head.kind {
		case headerBlock, generationBlock, exportBlock:
		default:
			continue
		}
		if room -= int(e.head.size); room < 0 {
			f.lack("some generations of the script, since there are too many")
			break
		}
		body, err := f.readBody(e)
		if err == nil {
			err = f.readFact(e.head.kind, body)
			found = found || err == nil && e.head.kind == headerBlock
		}
		if err != nil {
			f.lack("a block at %d that says what was recorded is damaged", e.at)
		}
	}
	if !found {
		f.lack("the header: what was recorded, and when")
	}
	return nil
}

func (f *File) readFact(kind blockKind, body []byte) error {
	switch kind {
	case headerBlock:
		h, raw, err := parseHeader(body)
		if err != nil {
			return err
		}
		h.Generations, h.Exports = f.header.Generations, f.header.Exports
		f.header = h
		f.shift = raw.Epoch.Sub(plugins.Stamp(0).Time().Round(0))
		if raw.Lost > 0 {
			f.lack("%d events from before the recording began", raw.Lost)
		}
	case generationBlock:
		g, err := parseGeneration(body)
		if err != nil {
			return err
		}
		f.header.Generations = append(f.header.Generations, g)
	case exportBlock:
		e, err := parseExport(body)
		if err != nil {
			return err
		}
		f.header.Exports = append(f.header.Exports, e)
	}
	return nil
}

// sortBlocks takes over the blocks of events and payloads. What is numbered
// twice, or backwards, is not from this recording and left out.
func (f *File) sortBlocks(blocks []indexEntry) {
	var next, nextPayload uint64
	latest := plugins.Stamp(0)
	for _, e := range blocks {
		h := &e.head
		switch h.kind {
		case eventBlock:
			if h.first < next {
				f.lack("a block at %d that is numbered wrong", e.at)
				continue
			}
			if h.first > next {
				f.lack("%d events before number %d", h.first-next, h.first)
			}
			next = h.first + uint64(h.count)
			if s := f.shifted(h.latest); len(f.events) == 0 || s > latest {
				latest = s
			}
			f.events, f.latest = append(f.events, e), append(f.latest, latest)
		case payloadBlock:
			if h.first < nextPayload {
				f.lack("a block at %d that is numbered wrong", e.at)
				continue
			}
			nextPayload = h.first + uint64(h.count)
			f.payloads = append(f.payloads, e)
		}
	}
}
