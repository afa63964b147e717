package fusemount

import "testing"

// Who reads and is kept at a request that hangs is relieved: others are answered.
func TestRelieved(t *testing.T) {
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), HangAt: 512, Serial: true})
	h := hold(t, s.path, []string{openWrite}, []string{"read 512 1"})
	h.stdin.Close()
	s.waitFor("the read", func(stats fakeStats) bool { return stats.InFlight == 1 })
	play(t, s.path, []step{{openWrite, "ok"}, {"write 4096 3 0x61", "3"}, {"read 4096 4", "3*61 1*00"}})
	h.cmd.Process.Kill()
	s.waitFor("the end of the read", func(stats fakeStats) bool { return stats.InFlight == 0 })
	h.cmd.Wait()
	play(t, s.path, []step{{openWrite, "ok"}, {"read 4096 4", "3*61 1*00"}})
	s.mustClose()
}

// Memory that was given away with what was to be written is not used again.
func TestGiven(t *testing.T) {
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), Size: 4 << 20, Serial: true})
	play(t, s.path, []step{
		{openWrite, "ok"},
		{"write 0 1048576 0x61", "1048576"},
		{"write 1048576 1000 0x62", "1000"},
		{"write 2097152 1048576 0x63", "1048576"},
		{"write 2097152 600000 0x64", "600000"},
		{"read 2097152 600001", "600000*64 1*63"},
		{"read 0 1048576", "1048576*61"},
	})
	if stats := s.mustClose(); stats.Gifts != 4 || len(stats.Errors) != 0 {
		t.Errorf("%d writes gave their data away; errors %q", stats.Gifts, stats.Errors)
	}
}
