package recordings

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/klauspost/compress/zstd"
)

// indexEvery is after how many blocks an index is written.
const indexEvery = 4096

// A blockWriter appends blocks to a file. After an error it writes no more.
type blockWriter struct {
	file     *os.File
	identity uint32
	at       int64 // where the next block begins
	encoder  *zstd.Encoder
	buf      []byte // one block, used again

	entries []indexEntry // blocks since the last index
	indexes []int64      // where the indexes stand
}

// createFile makes a file for a recording. A file that is there already is left
// alone; a pipe or a device is written to.
func createFile(path string) (*blockWriter, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		flags = os.O_WRONLY
	}
	file, err := os.OpenFile(path, flags, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: cannot record: there is no folder %s", path, filepath.Dir(path))
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s: cannot record: there is such a file; name another, or remove it", path)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot record: %w", path, errnoOf(err))
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	var identity [4]byte
	rand.Read(identity[:]) // never fails
	w := &blockWriter{file: file, encoder: encoder, identity: binary.LittleEndian.Uint32(identity[:])}
	if err := w.write(append([]byte(fileMagic), identity[:]...)); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	return w, nil
}

// write appends b to the file.
func (w *blockWriter) write(b []byte) error {
	n, err := w.file.Write(b)
	w.at += int64(n)
	if err != nil {
		return fmt.Errorf("%s: cannot write the recording: %w", w.file.Name(), errnoOf(err))
	}
	return nil
}

// writeBlock appends a block. h needs kind and what is known of the entries.
func (w *blockWriter) writeBlock(h blockHead, body []byte) error {
	h.size, h.flags = uint32(len(body)), compressed
	w.buf = w.encoder.EncodeAll(body, append(w.buf[:0], make([]byte, blockHeadSize)...))
	stored := w.buf[blockHeadSize:]
	h.stored, h.sum = uint32(len(stored)), castagnoli(stored)
	h.append(w.buf[:0], w.identity)
	w.entries = append(w.entries, indexEntry{at: w.at, head: h})
	if err := w.write(w.buf); err != nil {
		return err
	}
	if len(w.entries) >= indexEvery && h.kind != indexBlock {
		return w.writeIndex()
	}
	return nil
}

// writeJSON appends a block of JSON.
func (w *blockWriter) writeJSON(kind blockKind, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: cannot write the recording: %w", w.file.Name(), err)
	}
	return w.writeBlock(blockHead{kind: kind}, body)
}

// writeIndex appends the index of the blocks since the one before.
func (w *blockWriter) writeIndex() error {
	if len(w.entries) == 0 {
		return nil
	}
	body := appendIndex(nil, w.entries)
	w.entries = w.entries[:0]
	w.indexes = append(w.indexes, w.at)
	err := w.writeBlock(blockHead{kind: indexBlock}, body)
	w.entries = w.entries[:0] // an index is in none
	return err
}

// finish writes the last index, the footer and where it stands, and closes the file.
func (w *blockWriter) finish(f footer) error {
	err := w.writeIndex()
	if err == nil {
		f.Indexes = w.indexes
		at := w.at
		if err = w.writeJSON(footerBlock, f); err == nil {
			err = w.write(append(binary.LittleEndian.AppendUint64(nil, uint64(at)), trailerMagic...))
		}
	}
	if err == nil {
		if serr := w.file.Sync(); serr != nil && !errors.Is(serr, syscall.EINVAL) { // a pipe cannot be synchronised
			err = fmt.Errorf("%s: cannot write the recording: %w", w.file.Name(), errnoOf(serr))
		}
	}
	return errors.Join(err, w.close())
}

// close closes the file as it is.
func (w *blockWriter) close() error {
	if err := errors.Join(w.encoder.Close(), w.file.Close()); err != nil {
		return fmt.Errorf("%s: cannot close the recording: %w", w.file.Name(), errnoOf(err))
	}
	return nil
}

// discard closes the file and removes it.
func (w *blockWriter) discard() error { return errors.Join(w.close(), w.remove()) }

// remove removes the file, which is closed and of no use to anybody.
func (w *blockWriter) remove() error {
	if info, err := os.Stat(w.file.Name()); err != nil || !info.Mode().IsRegular() {
		return nil // it is gone, or was there before
	}
	return os.Remove(w.file.Name())
}

// errnoOf returns the errno in err, whose path the caller names, or err.
func errnoOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}
