package recordings

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"

	"workbench/plugins"
)

// A valueType is a way in which values are written and compared.
type valueType struct {
	name    string
	syntax  string      // how values are written, for people
	ordered bool        // < and > make sense
	noNot   bool        // != makes no sense
	single  bool        // there cannot be several
	samples []Candidate // offered where nothing is written yet
	units   []unit      // offered after digits

	parse   func(f *field, text string, quoted bool) (value, error)
	format  func(f *field, v value) string
	compile func(t *term, now plugins.Stamp) test
}

// The types of values.
var (
	wordType = valueType{
		name: "word", syntax: "one of a list of words, in either case; several are separated by commas",
		parse: parseWord, format: formatWord, compile: compileWords,
	}
	numberType = valueType{
		name: "number", syntax: "1200, 1_200 or 0x4b0; a..b is from a to b, both included, a.. and ..b leave an end open", ordered: true,
		parse:   func(_ *field, text string, _ bool) (value, error) { return parseSpan(text, false, parseNumber) },
		format:  func(_ *field, v value) string { return formatSpan(v, false, formatNumber) },
		compile: compileNumbers,
	}
	sizeType = valueType{
		name: "size", syntax: "bytes: 4096, 0x1000, 64k, 1.5M; units of 1024 are k M G T P E in either case, also as KiB; s is a sector of 512", ordered: true,
		samples: []Candidate{{"512", "bytes"}, {"4k", ""}, {"64k", ""}, {"1M", ""}}, units: sizeUnits[2:],
		parse:   func(_ *field, text string, _ bool) (value, error) { return parseSpan(text, false, parseSize) },
		format:  func(_ *field, v value) string { return formatSpan(v, false, formatSize) },
		compile: compileNumbers,
	}
	placeType = valueType{
		name: "place", syntax: "a size; here a..b is from a up to b, which does not belong to it any more", ordered: true,
		samples: []Candidate{{"0..4k", "the first 4 KiB"}, {"1M..2M", "the second MiB"}, {"1G..", "all after the first GiB"}}, units: sizeUnits[2:],
		parse:   func(_ *field, text string, _ bool) (value, error) { return parseSpan(text, true, parseSize) },
		format:  func(_ *field, v value) string { return formatSpan(v, true, formatSize) },
		compile: compilePlaces,
	}
	durationType = valueType{
		name: "duration", syntax: "850ns, 41us or 41µs, 5ms, 1.5s, 2m, 1h, 1m30s; the unit is always there", ordered: true,
		samples: []Candidate{{"100us", ""}, {"1ms", ""}, {"10ms", ""}, {"1s", ""}}, units: timeUnits[:],
		parse:   func(_ *field, text string, _ bool) (value, error) { return parseSpan(text, false, parseDuration) },
		format:  func(_ *field, v value) string { return formatSpan(v, false, formatTimeSpan) },
		compile: compileNumbers,
	}
	errnoType = valueType{
		name: "errno", syntax: "a name, in either case, or a number: ENOSPC, 28",
		parse:   parseErrno,
		format:  formatErrno,
		compile: compileNumbers,
	}
	wireType = valueType{
		name: "wire errno", syntax: "one of the errnos that NBD knows",
		parse: parseWire, format: formatErrno, compile: compileNumbers,
	}
	connType = valueType{
		name: "connection", syntax: "a number, or with the front end that gave it, as in lines: 2, nbd#2", ordered: true,
		samples: []Candidate{{"nbd#", "a connection over NBD"}, {"fuse#", "a mount"}},
		parse:   parseConn, format: formatConn, compile: compileConns,
	}
	hexType = valueType{
		name: "bytes", syntax: "hexadecimal digits, two a byte, or a quoted text: 55aa, \"EFI PART\"", noNot: true,
		parse:   parseBytes,
		format:  func(_ *field, v value) string { return hex.EncodeToString([]byte(v.text)) },
		compile: compileBytes,
	}
	textType = valueType{
		name: "text", syntax: "a word, or a text in quotes, in which \\\" and \\\\ stand for \" and \\; case does not matter", noNot: true,
		parse:   parseText,
		format:  func(_ *field, v value) string { return quote(v.text) },
		compile: compileText,
	}
	programType = valueType{
		name: "program", syntax: "the name of a program, of which the first 15 bytes count; case does not matter",
		parse: parseProgram, format: formatProgram, compile: compileProgram,
	}
	timeType = valueType{
		name: "time", syntax: "30s or 5m before now, or a time of day, 12:00:01.5, or 2026-11-20T12:00:01", noNot: true, single: true,
		samples: []Candidate{{"10s", "the last ten seconds"}, {"1m", "the last minute"}, {"12:00", "a time of day"}}, units: timeUnits[:],
		parse: parseTime, format: formatTime, compile: compileTime,
	}
)

// A word is a value with a name. Its bit tells it from the other words of a field.
type word struct {
	name string
	bit  uint64
	help string
}

func parseWord(f *field, text string, _ bool) (value, error) {
	var names []string
	for _, w := range f.words() {
		if strings.EqualFold(w.name, text) {
			return value{lo: w.bit, hi: w.bit}, nil
		}
		names = append(names, w.name)
	}
	if hint := wrongWord(text); hint != "" {
		return value{}, &badValue{f.name + " is never " + text, hint}
	}
	const few = 14 // that a line can list
	list := "one of " + strings.Join(names[:min(len(names), few)], ", ")
	if len(names) > few {
		list += " ..."
	}
	return value{}, &badValue{f.name + " is never " + text, didYouMean(nearest(text, names), list)}
}

func formatWord(f *field, v value) string {
	for _, w := range f.words() {
		if w.bit == v.lo {
			return w.name
		}
	}
	return "?" // not reached: values are made of words
}

// compileWords asks for any of the bits.
func compileWords(t *term, _ plugins.Stamp) test {
	bits, want, negate := t.field.bits, uint64(0), t.op == notEqual
	for _, v := range t.values {
		want |= v.lo
	}
	return func(e *Event, _ Contents) bool {
		has, known := bits(e)
		return known && has&want != 0 != negate
	}
}

// spans returns the numbers that t asks for; of notEqual, those that it does not.
func (t *term) spans() []value {
	n := t.values[0].lo
	switch t.op {
	case less:
		return []value{below(n)}
	case lessEqual:
		return []value{{lo: 0, hi: n}}
	case greater:
		if n == math.MaxUint64 {
			return []value{{lo: 1, hi: 0}}
		}
		return []value{{lo: n + 1, hi: math.MaxUint64}}
	case greaterEqual:
		return []value{{lo: n, hi: math.MaxUint64}}
	}
	return t.values
}

// below returns the numbers less than n.
func below(n uint64) value {
	if n == 0 {
		return value{lo: 1, hi: 0}
	}
	return value{lo: 0, hi: n - 1}
}

func (v value) contains(n uint64) bool { return v.lo <= n && n <= v.hi }

// compileNumbers asks for a number in one of the spans.
func compileNumbers(t *term, _ plugins.Stamp) test {
	number, spans, negate := t.field.number, t.spans(), t.op == notEqual
	if len(spans) == 1 {
		lo, hi := spans[0].lo, spans[0].hi
		return func(e *Event, c Contents) bool {
			n, known := number(e, c)
			return known && (lo <= n && n <= hi) != negate
		}
	}
	return func(e *Event, c Contents) bool {
		n, known := number(e, c)
		return known && slices.ContainsFunc(spans, func(v value) bool { return v.contains(n) }) != negate
	}
}

// compilePlaces asks whether a request touches one of the spans; with any
// operator but ":", where it begins.
func compilePlaces(t *term, now plugins.Stamp) test {
	if t.op != isValue {
		return compileNumbers(t, now)
	}
	number, spans := t.field.number, t.values
	return func(e *Event, c Contents) bool {
		offset, known := number(e, c)
		if !known {
			return false
		}
		for _, v := range spans {
			if v.contains(offset) && e.Length > 0 || offset < v.lo && v.lo-offset < e.Length {
				return true
			}
		}
		return false
	}
}

// maxErrno is the largest number that the kernel takes for an errno.
const maxErrno = 4095

func parseErrno(_ *field, text string, _ bool) (value, error) {
	errno, ok := plugins.ParseErrno(strings.TrimPrefix(strings.ToUpper(text), "NBD_"))
	n := uint64(errno)
	if !ok {
		var err error
		if n, err = parseNumber(text); err != nil || n > maxErrno {
			return value{}, &badValue{"there is no errno " + text, didYouMean(nearest(text, plugins.ErrnoNames()), "a name as ENOSPC, or its number")}
		}
	}
	if n == 0 {
		return value{}, &badValue{"0 is no error", "for what went well write !err"}
	}
	return value{lo: n, hi: n}, nil
}

func parseWire(f *field, text string, quoted bool) (value, error) {
	v, err := parseErrno(f, text, quoted)
	if err != nil {
		return v, err
	}
	if slices.ContainsFunc(f.words(), func(w word) bool { return w.bit == v.lo }) {
		return v, nil
	}
	sent := plugins.WireErrno(syscall.Errno(v.lo), 0)
	return v, &badValue{"NBD never sends " + text, "it goes out as " + plugins.ErrnoName(sent)}
}

// formatErrno returns the name of an errno, or its number if it has none.
func formatErrno(_ *field, v value) string {
	name := plugins.ErrnoName(syscall.Errno(v.lo))
	if _, ok := plugins.ParseErrno(name); ok {
		return name
	}
	return formatNumber(v.lo)
}

func parseConn(_ *field, text string, _ bool) (value, error) {
	name, number, named := strings.Cut(text, "#")
	if !named {
		name, number = "", text
	}
	var front plugins.Front
	switch strings.ToLower(name) {
	case "nbd":
		front = plugins.FrontNBD
	case "fuse":
		front = plugins.FrontFUSE
	}
	switch {
	case named && front == plugins.NoFront, number != "" && strings.Trim(number, "0123456789abcdefxABCDEFX_.") != "":
		return value{}, &badValue{text + " is not a connection", "write it as 2, nbd#2 or fuse#1; all over NBD are src:nbd"}
	case number == "":
		return value{}, &badValue{"the number is missing after " + text, "for all of them write src:" + front.String()}
	}
	v, err := parseSpan(number, false, parseNumber)
	v.front = front
	return v, err
}

func formatConn(_ *field, v value) string {
	text := formatSpan(v, false, formatNumber)
	if v.front != plugins.NoFront {
		return v.front.String() + "#" + text
	}
	return text
}

func compileConns(t *term, now plugins.Stamp) test {
	if t.values[0].front == plugins.NoFront && len(t.values) == 1 {
		return compileNumbers(t, now)
	}
	spans, negate := slices.Clone(t.spans()), t.op == notEqual
	for i := range spans {
		spans[i].front = t.values[i].front
	}
	return func(e *Event, _ Contents) bool {
		any := slices.ContainsFunc(spans, func(v value) bool {
			return v.contains(uint64(e.Conn)) && (v.front == plugins.NoFront || v.front == e.Front)
		})
		return e.Conn != 0 && any != negate
	}
}

// The canonical ways to write a time of day, without and with a date, and those
// in which something is left out.
const (
	clockLayout = "15:04:05.999999999"
	dateLayout  = "2006-01-02T15:04:05.999999999"
)

var timeLayouts = [...]struct{ written, canonical string }{
	{clockLayout, clockLayout}, {"15:04", clockLayout},
	{dateLayout, dateLayout}, {"2006-01-02T15:04", dateLayout}, {"2006-01-02", dateLayout},
}

func parseTime(_ *field, text string, _ bool) (value, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout.written, text); err == nil {
			return value{text: t.Format(layout.canonical)}, nil
		}
	}
	digits, rest := cutDigits(text)
	switch {
	case digits == "" || strings.ContainsAny(rest, ":-"):
		return value{}, &badValue{text + " is not a time", "write it as 30s (before now), 12:00:01 or 2026-11-20T12:00:01"}
	case rest == "" && text != "0":
		return value{}, &badValue{text + " is not a time: the unit is missing", didYouMean(text+"s", "")}
	}
	n, err := parseDuration(text)
	return value{lo: n, hi: n}, err
}

func formatTime(_ *field, v value) string {
	if v.text != "" {
		return v.text
	}
	return formatTimeSpan(v.lo)
}

// moment returns the time that v stands for. A time of day without a date is the
// one nearest to now, so that a session may go past midnight.
func (v value) moment(now plugins.Stamp) plugins.Stamp {
	if v.text == "" {
		return now - plugins.Stamp(v.lo)
	}
	here := now.Time()
	if t, err := time.ParseInLocation(dateLayout, v.text, here.Location()); err == nil {
		const century = 100 * 365 * 24 * time.Hour // more would not fit a Stamp
		return now + plugins.Stamp(min(max(t.Sub(here), -century), century))
	}
	t, err := time.Parse(clockLayout, v.text)
	if err != nil {
		return now // not reached: parseTime wrote it
	}
	nearest := time.Duration(math.MaxInt64)
	for day := -1; day <= 1; day++ {
		at := time.Date(here.Year(), here.Month(), here.Day()+day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), here.Location())
		if d := at.Sub(here); d.Abs() < nearest.Abs() {
			nearest = d
		}
	}
	return now + plugins.Stamp(nearest)
}

// compileTime asks whether an event is not before any of the times, or before
// any of them where the field says so.
func compileTime(t *term, now plugins.Stamp) test {
	at := t.values[0].moment(now)
	if t.field.before {
		return func(e *Event, _ Contents) bool { return e.Received != 0 && e.Received < at }
	}
	return func(e *Event, _ Contents) bool { return e.Received >= at && e.Received != 0 }
}
