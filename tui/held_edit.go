package tui

import (
	"bytes"
	base16 "encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// An edit of a held request is typed as words with values:
//
//	off=0x1000 len=4k flags=fua fill=00 data=55aa data@510="text"
//
// Data replace what is there from the beginning on, or from a place on; fill
// does it for all of it, again and again. Bytes are hexadecimal digits or a text
// in quotes.

// An editWord is a word with its value, and where it stands in the text.
type editWord struct {
	name, value string
	at, end     int // bytes
}

// editWords splits a text at blanks that do not stand in quotes.
func editWords(text string) []editWord {
	var out []editWord
	start, quoted := -1, false
	end := func(at int) {
		if start >= 0 {
			name, value, _ := strings.Cut(text[start:at], "=")
			out = append(out, editWord{name, value, start, at})
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case r == ' ' && !quoted:
			end(i)
			continue
		case r == '"' && (i == 0 || text[i-1] != '\\'):
			quoted = !quoted
		}
		if start < 0 {
			start = i
		}
	}
	end(len(text))
	return out
}

// blame returns err with the place in text that it is about.
func (w *editWord) blame(text string, err error) error {
	return &recordings.FilterError{
		Text: text, Column: utf8.RuneCountInString(text[:w.at]) + 1, Length: utf8.RuneCountInString(text[w.at:w.end]), Msg: err.Error(),
	}
}

// parseEdit reads an edit of q: what differs from what is there.
func parseEdit(text string, q *host.HeldRequest) (host.Edit, error) {
	r, now := &q.Request, q.Request
	now.Data = bytes.Clone(r.Data)
	words := editWords(text)
	for i := range words {
		if err := apply(&words[i], &now); err != nil {
			return host.Edit{}, words[i].blame(text, err)
		}
	}
	var e host.Edit
	if now.Offset != r.Offset {
		e.Offset = &now.Offset
	}
	if now.Length != r.Length && r.Op != plugins.OpWrite {
		e.Length = &now.Length
	}
	if now.Flags != r.Flags {
		e.Flags = &now.Flags
	}
	if !bytes.Equal(now.Data, r.Data) {
		e.Data = now.Data
	}
	if e.Offset == nil && e.Length == nil && e.Flags == nil && e.Data == nil {
		return e, errors.New("this is as it is: change a value")
	}
	return e, e.Check(q)
}

// apply does to r what a word says.
func apply(w *editWord, r *plugins.Request) (err error) {
	switch name, place, _ := strings.Cut(w.name, "@"); name {
	case "off":
		r.Offset, err = recordings.ParseSize(w.value)
	case "len":
		r.Length, err = recordings.ParseSize(w.value)
		if err == nil && r.Op == plugins.OpWrite {
			if r.Length > plugins.MaxPayload {
				return fmt.Errorf("%d is the most that a WRITE may have", plugins.MaxPayload)
			}
			r.Data = resized(r.Data, int(r.Length))
		}
	case "flags":
		r.Flags, err = parseFlags(w.value, r.Op)
	case "fill", "data":
		return applyData(name, place, w.value, r)
	default:
		return fmt.Errorf("there is no %q: want %s", w.name, strings.Join(editNames(r.Op), ", "))
	}
	return err
}

// applyData fills the data of r, or puts bytes at a place in them.
func applyData(name, place, value string, r *plugins.Request) error {
	if r.Op != plugins.OpRead && r.Op != plugins.OpWrite {
		return fmt.Errorf("%s has no data", r.Op)
	}
	if r.Op == plugins.OpRead && len(r.Data) == 0 {
		return errors.New("a READ has no data before the script has answered: answer it by hand instead")
	}
	b, err := parseBytes(value)
	if err != nil {
		return err
	}
	if name == "fill" {
		for i := range r.Data {
			r.Data[i] = b[i%len(b)]
		}
		return nil
	}
	at := uint64(0)
	if place != "" {
		if at, err = recordings.ParseSize(place); err != nil {
			return err
		}
	}
	if at > uint64(len(r.Data)) || uint64(len(b)) > uint64(len(r.Data))-at {
		return fmt.Errorf("%s at %d: there are %d in all; len= comes first if there shall be more", amount(len(b), "byte"), at, len(r.Data))
	}
	copy(r.Data[at:], b)
	return nil
}

// resized returns data with n bytes, of which new ones are zero.
func resized(data []byte, n int) []byte {
	if n <= len(data) {
		return data[:n]
	}
	return append(data, make([]byte, n-len(data))...)
}

// parseBytes reads hexadecimal digits, or a text in quotes.
func parseBytes(text string) ([]byte, error) {
	if strings.HasPrefix(text, `"`) {
		s, err := strconv.Unquote(text)
		if err != nil || s == "" {
			return nil, fmt.Errorf("%s is no text: want one in quotes, as \"Hello\\n\"", text)
		}
		return []byte(s), nil
	}
	b, err := base16.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil || len(b) == 0 {
		return nil, errors.New("want hexadecimal digits, two for a byte, as 55aa, or a text in quotes")
	}
	return b, nil
}

// allFlags are the flags of requests in the order of their bits.
var allFlags = [...]plugins.Flags{plugins.FlagMayTrim, plugins.FlagFUA, plugins.FlagReqOne, plugins.FlagFastZero, plugins.FlagDF}

func parseFlags(text string, op plugins.Op) (flags plugins.Flags, err error) {
	if text == "-" {
		return 0, nil
	}
next:
	for name := range strings.SplitSeq(text, ",") {
		for _, f := range allFlags {
			if f.String() == name && op.Flags()&f != 0 {
				flags |= f
				continue next
			}
		}
		return 0, fmt.Errorf("%q is no flag of %s: want %s, or - for none", name, op, op.Flags())
	}
	return flags, nil
}

// editNames are the words that an edit of an operation may have.
func editNames(op plugins.Op) []string {
	names := []string{"off", "len", "flags"}
	if op == plugins.OpRead || op == plugins.OpWrite {
		names = append(names, "fill", "data", "data@N")
	}
	return names
}

// editText returns what the line begins with: the values that q has now.
func editText(q *host.HeldRequest) string {
	if q.After {
		return "" // its data alone can be edited
	}
	r := &q.Request
	return fmt.Sprintf("off=0x%x len=%d flags=%s ", r.Offset, r.Length, r.Flags)
}
