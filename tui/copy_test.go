package tui

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestCopy: each kind of copy is what it says, from the list and from the open request.
func TestCopy(t *testing.T) {
	for _, tt := range []struct{ keys, want, says string }{
		{"y y", " nbd#1 WRITE 0x100000 4096 fua 32µs EFBIG pwrite: disk.lua:7: disk full", "row"},
		{"y s", `qemu-io -f raw -c 'write -f -P 0x5a 1048576 4096' 'nbd+unix:///?socket=/tmp/wb/nbd.sock'  # the data were not kept: 5a instead`, "shell line"},
		{"k y s", `qemu-io -r -f raw -c 'read -v 57344 4096' 'nbd+unix:///?socket=/tmp/wb/nbd.sock'`, "shell line"},
		{"enter y x", "eb3c906d6b66732e66617400020401000200020080", "bytes in hex"},
		{"R y l", "kill -HUP ", "shell line"},
		{"y down enter", "qemu-io", "shell line"},
		{"6 y s", "workbench mount examples/disk.lua /mnt/disk size=16M latency=200us --rule 'op:write off<1M => fail ENOSPC limit=3'", "shell line"},
		{"4 y y", "● nbd#1", "row"},
		{": " + typed("copy hex") + " enter", "eb3c90", "bytes in hex"},
		{"k y t", "want='0000e000:  eb 3c 90 6d", "test"},
		{"y t", "No space left on device", "test"},
	} {
		log, bench := fixture()
		bench.hold()
		s := newScreen(t, 80, 24, log, bench, fixtureOptions())
		s.press(tt.keys)
		if !strings.Contains(s.copied, tt.want) {
			t.Errorf("%q copied %q, want %q", tt.keys, s.copied, tt.want)
		}
		if s.mustShow("✓ copied ", "bytes: "+tt.says); s.app.menu != nil {
			t.Errorf("%q: the menu is still open", tt.keys)
		}
	}
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("enter y j")
	var event struct{ Op, Result, Text string }
	if err := json.Unmarshal([]byte(s.copied), &event); err != nil || event.Op != "WRITE" || event.Result != "EFBIG" || event.Text == "" {
		t.Errorf("%s: %+v, %v", s.copied, event, err)
	}
	s.press("enter y y")
	if !strings.Contains(s.copied, " nbd#1 WRITE 0x100000 4096 fua ") {
		t.Errorf("of the open request: %q", s.copied)
	}
}

// TestCopyFails: what cannot be copied says why, and so does a terminal that fails.
func TestCopyFails(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 140, 40, log, bench, fixtureOptions())
	s.press("5 y")
	s.mustShow("no request is selected: 1 goes to the requests", "no row is selected", "no shell line was shown yet")
	s.press("s esc")
	if s.copied != "" {
		t.Errorf("copied %q", s.copied)
	}
	s.clipFails = errors.New("no clipboard")
	s.press("1 y")
	s.mustShow(" nbd#1 WRITE 0x100000 4096 fua")
	s.press("y")
	s.mustShow("✗ copying the row: no clipboard")
}
