package tui

import "testing"

func TestListFollow(t *testing.T) {
	l := newLog()
	l.feed(0, 100, 10)
	if from, to := l.visible(); from != 90 || to != 100 || l.selected != 99 {
		t.Fatalf("a log shows %d-%d, selected %d, want its end", from, to, l.selected)
	}
	l.feed(0, 105, 10)
	if l.selected != 104 {
		t.Errorf("it does not follow: selected %d", l.selected)
	}
	l.move(-1)
	l.feed(0, 120, 10)
	if l.follow || l.selected != 103 || l.unseen() != 15 {
		t.Errorf("after a move up: follow %v, selected %d, unseen %d, want false, 103, 15", l.follow, l.selected, l.unseen())
	}
	l.move(1)
	if l.follow {
		t.Error("a move down turned following on")
	}
	l.end()
	l.feed(0, 121, 10)
	if !l.follow || l.selected != 120 || l.unseen() != 0 {
		t.Errorf("at the end: follow %v, selected %d, unseen %d", l.follow, l.selected, l.unseen())
	}
}

func TestListLosesRows(t *testing.T) {
	l := newLog()
	l.feed(0, 100, 10)
	l.move(-50)
	if l.selected != 49 {
		t.Fatalf("selected %d", l.selected)
	}
	l.feed(30, 130, 10)
	if l.selected != 49 {
		t.Errorf("the selection moved to %d while its row was there", l.selected)
	}
	l.feed(80, 180, 10)
	if from, _ := l.visible(); l.selected != 80 || from != 80 {
		t.Errorf("its row is gone: selected %d, first seen %d, want the oldest", l.selected, from)
	}
	l.feed(200, 200, 10)
	if from, to := l.visible(); !l.empty() || from != to {
		t.Errorf("no rows are left, yet it shows %d-%d", from, to)
	}
	l.feed(200, 201, 10)
	if from, to := l.visible(); from != 200 || to != 201 || l.selected != 200 {
		t.Errorf("one row came: it shows %d-%d, selected %d", from, to, l.selected)
	}
}

func TestListEnds(t *testing.T) {
	l := list{}
	l.feed(0, 25, 10)
	l.home()
	l.move(-5)
	if l.selected != 0 || l.top != 0 {
		t.Errorf("above the first: selected %d, top %d", l.selected, l.top)
	}
	l.move(9)
	if l.top != 0 {
		t.Errorf("the window moved to %d though the row was seen", l.top)
	}
	l.move(1)
	if l.top != 1 {
		t.Errorf("the window did not follow the selection: top %d", l.top)
	}
	l.end()
	l.move(3)
	if l.selected != 24 || l.top != 15 || l.follow {
		t.Errorf("below the last: selected %d, top %d, follow %v", l.selected, l.top, l.follow)
	}
	l.feed(0, 25, 30)
	if from, to := l.visible(); from != 0 || to != 25 {
		t.Errorf("all fit, but it shows %d-%d", from, to)
	}
	l.feed(0, 25, 0)
	if from, to := l.visible(); from != to {
		t.Errorf("no room, but it shows %d-%d", from, to)
	}
}
