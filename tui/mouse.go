package tui

import tea "github.com/charmbracelet/bubbletea"

// wheelRows is how many rows a click of the mouse wheel moves.
const wheelRows = 3

// mouse moves what is under the pointer by the wheel. A click selects a row, and
// enters it if it was selected; it runs a command of the footer, or shows a tab.
func (a *app) mouse(msg tea.MouseMsg) tea.Cmd {
	by := 0
	switch {
	case a.tooSmall() || a.noMouse:
		return nil
	case msg.Button == tea.MouseButtonWheelUp:
		by = -wheelRows
	case msg.Button == tea.MouseButtonWheelDown:
		by = wheelRows
	case msg.Button != tea.MouseButtonLeft || msg.Action != tea.MouseActionPress:
		return nil
	}
	if by == 0 {
		a.trouble, a.said = "", cell{}
		if msg.Y == a.height-1 {
			return a.clickFooter(msg.X)
		}
	}
	switch {
	case a.asking:
		return nil
	case a.menu != nil:
		return a.mouseMenu(msg.Y-a.bodyTop()-1, by)
	case a.prompt != nil && msg.Y >= a.bodyTop()+a.bodyHeight():
		a.mousePrompt(msg.Y-a.bodyTop()-a.bodyHeight(), by)
		return nil
	}
	for _, r := range a.areas() {
		if msg.X >= r.x && msg.X < r.x+r.w && msg.Y >= r.y && msg.Y < r.y+r.h {
			return a.mouseArea(&r, msg.X-r.x, msg.Y-r.y, by)
		}
	}
	return nil
}

// bodyTop returns the row of the screen that the body begins with.
func (a *app) bodyTop() int { return 1 + len(a.news()) }

// clickFooter runs the command that the footer has at x.
func (a *app) clickFooter(x int) tea.Cmd {
	for _, h := range a.footerHints() {
		if x >= h.x && x < h.x+h.w {
			return a.press(h.command)
		}
	}
	return nil
}

// mouseMenu moves the menu, or selects or runs its row y.
func (a *app) mouseMenu(y, by int) tea.Cmd {
	l := &a.menu.list
	if by != 0 {
		l.move(by)
		return nil
	}
	row := l.rowAt(y)
	if row < 0 {
		return nil
	}
	if row == l.selected {
		return a.enter()
	}
	l.move(row - l.selected)
	return nil
}

// mousePrompt takes the offer that is drawn at row y, or marks another.
func (a *app) mousePrompt(y, by int) {
	p := a.prompt
	if len(p.offers) == 0 {
		return
	}
	if by != 0 {
		p.marked = max(min(p.marked+by/wheelRows, len(p.offers)-1), 0)
		return
	}
	if at := p.firstOffer(a.offerRows()) + y; y < a.offerRows() && at < len(p.offers) {
		p.marked = at
		p.take()
	}
}

// mouseArea moves, selects or enters what r shows at x and y.
func (a *app) mouseArea(r *area, x, y, by int) tea.Cmd {
	if r.detail {
		a.detail.point(x-1, y-1, by)
		return nil
	}
	l := a.panels[r.shown].rows()
	if by != 0 {
		l.move(by)
		return nil
	}
	if p := r.tabAt(x); y == 0 && p >= 0 {
		a.focusOn(p)
		return nil
	}
	row := a.panels[r.shown].rowAt(y - 1)
	again := row >= 0 && row == l.selected && a.focus == r.shown
	a.focusOn(r.shown)
	if row < 0 {
		return nil
	}
	l.pause()
	l.move(row - l.selected)
	if p, ok := a.panels[r.shown].(clicked); ok {
		p.click(x - 1)
	}
	if again {
		return a.enter()
	}
	return nil
}

// enter does what the key enter does where the user is, unless it was given
// another key.
func (a *app) enter() tea.Cmd {
	if c := find(commands(), a.where(), "enter"); c != nil {
		return a.runID(c.id)
	}
	return nil
}
