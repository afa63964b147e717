package main

import (
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"
)

func TestParseHex(t *testing.T) {
	zeroes := strings.Repeat("00", 48)
	for _, tt := range []struct{ name, text, want string }{
		{"digits", "25609513", "25609513"},
		{"upper case, spaces and tabs", " 25 6A\t95  13 ", "256a9513"},
		{"colons and commas", "25:60,95, 13", "25609513"},
		{"0x", "0x25609513 0x1 0X02", "256095130102"},
		{"0x without spaces", "0x250x60", "2560"},
		{`\x`, `\x25\x60`, "2560"},
		{"lines", "2560\r\n9513\n\n", "25609513"},
		{"eight digits on lines of their own", "25609513\n00000001", "2560951300000001"},
		{"xxd", "00000000: 2560 9513 0000 0000 0000 0000 0000 0001  %`..............\n" +
			"00000010: 0000 0000 0000 0000 0000 1000            ............\n", "25609513000000000000000000000001000000000000000000001000"},
		{"xxd, whose text looks like hex", "00000000: 6162                                     ab\n", "6162"},
		{"hexdump -C", "00000000  25 60 95 13 00 00 00 00  00 00 00 00 00 00 00 01  |%`..............|\n" +
			"00000010  61 7c                                             |a||\n00000012\n", "256095130000000000000000000000" + "01617c"},
		{"hexdump -C with repeated lines", "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n00000030\n", zeroes},
		{"xxd -a", "00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n*\n00000030: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n", zeroes},
		{"an empty line after repeated ones", "000000 00 |\n*\n\n000002", "0000"},
		{"od -tx1z", "000000 61 62                                            >ab<\n000002\n", "6162"},
		{"dashes", "25-60-95-13", "25609513"},
		{"od -tx1", "0000000 25 60 95 13 00 00 00 00 00 00 00 00 00 00 00 01\n*\n0000040 61\n0000041\n", strings.Repeat("25609513000000000000000000000001", 2) + "61"},
		{"od -Ax -tx1", "000000 25 60 95 13 00 00 00 00 00 00 00 00 00 00 00 01\n000010 61\n000011\n", "2560951300000000000000000000000161"},
		{"one line of od -tx1", "0000000 25 60\n", "2560"},
		{"tshark -x", "0000  25 60 95 13 00 00 00 00 00 00 00 00 00 00 00 01   %`..............\n0010  61 62                                             ab\n", "25609513000000000000000000000001" + "6162"},
		{"one line of tshark -x", "0000  61 62   ab", "6162"},
		{"tcpdump -X", "\t0x0000:  2560 9513 0000 0000 0000 0000 0000 0001  %`..............\n\t0x0010:  6162                                     ab\n", "25609513000000000000000000000001" + "6162"},
		{"no dump: the first word is data", "0000 00 03", "00000003"},
		{"no dump: the lines do not follow each other", "25609513 00 00\n25609513 00 01\n", "256095130000" + "256095130001"},
		{"Go", "[]byte{0x25, 0x60, 0x95, 0x13, 0x0, 7, 255}", "2560951300" + "07ff"},
		{"Go, printed", "[37 96 149 19]", "25609513"},
		{"C", "unsigned char x[] = {\n  0x25, 0x60,\n  0x95, 0x13\n};\nunsigned int x_len = 4;\n", "25609513"},
		{"C, a piece", "{ 0x25, 0x60,", "2560"},
		{"Java", "[37, 96, -107, 19]", "25609513"},
		{"Python", `b'%` + "`" + `\x95\x13\'"\n'`, "25609513" + "27220a"},
		{"Python, other quotes", `b"a'\""`, "612722"},
		{"nothing", " \n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseHex(tt.text)
			if err != nil || hex.EncodeToString(got) != tt.want {
				t.Errorf("%x, %v: want %s", got, err, tt.want)
			}
		})
	}
	for _, tt := range []struct{ text, want string }{
		{"25 6z", `column 5: "z" is no hex digit`},
		{"zz", `column 1: "z" is no hex digit`},
		{"25\n60 95 é", `line 2, column 7: "é" is no hex digit`},
		{"25 609", `column 6: "609" has an odd number of digits: a byte has two`},
		{"0x", `column 3: 0x without a digit`},
		{"0x123", `column 5: "123" has an odd number of digits: a byte has two`},
		{strings.Repeat("1", 33), `column 33: "11111111111111111111…" has an odd number of digits: a byte has two`},
		{"00000000: 25zz  text", `column 13: "z" is no hex digit`},
		{"00000000  25 6  |x|", `column 14: "6" has an odd number of digits: a byte has two`},
		{"*", `column 1: "*" is no hex digit`},
		{"00000000: 00\n*\nffffffff: 00", "line 3, column 1: the offset ffffffff does not fit after repeated lines"},
		{"00000010: 00\n*\n00000000: 00", "line 3, column 1: the offset 00000000 does not fit after repeated lines"},
		{"00000000: 00\n*\n", "line 3, column 1: no line with an offset comes after *: how often to repeat is not known"},
		{"00000000: 00\n*\n11", "line 3, column 1: no line with an offset comes after *: how often to repeat is not known"},
		{"0000000 6025 1395\n0000004\n", "column 1: a dump in words, whose bytes stand in the machine's order: use hexdump -C or od -tx1"},
		{"0000000 060045 011625\n", "column 1: a dump in words, whose bytes stand in the machine's order: use hexdump -C or od -tx1"},
		{"0000000 13956025 03000000\n", "column 1: a dump in words, whose bytes stand in the machine's order: use hexdump -C or od -tx1"},
		{"{37,\n  256}", `line 2, column 3: "256" is no byte: want a number up to 255 or 0xff`},
		{"[]byte{0x25, x}", `column 14: "x" is no byte: want a number up to 255 or 0xff`},
		{"b'ab", "column 5: the string does not end: want '"},
		{`b'a\q'`, "column 4: no byte of a string is written so"},
		{"ffffffffffffffff: 00", "column 1: the offset ffffffffffffffff is too large"},
	} {
		if got, err := parseHex(tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %x, %v: want %s", tt.text, got, err, tt.want)
		}
	}
	if _, err := parseHex("00000000: 00\n*\n3ffffff: 00\n*\n7fffffe: 00"); err == nil || !strings.Contains(err.Error(), "too much at once") {
		t.Errorf("a dump of 128 MiB in five lines: %v", err)
	}
}

// TestParseHexOfTools reads what the tools write of bytes of every kind.
func TestParseHexOfTools(t *testing.T) {
	var data []byte
	for i := range 1000 {
		data = append(data, byte(i*i>>3))
	}
	data = append(append(data, make([]byte, 300)...), data[:7]...)
	for _, command := range []string{"xxd", "xxd -a", "xxd -u -g4", "xxd -g1", "xxd -p", "xxd -i", "hexdump -C", "od -Ax -tx1z", "od -tx1z", "od -tx1", "od -Ax -tx1", "od -v -An -tx1", "od -tx1 -w32"} {
		t.Run(command, func(t *testing.T) {
			words := strings.Fields(command)
			need(t, words[0])
			cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
			cmd.Stdin = strings.NewReader(string(data))
			text, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := parseHex(string(text)); err != nil || string(got) != string(data) {
				t.Errorf("%d bytes, %v: want %d\n%s", len(got), err, len(data), text)
			}
		})
	}
}

func FuzzParseHex(f *testing.F) {
	f.Add("00000000: 2560 9513  %`..\n*\n00000010: 00")
	f.Add("00000000  25 60  |%`|\n*\n00000012\n")
	f.Add("0x25, 60:95 \\x13")
	f.Add("0000000 25 60\n*\n0000020 1\n")
	f.Add("[]byte{0x25, 96}")
	f.Add("b'%\\x60'")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := parseHex(text)
		if err == nil && len(b) > maxExplain {
			t.Errorf("%d bytes", len(b))
		}
	})
}
