package stdlib

import (
	"strings"
	"testing"
)

// What the formats mean is held against Lua itself in plugins/lua; here is what
// Lua's numbers cannot show.
func TestPackLargeIntegers(t *testing.T) {
	for _, c := range []struct {
		format string
		value  Value
		want   string
		back   Value
	}{
		{"<I8", Natural(1<<64 - 1), "\xff\xff\xff\xff\xff\xff\xff\xff", Natural(1<<64 - 1)},
		{"<I8", Integer(-1), "\xff\xff\xff\xff\xff\xff\xff\xff", Natural(1<<64 - 1)},
		{">i8", Integer(-1 << 63), "\x80\x00\x00\x00\x00\x00\x00\x00", Integer(-1 << 63)},
		{">I16", Natural(1 << 63), "\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00", Natural(1 << 63)},
		{"<i9", Integer(-2), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff", Integer(-2)},
		{"<I8", Real(5), "\x05\x00\x00\x00\x00\x00\x00\x00", Integer(5)},
	} {
		got, err := Pack(c.format, []Value{c.value})
		if string(got) != c.want || err != nil {
			t.Errorf("Pack(%q, %s) = %q, %v; want %q", c.format, c.value.describe(), got, err, c.want)
		}
		back, next, err := Unpack(c.format, []byte(c.want), 0)
		if err != nil || next != uint64(len(c.want)) || len(back) != 1 || back[0] != c.back {
			t.Errorf("Unpack(%q, %q) = %v up to %d, %v; want %s", c.format, c.want, back, next, err, c.back.describe())
		}
	}
}

func TestPackErrors(t *testing.T) {
	for _, c := range []struct {
		format string
		values []Value
		want   string
	}{
		{"<i8", []Value{Natural(1 << 63)}, "does not fit"},
		{"<I4", []Value{Integer(-1)}, "does not fit"},
		{"<I8", []Value{Real(1 << 60)}, "beyond 2^53"},
		{"<i4", []Value{Real(1.5)}, "wanted a whole number, got 1.5"},
		{"<i4", []Value{Words("1")}, "wanted a whole number, got a string"},
		{"<d", []Value{{}}, "wanted a number, got nothing"},
		{"z", []Value{Integer(1)}, "wanted a string, got 1"},
		{"i4i4", []Value{Integer(1)}, "more items than there are values"},
		{"w", nil, "is no item"},
		{"i17", nil, "1 to 16"},
		{"c99999999999999999999999", []Value{Words("")}, "larger than"},
		{strings.Repeat("c99999999", 3), []Value{Words(""), Words(""), Words("")}, "larger than"},
	} {
		if got, err := Pack(c.format, c.values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Pack(%.20q) = %d bytes, %v; want %q", c.format, len(got), err, c.want)
		}
	}
}

// What is unpacked is bounded, also where it takes no data.
func TestUnpackBound(t *testing.T) {
	for items, want := range map[int]bool{maxValues: true, maxValues + 1: false} {
		values, _, err := Unpack(strings.Repeat("c0", items), nil, 0)
		if (err == nil) != want || want && len(values) != items {
			t.Errorf("%d items: %d values, %v", items, len(values), err)
		}
	}
}

// No format and no data may make the program fail.
func FuzzUnpack(f *testing.F) {
	for _, seed := range []string{"<i4", ">I8!4bXi4", "s1z", "c10x", "!16 d i16", "X", "s16"} {
		f.Add(seed, []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x00\xff\xff\xff\xff\xff\xff\xff\xff"), uint64(1))
	}
	f.Fuzz(func(t *testing.T, format string, data []byte, offset uint64) {
		values, next, err := Unpack(format, data, offset)
		if err == nil && next > uint64(len(data)) {
			t.Errorf("Unpack ended at %d of %d", next, len(data))
		}
		if err != nil || offset != 0 {
			return
		}
		packed, err := Pack(format, values)
		if err != nil {
			t.Fatalf("what was unpacked by %q cannot be packed: %v", format, err)
		}
		if uint64(len(packed)) != next {
			t.Errorf("%q: %d bytes make %d", format, next, len(packed))
		}
	})
}

func TestDump(t *testing.T) {
	got, err := Dump([]byte("workbench\x00\xff 16 bytes and more|"), 0x1000)
	want := "00001000  77 6f 72 6b 62 65 6e 63  68 00 ff 20 31 36 20 62  |workbench.. 16 b|\n" +
		"00001010  79 74 65 73 20 61 6e 64  20 6d 6f 72 65 7c        |ytes and more||"
	if got != want || err != nil {
		t.Errorf("Dump = %v\n%s\nwant\n%s", err, got, want)
	}
	if got, err := Dump(nil, 0); got != "" || err != nil {
		t.Errorf("Dump of nothing = %q, %v", got, err)
	}
	if _, err := Dump(make([]byte, maxDump+1), 0); err == nil {
		t.Error("Dump has no limit")
	}
	for text, want := range map[string]string{"": "", "00ff": "\x00\xff", " DE ad\nbe\tef ": "\xde\xad\xbe\xef", "0 0 f f": "\x00\xff"} {
		if got, err := Undump(text); string(got) != want || err != nil {
			t.Errorf("Undump(%q) = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "xx", "0x00", "00-11"} {
		if _, err := Undump(text); err == nil {
			t.Errorf("Undump(%q) worked", text)
		}
	}
}
