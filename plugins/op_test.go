package plugins

import (
	"slices"
	"testing"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{OpRead.String(), "READ"}, {OpExtents.String(), "EXTENTS"}, {Op(0).String(), "?"}, {Op(99).String(), "OP99"},
		{Flags(0).String(), "-"}, {FlagFUA.String(), "fua"}, {(FlagMayTrim | FlagFUA | FlagDF).String(), "may_trim,fua,df"},
		{FrontNBD.String(), "nbd"}, {FrontFUSE.String(), "fuse"}, {NoFront.String(), "-"},
		{Pread.String(), "pread"}, {NoCallback.String(), ""}, {NumCallbacks.String(), "?"},
		{SerializeAllRequests.String(), "serialize_all_requests"}, {ThreadModel(9).String(), "thread model 9"},
		{None.String(), "none"}, {Emulate.String(), "emulate"}, {Native.String(), "native"}, {Support(7).String(), "support 7"},
		{Param{"file", "a=b"}.String(), "file=a=b"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

// TestCallbackTable holds the table of the contract to its form.
func TestCallbackTable(t *testing.T) {
	seen := map[string]bool{}
	for c := NoCallback + 1; c < NumCallbacks; c++ {
		name := c.String()
		if name == "" || seen[name] {
			t.Errorf("callback %d has the name %q", c, name)
		}
		seen[name] = true
		if got, ok := ParseCallback(name); got != c || !ok {
			t.Errorf("%s is found as %d, %v", name, got, ok)
		}
		handle := c >= GetSize && c <= Close
		for version := 1; version <= 2; version++ {
			sig := c.Signature(version)
			if got := slices.Contains(sig.Args, ArgHandle); got != handle {
				t.Errorf("%s v%d takes a handle: %v", name, version, got)
			}
			if flags := slices.Contains(sig.Args, ArgFlags); flags && slices.Contains(sig.Args, ArgMayTrim) {
				t.Errorf("%s v%d takes flags and may_trim", name, version)
			}
		}
	}
	if _, ok := ParseCallback("pred"); ok {
		t.Error("pred was found")
	}
	for o := OpRead; o <= OpExtents; o++ {
		if cb := o.Callback(); cb < Pread || cb > Cache {
			t.Errorf("%s is served by %s", o, cb)
		}
	}
	if Op(99).Callback() != NoCallback || Op(99).Writes() || !OpTrim.Writes() || OpCache.Writes() {
		t.Error("what an operation does")
	}
}

func TestDifferences(t *testing.T) {
	was := Info{Size: 4096, CanFlush: true, FUA: Emulate}
	if diff := was.Differences(was); diff != nil {
		t.Errorf("%q differs from itself", diff)
	}
	now := was
	now.CanZero, now.CanExtents, now.FUA = true, true, Native // a client was not told how
	if diff := was.Differences(now); diff != nil {
		t.Errorf("%q: no client sees that", diff)
	}
	now.Size, now.CanFlush, now.FUA = 8192, false, None
	want := []string{"size: 4096 > 8192", "can_flush: true > false", "FUA offered: true > false"}
	if diff := was.Differences(now); !slices.Equal(diff, want) {
		t.Errorf("got %q, want %q", diff, want)
	}
}

func TestStamps(t *testing.T) {
	a := Now()
	b := Now()
	if a <= 0 || b < a {
		t.Errorf("stamps %d, %d", a, b)
	}
	if d := Stamp(30).Sub(10); d != 20 {
		t.Errorf("30 - 10 = %d", d)
	}
	if Stamp(30).Sub(0) != 0 || Stamp(0).Sub(10) != 0 {
		t.Error("a time since never")
	}
	if got := b.Time().Sub(a.Time()); got != b.Sub(a) {
		t.Errorf("the wall clock says %v, the stamps %v", got, b.Sub(a))
	}
}
