package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestTableLeavesOutByRank(t *testing.T) {
	columns := []column{
		{title: "name", width: 6, grows: true},
		{title: "size", width: 8, right: true, rank: 2},
		{title: "n", width: 4, right: true},
		{title: "more", width: 4, rank: 3, grows: true},
	}
	for _, tt := range []struct {
		w    int
		want []int
	}{
		{40, []int{6, 8, 4, 18}},
		{26, []int{6, 8, 4, 4}},
		{25, []int{10, 8, 4, 0}},
		{20, []int{14, 0, 4, 0}},
		{5, []int{6, 0, 4, 0}},
	} {
		table := newTable(tt.w, columns)
		if !slices.Equal(table.widths, tt.want) {
			t.Errorf("in %d cells the columns are %v, want %v", tt.w, table.widths, tt.want)
		}
		row := table.row([]cell{{text: "a long name"}, {text: "4 KiB"}, {text: "12345"}, {text: "x"}}, nil)
		if got := ansi.StringWidth(row); got != tt.w {
			t.Errorf("the row %q has %d cells, want %d", row, got, tt.w)
		}
	}
}

// What is cut off of a failure is never a part of its line.
func TestFailureIn(t *testing.T) {
	for _, tt := range []struct {
		room       int
		text, want string
	}{
		{40, "disk.lua:54: disk full", "✗ ENOSPC disk.lua:54: disk full"},
		{24, "disk.lua:54: disk full", "✗ ENOSPC disk.lua:54: d…"},
		{24, "pwrite: lib/disk.lua:54: disk full", "✗ ENOSPC disk.lua:54: d…"},
		{20, "disk.lua:54: disk full", "✗ ENOSPC disk.lua:54"},
		{19, "disk.lua:54: disk full", "✗ ENOSPC :54"},
		{12, "disk.lua:54: disk full", "✗ ENOSPC :54"},
		{11, "disk.lua:54: disk full", "✗ ENOSPC"},
		{16, "rule 1: the disk is full", "✗ ENOSPC rule 1…"},
		{8, "", "✗ ENOSPC"},
	} {
		if got := strings.TrimSpace(cut(failureIn("ENOSPC", tt.text, tt.room), tt.room)); got != tt.want {
			t.Errorf("%q in %d cells is %q, want %q", tt.text, tt.room, got, tt.want)
		}
	}
}
