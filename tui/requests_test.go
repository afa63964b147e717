package tui

import "testing"

func TestWithoutFolder(t *testing.T) {
	for _, tt := range []struct{ text, script, want string }{
		{"/tmp/tour/disk.lua:3: full", "/tmp/tour/disk.lua", "disk.lua:3: full"},
		{"disk.lua:3: full", "disk.lua", "disk.lua:3: full"},
		{"lib/a.lua:3: full", "lib/disk.lua", "a.lua:3: full"},
		{"WRITE on a read-only disk", "/tmp/disk.lua", "WRITE on a read-only disk"},
		{"/elsewhere/disk.lua:3: full", "/tmp/disk.lua", "/elsewhere/disk.lua:3: full"},
	} {
		if got := withoutFolder(tt.text, tt.script); got != tt.want {
			t.Errorf("%q of %q: %q, want %q", tt.text, tt.script, got, tt.want)
		}
	}
}
