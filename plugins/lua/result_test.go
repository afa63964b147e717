package lua

import (
	"context"
	"strings"
	"testing"

	"workbench/plugins"
)

// What nbdkit makes of the results of a Lua function, measured.
func TestResults(t *testing.T) {
	for _, c := range []struct {
		size string
		want uint64
		text string
	}{
		{"1024.7", 1024, ""}, {`"2048"`, 2048, ""}, {`" 0x10 "`, 16, ""}, {"2^53", 1 << 53, ""}, {"-0.5", 0, ""},
		{"-5", 0, "-5"}, {"nil", 0, "wanted a number of bytes, got nil"}, {"2^53 + 2", 0, "2^53"}, {"1/0", 0, "2^53"},
		{"0/0", 0, "wanted"}, {`"1M"`, 0, "wanted"}, {"{}", 0, "got a table"}, {"-1/0", 0, "-9223372036854775808"},
	} {
		t.Run("get_size "+c.size, func(t *testing.T) {
			in, _, err := start(t, skeleton+"function get_size() return "+c.size+" end")
			if err != nil {
				t.Fatal(err)
			}
			h, err := in.Open(context.Background(), plugins.OpenParams{})
			switch {
			case err == nil && (c.text != "" || h.Info().Size != c.want):
				t.Errorf("size %d, want %d, %q", h.Info().Size, c.want, c.text)
			case err != nil && (c.text == "" || !strings.Contains(err.Error(), c.text)):
				t.Errorf("error %v, want %q", err, c.text)
			}
		})
	}
	in, _, err := start(t, skeleton+"\nfunction can_write() return 1 end")
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Open(context.Background(), plugins.OpenParams{})
	if err == nil || err.Error() != "can_write: disk.lua:6: wanted a boolean, got 1" {
		t.Errorf("can_write that returns 1: %v", err)
	}
}
