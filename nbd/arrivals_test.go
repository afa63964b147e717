package nbd

import (
	"math/rand/v2"
	"testing"
)

func TestArrivals(t *testing.T) {
	type step struct {
		at, n uint64
		ok    bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"in order", []step{{0, 5, true}, {5, 5, true}, {10, 1, true}}},
		{"twice at the beginning", []step{{0, 5, true}, {0, 5, false}}},
		{"twice behind a gap", []step{{5, 5, true}, {5, 5, false}}},
		{"over the end of another", []step{{5, 5, true}, {9, 5, false}, {10, 5, true}}},
		{"over the beginning of another", []step{{5, 5, true}, {1, 5, false}, {0, 6, false}, {0, 5, true}}},
		{"around another", []step{{5, 5, true}, {4, 7, false}, {0, 20, false}}},
		{"within another", []step{{5, 5, true}, {6, 1, false}}},
		{"backwards", []step{{8, 2, true}, {6, 2, true}, {3, 3, true}, {0, 3, true}, {9, 1, false}, {10, 1, true}}},
		{"a gap is filled", []step{{0, 2, true}, {4, 2, true}, {8, 2, true}, {2, 2, true}, {6, 2, true}, {0, 1, false}, {10, 1, true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a arrivals
			for _, s := range tt.steps {
				if err := a.add(s.at, s.n); (err == nil) != s.ok {
					t.Errorf("%d bytes at %d: %v", s.n, s.at, err)
				}
			}
		})
	}

	t.Run("any order", func(t *testing.T) {
		var a arrivals
		for _, i := range rand.Perm(1000) {
			if err := a.add(uint64(i)*3, 3); err != nil {
				t.Fatal(err)
			}
		}
		if a.begin != 3000 || len(a.beyond) != 0 {
			t.Errorf("begin %d, and beyond it %v", a.begin, a.beyond)
		}
	})

	t.Run("too many pieces", func(t *testing.T) {
		var a arrivals
		for i := range uint64(maxSpans) {
			if err := a.add(1+2*i, 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.add(1<<20, 1); err == nil {
			t.Error("one more was taken")
		}
		if err := a.add(0, 1); err != nil || a.begin != 2 {
			t.Errorf("the first byte: %v; begin is %d", err, a.begin)
		}
	})
}
