// Package host keeps one script alive: it serves it, watches it, and changes it
// under the clients that are connected.
//
// To the front ends a [Host] is a plugins.Backend like any other. Behind it
// stands a generation, one instance of the script; saving the script builds the
// next one beside it and, if all goes well, swaps it in. A client's handle
// stays the same and only what it stands on changes.
//
//	front end          front end
//	    | Admit, Open, Do  |
//	    v                  v
//	  handle             handle          one for each open disk of a client
//	    |                  |
//	  rules, holds       rules, holds    outside of the gate: what waits there holds up no reload
//	    |                  |
//	----+------ gate ------+----         closed for the moment of a swap
//	    |                  |
//	  generation 4 (serves)      generation 5 (being built and checked)
//	    |
//	    +--> recordings.Log              every request, callback, line, reload
//
// A reload goes through its stages in one goroutine ([Host.Run]'s, or that of
// whoever calls [Host.Reload]), and until the last one nothing that the clients
// stand on has changed, so a mistake at any stage leaves the old generation serving:
//
//	building   read, compile, start the new generation with the same parameters
//	checking   open a handle on it for each that is open, compare the facts
//	draining   close the gate, let the requests in flight finish
//	swapping   carry the state over, exchange the handles, open the gate
//
// Then the old generation is closed, unless a client stays with it because it
// would find another disk ([Policy]). The host owns the generations, the handles
// on them and the shelf that holds what outlives them.
//
// A rule is a filter and an action, such as op:write => fail ENOSPC. The rules
// stand in a list and act in its order, each before the script is asked or after
// it has answered; one of the actions is to hold the request until a person
// decides. People act on all of it by [Control] alone.
package host
