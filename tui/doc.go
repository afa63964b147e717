// Package tui is the screen.
//
// What it shows is a fold of the log: the model reads events from where it
// stands, adds them up in a [state], and draws that. It never sees a request
// while it runs, and it acts by calling the host, so that a live disk and a
// recording look alike.
//
//	recordings.Log            host
//	    |  Read, Text, Stats   |  Status, Held, Rules  (a command, off the model's goroutine)
//	    +---------+------------+
//	              v
//	            feed      waits; at most 20 pulses a second, none while nothing changes
//	              |  pulse
//	              v
//	  keys --->  app.Update --- fold ---> state (live) --- freeze ---> state (paused)
//	              |                          |
//	              |  layout, feed            |  scene: state, inks, clock
//	              v                          v
//	            areas: panels (panel.go), detail, menu, prompt
//	              |
//	              v
//	          app.View    rows, each exactly as wide as the terminal
//
// There is one Bubble Tea model, the app. Panels are plain structs that it lays
// out, feeds and draws; only this package knows of Bubble Tea. Update waits for
// nothing: it copies from the log's memory at most the request that is opened
// and, while a filter applies, a piece of the log to search; a message of its
// own brings the next piece, so that keys come between. View formats only rows
// that are seen. The list of requests has no copy of them; it has their numbers
// in the log, and reads those that it draws.
//
// The map of a disk is a [heat], which costs a request one cell of each that it
// touches; cells smaller than its own are added up by a [lens], which reads the
// log as a filter does, a piece at a time.
//
// Whatever is drawn goes through a [line], which cleans it of escape sequences
// and keeps it within its cells, so that no script and no client can write to
// the terminal. Colours come as an [ink] with a meaning, and never alone.
//
// Keys, footer and the list of commands are made from one table; see [command].
//
// The feed is the only thing that runs beside the model, as one command at a
// time, and [Run] returns when it has ended.
package tui
