package recordings

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"workbench/plugins"
)

// AppendLine appends e as one line for people, without a line end:
//
//	12:00:01.123456 nbd#1 WRITE 0x1000 4096 fua 41µs ENOSPC disk.lua:31: disk full
//
// The columns are time, origin, operation, offset, length, flags, duration and
// result. Events other than requests have the columns that mean something for
// them and their kind in place of the operation. What was done to a request
// besides stands among its flags, with the rule that did it: "fua,ruled,rule#2".
// text is the text of e; what of it could disturb a terminal or the line is replaced.
func AppendLine(dst []byte, e *Event, text string) []byte {
	dst = e.Received.Time().AppendFormat(dst, "15:04:05.000000 ")
	dst = append(dst, e.Front.String()...)
	if e.Conn != 0 {
		dst = append(dst, '#')
		dst = strconv.AppendUint(dst, uint64(e.Conn), 10)
	}
	dst = append(dst, ' ')
	switch e.Kind {
	case Request:
		dst = appendRequest(dst, e)
	case Hold:
		dst = appendRequest(append(dst, "hold "...), e)
	case Callback:
		dst = append(dst, e.Callback.String()...)
		dst = append(dst, ' ')
	default:
		dst = append(dst, e.Kind.String()...)
		dst = append(dst, ' ')
	}
	if e.Kind == Request || e.Kind == Callback {
		dst = append(dst, FormatDuration(e.Duration())...)
		dst = append(dst, ' ')
		if !e.Failed() {
			dst = append(dst, "ok"...)
		}
	}
	if e.Failed() {
		dst = append(dst, plugins.ErrnoName(e.Err())...)
		if text != "" {
			dst = append(dst, ' ')
		}
	} else if e.Kind == Request {
		return dst // what EXTENTS said is for machines
	}
	return append(dst, Printable(text)...)
}

// appendRequest appends the columns that say what was asked for, and a space.
func appendRequest(dst []byte, e *Event) []byte {
	dst = fmt.Appendf(dst, "%s %#x %d ", e.Op, e.Offset, e.Length)
	mark := len(dst)
	if e.Flags != 0 {
		dst = append(dst, e.Flags.String()...)
	}
	comma := func() {
		if len(dst) > mark {
			dst = append(dst, ',')
		}
	}
	if e.Fate != 0 {
		comma()
		dst = append(dst, e.Fate.String()...)
	}
	if e.Rule != 0 {
		comma()
		dst = append(dst, "rule#"...)
		dst = strconv.AppendUint(dst, uint64(e.Rule), 10)
	}
	if len(dst) == mark {
		dst = append(dst, '-')
	}
	return append(dst, ' ')
}

// FormatDuration returns d to three digits in the unit that suits it: "850ns",
// "41µs", "1.25ms", "12.3s".
func FormatDuration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + "ns"
	case d < time.Millisecond:
		return threeDigits(float64(d)/1e3) + "µs"
	case d < time.Second:
		return threeDigits(float64(d)/1e6) + "ms"
	}
	return threeDigits(d.Seconds()) + "s"
}

// threeDigits formats f, which is at least 1, without useless zeroes.
func threeDigits(f float64) string {
	decimals := 2
	switch {
	case f >= 99.95:
		decimals = 0
	case f >= 9.995:
		decimals = 1
	}
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Printable returns text on one line, with everything replaced that would move
// a cursor or change a terminal: text comes from scripts and clients.
func Printable(text string) string {
	return printableEach(strings.TrimRight(text, "\r\n"))
}

// printableEach is Printable, character for character.
func printableEach(text string) string {
	clean := func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !strconv.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}
	return strings.Map(clean, text)
}

// jsonEvent is the shape of an event in JSON lines. Offsets and lengths are
// plain numbers, times are nanoseconds.
type jsonEvent struct {
	Seq        uint64   `json:"seq"`
	Time       string   `json:"time"` // RFC 3339 with nanoseconds
	Kind       string   `json:"kind"`
	From       string   `json:"from,omitempty"`
	Conn       uint32   `json:"conn,omitempty"`
	Cookie     *uint64  `json:"cookie,omitempty"`
	PID        uint32   `json:"pid,omitempty"`     // of the process that asked
	Program    string   `json:"program,omitempty"` // its program
	Op         string   `json:"op,omitempty"`
	Callback   string   `json:"callback,omitempty"`
	Offset     *uint64  `json:"offset,omitempty"`
	Length     *uint64  `json:"length,omitempty"`
	Flags      []string `json:"flags,omitempty"`
	Fate       []string `json:"fate,omitempty"` // what was done to it besides: "held"
	Rule       uint16   `json:"rule,omitempty"` // the rule that had a hand in it
	Duration   *int64   `json:"duration_ns,omitempty"`
	InCallback int64    `json:"in_callback_ns,omitempty"`
	Generation uint32   `json:"generation,omitempty"`
	Result     string   `json:"result,omitempty"` // "ok" or the name of the errno
	Text       string   `json:"text,omitempty"`
}

// AppendJSON appends e as one JSON object, without a line end.
func AppendJSON(dst []byte, e *Event, text string) ([]byte, error) {
	j := jsonEvent{
		Seq:        e.Seq,
		Time:       e.Received.Time().Format(time.RFC3339Nano),
		Kind:       e.Kind.String(),
		Conn:       e.Conn,
		PID:        e.PID,
		Program:    strings.ToValidUTF8(e.Program.String(), "\uFFFD"),
		Generation: e.Generation,
		Rule:       e.Rule,
		Text:       strings.ToValidUTF8(text, "\uFFFD"),
	}
	if e.Front != plugins.NoFront {
		j.From = e.Front.String()
	}
	if e.Op != 0 {
		j.Op, j.Cookie, j.Offset, j.Length = e.Op.String(), &e.Cookie, &e.Offset, &e.Length
	} else if e.Kind == Opened {
		j.Length = &e.Length
	}
	if e.Flags != 0 {
		j.Flags = strings.Split(e.Flags.String(), ",")
	}
	if e.Fate != 0 {
		j.Fate = strings.Split(e.Fate.String(), ",")
	}
	if e.Callback != plugins.NoCallback {
		j.Callback = e.Callback.String()
	}
	if e.Kind == Request || e.Kind == Callback || e.Kind == Reload {
		d := int64(e.Duration())
		j.Duration, j.InCallback = &d, int64(e.InCallback)
		j.Result = "ok"
	}
	if e.Failed() {
		j.Result = plugins.ErrnoName(e.Err())
	}
	out, err := json.Marshal(j)
	return append(dst, out...), err
}
