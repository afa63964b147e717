package host

import (
	"testing"

	"workbench/recordings"
)

// Who wants to know hears of every generation that serves, and of none that was refused.
func TestServedGenerationsAreTold(t *testing.T) {
	var told []recordings.Generation
	r := newRig(t, "fill a", Options{Served: func(g recordings.Generation) { told = append(told, g) }})
	r.open()
	r.save("fill b")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.save("syntax unexpected end")
	if err := r.Reload(t.Context()); err == nil {
		t.Fatal("a broken script was loaded")
	}
	want := []string{"fill a", "fill b"}
	if len(told) != len(want) {
		t.Fatalf("told of %v, want %v", told, want)
	}
	for i, g := range told {
		if g.Number != uint32(i+1) || g.Text != want[i] || len(g.Files) == 0 {
			t.Errorf("told of %+v, want %q", g, want[i])
		}
	}
}
