package recordings

import (
	"encoding/json"
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
	dst = append(appendClock(dst, e.Received.Time()), ' ')
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
		dst = append(appendDuration(dst, e.Duration()), ' ')
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
	dst = append(dst, e.Op.String()...)
	dst = strconv.AppendUint(append(dst, " 0x"...), e.Offset, 16)
	dst = append(strconv.AppendUint(append(dst, ' '), e.Length, 10), ' ')
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

// appendClock appends the time of day to the microsecond. It is what
// AppendFormat does with "15:04:05.000000", in a third of the time.
func appendClock(dst []byte, t time.Time) []byte {
	hour, minute, second := t.Clock()
	dst = append(appendDigits(dst, hour, 2), ':')
	dst = append(appendDigits(dst, minute, 2), ':')
	dst = append(appendDigits(dst, second, 2), '.')
	return appendDigits(dst, t.Nanosecond()/1e3, 6)
}

// appendDigits appends the last count digits of n.
func appendDigits(dst []byte, n, count int) []byte {
	end := len(dst) + count
	dst = append(dst, "000000"[:count]...)
	for i := end - 1; n > 0 && i >= end-count; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// FormatDuration returns d to three digits in the unit that suits it: "850ns",
// "41µs", "1.25ms", "12.3s".
func FormatDuration(d time.Duration) string { return string(appendDuration(nil, d)) }

func appendDuration(dst []byte, d time.Duration) []byte {
	switch {
	case d < time.Microsecond:
		return append(strconv.AppendInt(dst, int64(d), 10), "ns"...)
	case d < time.Millisecond:
		return append(appendThreeDigits(dst, d, time.Microsecond), "µs"...)
	case d < time.Second:
		return append(appendThreeDigits(dst, d, time.Millisecond), "ms"...)
	}
	return append(appendThreeDigits(dst, d, time.Second), 's')
}

// appendThreeDigits appends d, which is at least one unit, in units and without
// useless zeroes.
func appendThreeDigits(dst []byte, d, unit time.Duration) []byte {
	decimals, parts := 2, time.Duration(100) // of a unit
	switch {
	case d >= unit*9995/100:
		decimals, parts = 0, 1
	case d >= unit*9995/1000:
		decimals, parts = 1, 10
	}
	whole, part := d/unit, (d%unit*parts+unit/2)/unit
	if part == parts {
		whole, part = whole+1, 0
	}
	dst = strconv.AppendInt(dst, int64(whole), 10)
	if part == 0 {
		return dst
	}
	if part%10 == 0 {
		decimals, part = 1, part/10
	}
	return appendDigits(append(dst, '.'), int(part), decimals)
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
