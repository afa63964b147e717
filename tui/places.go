package tui

import "strings"

// where is a set of places that can have the keys. One of them has them at any
// moment; see [app.where]. The lowest bits are the panels; see [placeOf].
type where uint32

// The places that are panels, and those that are not.
const (
	inRequests    = where(1) << requestsPanel
	inCallbacks   = where(1) << callbacksPanel
	inScript      = where(1) << scriptPanel
	inConnections = where(1) << connectionsPanel
	inHeld        = where(1) << heldPanel
	inRules       = where(1) << rulesPanel
	inOutput      = where(1) << outputPanel
	inMap         = where(1) << mapPanel
	inRecordings  = where(1) << recordingsPanel
	inPanels      = where(1)<<numPanels - 1
)

const (
	inDetail   = where(1) << (iota + 16) // one request
	inMenu                               // the list of commands
	inCopy                               // the list of what can be copied
	inPrompt                             // the line that is typed
	inQuestion                           // whether to quit
	inCard                               // the terminal is too small
	inReload                             // beside another place: the card of a reload that was refused

	inLists = inPanels | inDetail
)

// placeOf returns the place that a panel is.
func placeOf(panel int) where { return where(1) << panel }

// otherPlaces are the names of the places that are no panels, in their order.
var otherPlaces = [...]string{"request", "menu", "copy menu", "input line", "quit?", "too small", "refused reload"}

// places returns all places with their names.
func places() (all []where, names []string) {
	for i, name := range panelNames {
		all, names = append(all, placeOf(i)), append(names, name)
	}
	for i, name := range otherPlaces {
		all, names = append(all, inDetail<<i), append(names, name)
	}
	return all, names
}

// String returns the names of the places: "requests, script".
func (w where) String() string {
	all, names := places()
	var in []string
	if w&inPanels == inPanels {
		in, w = append(in, "panels"), w&^inPanels
	}
	for i, place := range all {
		if w&place != 0 {
			in = append(in, names[i])
		}
	}
	return strings.Join(in, ", ")
}
