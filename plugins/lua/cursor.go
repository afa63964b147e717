package lua

import (
	"io"
	"os"
	"syscall"

	glua "github.com/yuin/gopher-lua"
)

// A cursor reads and writes a file at a position of its own. The system's would
// cost a call for every seek, and most disks in files seek before each request.
type cursor struct {
	file *os.File
	at   int64
}

// newCursor returns how to get about in f: a cursor, or f itself if it has no
// positions, as a pipe, or is written at its end.
func newCursor(f *os.File, flags int) (io.ReadWriteSeeker, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	const device = os.ModeDevice | os.ModeCharDevice
	if flags&os.O_APPEND != 0 || !info.Mode().IsRegular() && info.Mode()&device != os.ModeDevice {
		return f, nil
	}
	return &cursor{file: f}, nil
}

func (c *cursor) Read(p []byte) (int, error) {
	n, err := c.file.ReadAt(p, c.at)
	c.at += int64(n)
	return n, err
}

func (c *cursor) Write(p []byte) (int, error) {
	n, err := c.file.WriteAt(p, c.at)
	c.at += int64(n)
	return n, err
}

// WriteString is Write without a copy of text.
func (c *cursor) WriteString(text string) (int, error) { return c.Write(bytesOf(glua.LString(text))) }

func (c *cursor) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		end, err := c.file.Seek(0, io.SeekEnd)
		if err != nil {
			return 0, err
		}
		offset += end
	}
	if offset < 0 {
		return 0, syscall.EINVAL
	}
	c.at = offset
	return offset, nil
}
