package tui

// The panels, in the order of their numbers on the keyboard.
const (
	requestsPanel = iota
	callbacksPanel
	scriptPanel
	connectionsPanel
	heldPanel
	rulesPanel
	outputPanel
	mapPanel
	ladderPanel
	recordingsPanel
	numPanels
)

// panelNames are the names of the panels, in their order.
var panelNames = [numPanels]string{"requests", "callbacks", "script", "connections", "held", "rules", "output", "map", "ladder", "recordings"}

// A panel is a part of the screen. It is no model of its own: the app tells it
// what there is, has it drawn, and moves its list.
type panel interface {
	// feed takes note of the rows that there are now and of the room for them,
	// so that selection and window stay where there are rows.
	feed(sc *scene, w, h int)

	// draw returns h rows of w cells. It changes nothing. note stands in the
	// frame: how much there is.
	draw(sc *scene, w, h int) []string
	note(sc *scene) string

	rows() *list

	// rowAt returns the row that is drawn at line y, -1 if there is none.
	rowAt(y int) int
}

// A clicked panel has more than one place to click at in a row: x cells from its
// left edge.
type clicked interface{ click(x int) }

// panelKey returns the key of a panel: 1 to 9, then 0.
func panelKey(p int) string { return string(rune('0' + (p+1)%10)) }

// panelsFrom returns the panels from the one with number first on.
func panelsFrom(first int) []int {
	var out []int
	for p := first; p < numPanels; p++ {
		out = append(out, p)
	}
	return out
}
