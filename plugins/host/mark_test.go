package host

import (
	"testing"

	"workbench/recordings"
)

// TestMark: a mark is in the log with what tells its request from all others.
func TestMark(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.wantRead(d, "a")
	request, _ := r.lastRequest()
	r.Mark(request, "a")
	r.Mark(request, "")
	marks, texts := r.events(recordings.Mark)
	if len(marks) != 2 || texts[0] != "a" || texts[1] != "" {
		t.Fatalf("%d marks, %q", len(marks), texts)
	}
	m := marks[0]
	if m.Started != request.Received || m.Done != request.Replied || m.Op != request.Op || m.Offset != request.Offset || m.Length != request.Length ||
		m.Front != request.Front || m.Conn != request.Conn || m.Cookie != request.Cookie || m.Received < request.Replied {
		t.Errorf("the mark is %+v, of %+v", m, request)
	}
}
