package host

import "testing"

// TestStirs: who waits for a host to do something is told of each beginning.
func TestStirs(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	for _, tt := range []struct {
		name string
		do   func()
	}{
		{"a request", func() { r.wantRead(d, "a") }},
		{"another", func() { r.wantRead(d, "a") }},
		{"a reload", func() {
			if err := r.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		}},
	} {
		first, second := r.Stirs(), r.Stirs()
		select {
		case <-first:
			t.Errorf("before %s the host stirs", tt.name)
		default:
		}
		tt.do()
		for _, stirs := range []<-chan struct{}{first, second} {
			select {
			case <-stirs:
			default:
				t.Errorf("%s does not stir the host", tt.name)
			}
		}
	}
}
