package fusemount

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// survey asks a server what it finds.
func (s *server) survey() (facts string) {
	s.t.Helper()
	seen := len(s.logs)
	fmt.Fprintln(s.stdin, "survey")
	if _, err := s.next("surveyed"); err != "<nil>" {
		s.t.Error(err)
	}
	return strings.Join(s.logs[seen:], "\n")
}

func TestSurvey(t *testing.T) {
	needFUSE(t)
	needProgram(t, helperName)
	dir := tempDir(t)
	gone := filepath.Join(dir, "it's gone")
	serve(t, fakeConfig{Mountpoint: gone}).kill()
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk")})
	facts := s.survey()
	for _, want := range []string{
		"fact 0 /dev/fuse there, and may be opened",
		"fact 0 root mounts without a helper",
		"fact 0 mount " + s.path + " served by process ",
		"fact 2 mount " + gone + " stale: process ",
		"or: umount -l '" + dir + `/it'\''s gone'`,
	} {
		if !strings.Contains(facts, want) {
			t.Errorf("%q is missing in\n%s", want, facts)
		}
	}
	mustRun(t, "umount", gone)

	u := serve(t, fakeConfig{Mountpoint: filepath.Join(userDir(t), "disk"), User: true, Conf: "user_allow_other"})
	facts = u.survey()
	for _, want := range []string{
		"fact 0 /dev/fuse there, and may be opened",
		"fact 0 root this is not root: mounting needs " + helperName,
		"fact 0 " + helperName + " /",
		"fact 0 user_allow_other set in /etc/fuse.conf: every user may give --allow-other",
	} {
		if !strings.Contains(facts, want) {
			t.Errorf("%q is missing in\n%s", want, facts)
		}
	}
	u.mustClose()
	s.mustClose()
}
