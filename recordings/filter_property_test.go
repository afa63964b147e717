package recordings

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workbench/plugins"
)

// roundTrip checks that the canonical form of f is f.
func roundTrip(f *Filter) error {
	canonical := f.String()
	again, err := ParseFilter(canonical)
	if err != nil {
		return fmt.Errorf("the canonical form %q: %w", canonical, err)
	}
	if got := again.String(); got != canonical {
		return fmt.Errorf("canonical %q, of which %q is canonical", canonical, got)
	}
	for _, x := range []*Filter{f, again} {
		x.root.walk(func(t *term) { t.at, t.end = 0, 0 })
	}
	if !reflect.DeepEqual(f.root, again.root) {
		return fmt.Errorf("%q and its canonical form %q differ", f.text, canonical)
	}
	return nil
}

// anyTerm writes a term in one of the ways that people may.
func anyTerm(t *rapid.T) string {
	f := &fields[rapid.IntRange(0, len(fields)-1).Draw(t, "field")]
	if f.alone && rapid.Bool().Draw(t, "alone") {
		return rapid.SampledFrom(f.words()).Draw(t, "word").name
	}
	if f.bare != "" && rapid.Bool().Draw(t, "bare") {
		return f.name
	}
	op := rapid.SampledFrom(f.operators()).Draw(t, "operator")
	spaces := rapid.SampledFrom([]string{"", " ", "\t  "})
	text := f.name + spaces.Draw(t, "before") + op.String() + spaces.Draw(t, "after") + anyValueOf(t, f, op)
	for op < less && !f.of.single && rapid.IntRange(0, 2).Draw(t, "more") == 0 {
		text += spaces.Draw(t, "comma") + "," + anyValueOf(t, f, op)
	}
	return text
}

func anyValueOf(t *rapid.T, f *field, op operator) string {
	number := func() string {
		n := rapid.Uint64().Draw(t, "number")
		switch f.of {
		case &durationType, &timeType:
			return fmt.Sprintf("%d%s", n>>rapid.IntRange(1, 63).Draw(t, "shift"), "ns")
		case &sizeType, &placeType:
			return rapid.SampledFrom([]string{fmt.Sprint(n), fmt.Sprintf("%#x", n), fmt.Sprintf("%dKiB", n>>10), fmt.Sprintf("%d.5m", n>>44), fmt.Sprintf("%ds", n>>9)}).Draw(t, "size")
		}
		return rapid.SampledFrom([]string{fmt.Sprint(n), fmt.Sprintf("%#x", n)}).Draw(t, "form")
	}
	switch f.of {
	case &wordType, &wireType:
		return rapid.SampledFrom(f.words()).Draw(t, "value").name
	case &errnoType:
		return fmt.Sprint(rapid.IntRange(1, maxErrno).Draw(t, "errno"))
	case &hexType:
		return fmt.Sprintf("%x", rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes"))
	case &textType:
		return quote(rapid.StringN(1, 20, -1).Draw(t, "text"))
	case &timeType:
		if rapid.Bool().Draw(t, "clock") {
			return rapid.SampledFrom([]string{"12:00", "23:59:59.000000001", "2026-11-20", "1999-12-31T23:59"}).Draw(t, "time")
		}
		return number()
	}
	front := ""
	if f.of == &connType {
		front = rapid.SampledFrom([]string{"", "nbd#", "FUSE#"}).Draw(t, "front")
	}
	if op >= less || rapid.Bool().Draw(t, "one") {
		return front + number()
	}
	return front + rapid.SampledFrom([]string{number() + "..", ".." + number(), "0.." + number()}).Draw(t, "range")
}

func anyFilter(t *rapid.T, depth int) string {
	if depth == 0 {
		return anyTerm(t)
	}
	sub := func() string { return anyFilter(t, depth-1) }
	switch rapid.IntRange(0, 4).Draw(t, "shape") {
	case 0:
		return "!" + "(" + sub() + ")"
	case 1:
		return sub() + " " + sub()
	case 2:
		return sub() + "|" + sub()
	case 3:
		return "(" + sub() + ")(" + sub() + ")"
	}
	return anyTerm(t)
}

func anyEvent(t *rapid.T) Event {
	small := rapid.Uint64Range(0, 5)
	return Event{
		Seq:        small.Draw(t, "seq"),
		Kind:       Kind(rapid.IntRange(0, 255).Draw(t, "kind")),
		Front:      plugins.Front(rapid.IntRange(0, 255).Draw(t, "front")),
		Op:         plugins.Op(rapid.IntRange(0, 255).Draw(t, "op")),
		Callback:   plugins.Callback(rapid.IntRange(0, 255).Draw(t, "callback")),
		Flags:      plugins.Flags(rapid.Uint16().Draw(t, "flags")),
		Fate:       plugins.Fate(rapid.Byte().Draw(t, "fate")),
		Errno:      rapid.Uint16().Draw(t, "errno"),
		Rule:       uint16(small.Draw(t, "rule")),
		Generation: uint32(small.Draw(t, "gen")),
		Conn:       uint32(small.Draw(t, "conn")),
		Offset:     rapid.Uint64().Draw(t, "offset"),
		Length:     rapid.Uint64().Draw(t, "length"),
		Times: plugins.Times{
			Received: plugins.Stamp(rapid.Int64().Draw(t, "received")), Started: plugins.Stamp(rapid.Int64().Draw(t, "started")),
			Done: plugins.Stamp(rapid.Int64().Draw(t, "done")), Replied: plugins.Stamp(rapid.Int64().Draw(t, "replied")),
		},
	}
}

// TestFilterProperties draws filters of every field, and events, also such as
// never occur.
func TestFilterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyFilter(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		f, err := ParseFilter(text)
		if err != nil {
			if strings.Contains(text, "..") && strings.Contains(err.Error(), "the range") {
				t.Skip() // the one mistake that is drawn
			}
			t.Fatalf("%q: %v", text, err)
		}
		not, err := ParseFilter("!(" + text + ")")
		if err != nil {
			t.Fatal(err)
		}
		now := plugins.Stamp(5)
		f, not = f.At(now), not.At(now)
		s := sampleEvent{Event: anyEvent(t), text: rapid.String().Draw(t, "text"), data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
		if f.Match(&s.Event, &s) == not.Match(&s.Event, &s) {
			t.Fatalf("%q and its opposite agree", text)
		}
		if err := roundTrip(f); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFilter reads anything, and completes it at every place.
func FuzzFilter(f *testing.F) {
	for _, text := range badFilters {
		f.Add(text)
	}
	for _, e := range filterExamples {
		f.Add(e.Text)
	}
	for i := range fields {
		f.Add("!(" + fields[i].example + ") | " + fields[i].name)
	}
	events, now := samples()
	f.Fuzz(func(t *testing.T, text string) {
		for cursor := range min(len(text), 64) + 1 {
			from, candidates := Complete(text, cursor)
			if from < 0 || from > cursor {
				t.Fatalf("completing %q at %d begins at %d", text, cursor, from)
			}
			for _, c := range candidates {
				if c.Text == "" {
					t.Fatalf("completing %q at %d offers nothing", text, cursor)
				}
			}
		}
		filter, err := ParseFilter(text)
		if err != nil {
			bad := err.(*FilterError)
			if bad.Column < 1 || bad.Length < 1 || bad.Column+bad.Length > len([]rune(text))+2 {
				t.Fatalf("%q: column %d, length %d", text, bad.Column, bad.Length)
			}
			if strings.Count(bad.Excerpt(), "\n") != 1 || strings.ContainsAny(bad.Error(), "\n\x1b") {
				t.Fatalf("%q: the excerpt %q or the error %q has more lines than it should", text, bad.Excerpt(), bad.Error())
			}
			return
		}
		filter = filter.At(now)
		for i := range events {
			filter.Match(&events[i].Event, &events[i])
			filter.Match(&events[i].Event, nil)
		}
		filter.MatchRequest(&plugins.Request{Op: plugins.OpWrite, Data: []byte("x")})
		if err := roundTrip(filter); err != nil {
			t.Fatal(err)
		}
	})
}
