package lua

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"

	glua "github.com/yuin/gopher-lua"
)

// fileType is the name of the metatable that files have.
const fileType = "FILE*"

// A file is what io.open returns. Reading is buffered, writing is not, so that
// what was written is there for everybody.
type file struct {
	f      *os.File // nil for the standard files and after close
	cursor io.ReadWriteSeeker
	reader *bufio.Reader // over cursor; its buffer is dropped by seek and write
	write  func(text string) error
	closed bool
}

// openIO makes the table io. It is not gopher-lua's: that one has the terminal
// for standard files, does not know "r+b", and allocates a buffer at every seek.
func (s *script) openIO() {
	s.newType(fileType, map[string]glua.LGFunction{
		"close":   fileClose,
		"flush":   fileFlush,
		"lines":   fileLines,
		"read":    fileRead,
		"seek":    fileSeek,
		"setvbuf": fileFlush,
		"write":   fileWrite,
	}, nil)
	output := object(s.state, fileType, &file{write: func(text string) error {
		s.out.write(text)
		return nil
	}})
	input := object(s.state, fileType, &file{})
	table := s.addLibrary("io", map[string]glua.LGFunction{
		"close": fileClose,
		"lines": ioLines,
		"open":  s.ioOpen,
		"popen": refuse("io.popen is not there: a script cannot run other programs"),
		"read":  func(L *glua.LState) int { L.Insert(input, 1); return fileRead(L) },
		"type":  ioType,
		"write": func(L *glua.LState) int { L.Insert(output, 1); return fileWrite(L) },
	})
	table.RawSetString("stdin", input)
	table.RawSetString("stdout", output)
	table.RawSetString("stderr", output)
}

// openFlags returns what open(2) is told for a mode: r, w or a, and after it "+"
// and "b" in any order.
func openFlags(mode string) (flags int, ok bool) {
	if mode == "" || strings.Trim(mode[1:], "+b") != "" || strings.Count(mode, "+") > 1 || strings.Count(mode, "b") > 1 {
		return 0, false
	}
	switch mode[0] {
	case 'r':
	case 'w':
		flags = os.O_CREATE | os.O_TRUNC
	case 'a':
		flags = os.O_CREATE | os.O_APPEND
	default:
		return 0, false
	}
	switch {
	case strings.Contains(mode, "+"):
		flags |= os.O_RDWR
	case mode[0] != 'r':
		flags |= os.O_WRONLY
	}
	return flags, true
}

// openFile opens a file with the flags of open(2).
func openFile(path string, flags int) (*file, error) {
	f, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return nil, err
	}
	c, err := newCursor(f, flags)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	write := func(text string) error {
		_, err := io.WriteString(c, text)
		return err
	}
	return &file{f: f, cursor: c, reader: bufio.NewReader(c), write: write}, nil
}

// ioOpen is io.open(path[, mode]).
func (s *script) ioOpen(L *glua.LState) int {
	path, mode := L.CheckString(1), L.OptString(2, "r")
	flags, ok := openFlags(mode)
	if !ok {
		L.ArgError(2, "invalid mode \""+mode+"\"")
	}
	if err := s.env.MayChange(path, flags); err != nil {
		return failed(L, err)
	}
	f, err := openFile(path, flags)
	if err != nil {
		return failed(L, err)
	}
	L.Push(object(L, fileType, f))
	return 1
}

// failed is the end of a function that returns nil, why, and the errno.
func failed(L *glua.LState, err error) int {
	text, number := err.Error(), 0
	var path *fs.PathError
	if errors.As(err, &path) {
		text = path.Err.Error()
		if path.Op == "open" { // only there C names the file
			text = path.Path + ": " + text
		}
	}
	var link *os.LinkError // of a rename
	if errors.As(err, &link) {
		text = link.Old + ": " + link.Err.Error()
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		number = int(errno)
		words := errno.Error() // C has a capital there, which scripts may look for
		text = strings.TrimSuffix(text, words) + strings.ToUpper(words[:1]) + words[1:]
	}
	L.Push(glua.LNil)
	L.Push(glua.LString(text))
	L.Push(glua.LNumber(number))
	return 3
}

// checkFile returns the open file that a method was called on.
func checkFile(L *glua.LState) *file {
	if u, ok := L.Get(1).(*glua.LUserData); ok {
		if f, ok := u.Value.(*file); ok {
			if f.closed {
				L.RaiseError("attempt to use a closed file")
			}
			return f
		}
	}
	L.RaiseError("wanted a file, got %s: methods are called with a colon, as in file:read(count)", kindOf(L.Get(1)))
	return nil
}

// ioType is io.type(value).
func ioType(L *glua.LState) int {
	result := glua.LValue(glua.LNil)
	if u, ok := L.Get(1).(*glua.LUserData); ok {
		if f, ok := u.Value.(*file); ok {
			result = glua.LString("file")
			if f.closed {
				result = glua.LString("closed file")
			}
		}
	}
	L.Push(result)
	return 1
}

// fileClose is file:close(). The standard files stay open.
func fileClose(L *glua.LState) int {
	f := checkFile(L)
	if f.f != nil {
		f.closed = true
		if err := f.f.Close(); err != nil {
			return failed(L, err)
		}
	}
	L.Push(glua.LTrue)
	return 1
}

// fileFlush is file:flush() and file:setvbuf(...): nothing is buffered.
func fileFlush(L *glua.LState) int {
	checkFile(L)
	L.Push(glua.LTrue)
	return 1
}

// fileSeek is file:seek([whence[, offset]]).
func fileSeek(L *glua.LState) int {
	f := checkFile(L)
	whences := []string{"set", "cur", "end"}
	whence := 1
	if L.Get(2) != glua.LNil {
		whence = L.CheckOption(2, whences)
	}
	offset, ok := int64(0), true
	if L.Get(3) != glua.LNil {
		offset, ok = integer(L.CheckNumber(3))
	}
	if !ok {
		L.ArgError(3, "not a whole number")
	}
	if f.f == nil {
		return failed(L, syscall.ESPIPE)
	}
	position, err := f.seek(offset, whence)
	if err != nil {
		return failed(L, err)
	}
	L.Push(glua.LNumber(position))
	return 1
}

// seek moves to where the script thinks that it is going: what the buffer holds
// has been read from the file, but not by the script.
func (f *file) seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		offset -= int64(f.reader.Buffered())
	}
	position, err := f.cursor.Seek(offset, whence)
	if err == nil {
		f.reader.Reset(f.cursor)
	}
	return position, err
}

// fileWrite is file:write(...), which returns the file.
func fileWrite(L *glua.LState) int {
	f := checkFile(L)
	if f.write == nil {
		return failed(L, syscall.EBADF)
	}
	if f.reader != nil && f.reader.Buffered() > 0 {
		if _, err := f.seek(0, io.SeekCurrent); err != nil {
			return failed(L, err)
		}
	}
	for i := 2; i <= L.GetTop(); i++ {
		if err := f.write(L.CheckString(i)); err != nil {
			return failed(L, err)
		}
	}
	L.Push(L.Get(1))
	return 1
}

// fileRead is file:read(...): one result for each format, up to the first nil.
func fileRead(L *glua.LState) int {
	f := checkFile(L)
	formats := L.GetTop()
	if formats == 1 {
		L.Push(glua.LString("l"))
		formats++
	}
	for i := 2; i <= formats; i++ {
		value, err := f.readFormat(L, i)
		if err != nil && err != io.EOF {
			return failed(L, err)
		}
		L.Push(value)
		if value == glua.LNil {
			return i - 1
		}
	}
	return formats - 1
}

// readFormat reads what argument n asks for: a number of bytes, or "n", "l",
// "L", "a", with or without the star of Lua 5.1. It returns nil at the end.
func (f *file) readFormat(L *glua.LState, n int) (glua.LValue, error) {
	if f.reader == nil {
		return glua.LNil, nil // standard input is not the script's, so it is empty
	}
	if count, ok := L.Get(n).(glua.LNumber); ok {
		if count < 0 || count > maxString {
			L.ArgError(n, fmt.Sprintf("wanted a number of bytes from 0 to %d", maxString))
		}
		return f.readBytes(int(count))
	}
	switch strings.TrimPrefix(L.CheckString(n), "*") {
	case "l":
		return f.readLine(L, false)
	case "L":
		return f.readLine(L, true)
	case "a":
		data, err := io.ReadAll(io.LimitReader(f.reader, maxString+1))
		if len(data) > maxString {
			L.RaiseError("the rest of the file is larger than %d bytes: read it in pieces", maxString)
		}
		return stringOf(data), err
	case "n":
		return f.readNumber()
	}
	L.ArgError(n, "invalid format")
	return glua.LNil, nil
}

func (f *file) readBytes(count int) (glua.LValue, error) {
	if count == 0 {
		if _, err := f.reader.Peek(1); err != nil {
			return glua.LNil, err
		}
		return glua.LString(""), nil
	}
	data := make([]byte, count)
	n, err := io.ReadFull(f.reader, data)
	if n == 0 {
		return glua.LNil, err
	}
	if err == io.ErrUnexpectedEOF {
		err = nil
	}
	return stringOf(data[:n]), err
}

func (f *file) readLine(L *glua.LState, keepEnd bool) (glua.LValue, error) {
	var line []byte
	piece, err := f.reader.ReadSlice('\n')
	for ; err == bufio.ErrBufferFull; piece, err = f.reader.ReadSlice('\n') {
		if line = append(line, piece...); len(line) > maxString {
			L.RaiseError("a line of the file is longer than %d bytes: read it in pieces", maxString)
		}
	}
	line = append(line, piece...)
	if len(line) == 0 {
		return glua.LNil, err
	}
	if !keepEnd {
		line = bytes.TrimSuffix(line, []byte("\n"))
	}
	return stringOf(line), err
}

// readNumber reads white space and the longest word that can be a number.
func (f *file) readNumber() (glua.LValue, error) {
	const longest = 200 // characters, as in C
	var word strings.Builder
	for word.Len() < longest {
		c, err := f.reader.ReadByte()
		if err != nil && err != io.EOF {
			return glua.LNil, err
		}
		if err == nil && word.Len() == 0 && strings.IndexByte(" \t\n\v\f\r", c) >= 0 {
			continue
		}
		if err == nil && strings.IndexByte("0123456789abcdefABCDEFxX.+-", c) < 0 {
			err = f.reader.UnreadByte()
			if err != nil {
				return glua.LNil, err
			}
			break
		}
		if err == io.EOF {
			break
		}
		word.WriteByte(c)
	}
	if n, ok := parseNumber(word.String()); ok && !math.IsNaN(n) {
		return glua.LNumber(n), nil
	}
	return glua.LNil, nil
}

// ioLines is io.lines(path[, format]).
func ioLines(L *glua.LState) int {
	f, err := openFile(L.CheckString(1), os.O_RDONLY)
	if err != nil {
		raise(L, err)
	}
	L.Replace(1, object(L, fileType, f))
	return fileLines(L)
}

// fileLines is file:lines([format]): a function that reads the next.
func fileLines(L *glua.LState) int {
	checkFile(L)
	target, format := L.Get(1), L.Get(2)
	L.Push(L.NewFunction(func(L *glua.LState) int {
		L.SetTop(0)
		L.Push(target)
		if format != glua.LNil {
			L.Push(format)
		}
		return fileRead(L)
	}))
	return 1
}
