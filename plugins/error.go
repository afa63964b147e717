package plugins

import (
	"fmt"
	"strings"
	"syscall"
)

// An Error is a failure of a script, or of a request that no script was asked
// about. Its text is "callback: file:line: message" with what is not known left out.
type Error struct {
	Errno    syscall.Errno // 0 = the script set none, which counts as EIO
	Callback Callback      // NoCallback = top level, or not in a script
	File     string        // as it was named to the runtime; "" = not in a script
	Line     int           // from 1; 0 = unknown
	Column   int           // from 1; 0 = unknown
	Msg      string        // one line or more, without position
	Stack    string        // the script's stack, innermost first, for people; may be empty
}

// Errorf returns an Error that no script raised.
func Errorf(errno syscall.Errno, format string, args ...any) *Error {
	return &Error{Errno: errno, Msg: fmt.Sprintf(format, args...)}
}

// An OffsetError is an error of which it is known where on the disk it struck:
// what the request asks for before Offset may have been done. Its text is Err's.
type OffsetError struct {
	Offset uint64 // inside the request
	Err    error
}

// Error returns the text of what went wrong there.
func (e *OffsetError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *OffsetError) Unwrap() error { return e.Err }

// Error returns the text that clients, headless lines and the screen show.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Callback != NoCallback {
		b.WriteString(e.Callback.String())
		b.WriteString(": ")
	}
	if at := e.Position(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Position returns "file:line", "file" without a line, or "".
func (e *Error) Position() string {
	if e.File == "" || e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d", e.File, e.Line)
}

// Excerpt returns the failing line of source with its number and a line with a
// caret under the column (under the first word if the column is not known). It
// is "" if e has no line, or none that source has.
func (e *Error) Excerpt(source string) string {
	if e.Line < 1 {
		return ""
	}
	lines := strings.Split(source, "\n")
	if e.Line > len(lines) {
		return ""
	}
	text := strings.TrimRight(lines[e.Line-1], "\r")
	col := e.Column - 1
	if col < 0 || col > len(text) {
		col = len(text) - len(strings.TrimLeft(text, " \t"))
	}
	// The caret line repeats the tabs of the text, so that both lines align.
	lead := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[:col])
	return fmt.Sprintf("%5d | %s\n      | %s^", e.Line, text, lead)
}
