package nbd

import "testing"

// TestLinger has a reader look for what is there and for what does not come.
func TestLinger(t *testing.T) {
	ours, theirs := socketPair(t)
	l := newLingerer(ours)
	awake := func(what string, misses uint, skip int) {
		t.Helper()
		l.linger()
		if l.misses != misses || l.skip != skip {
			t.Errorf("%s: %d misses, to be skipped %d times: want %d and %d", what, l.misses, l.skip, misses, skip)
		}
	}
	awake("nothing comes", 1, 2)
	awake("the first that it skips", 1, 1)
	awake("the second", 1, 0)
	awake("nothing comes again", 2, 4)
	l.skip = 0
	if _, err := theirs.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	awake("a byte is there", 0, 0)
	if _, err := ours.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	l.misses = maxMisses
	awake("nothing comes, as so often", maxMisses, 1<<maxMisses)
	l.skip = 0
	theirs.Close()
	awake("the client is gone", 0, 0)
	ours.Close()
	awake("the connection is closed", 0, 0)
}
