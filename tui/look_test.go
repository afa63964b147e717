package tui

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestLook(t *testing.T) {
	spec := os.Getenv("LOOK")
	if spec == "" {
		t.Skip("no LOOK")
	}
	for _, one := range strings.Split(spec, ";") {
		var w, h int
		keys := ""
		parts := strings.SplitN(one, "@", 2)
		fmt.Sscanf(parts[0], "%dx%d", &w, &h)
		if len(parts) > 1 {
			keys = parts[1]
		}
		log, bench := fixture()
		if strings.HasPrefix(keys, "HOLD ") {
			bench.hold()
			keys = keys[5:]
		}
		s := newScreen(t, w, h, log, bench, fixtureOptions())
		s.press(keys)
		fmt.Println(one)
		fmt.Println(s.text())
	}
}
