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
//	            feed      waits; at most 20 pulses a second, none while nothing changes,
//	              |       and no timer while the host is at rest
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
//	              |
//	              v
//	            stage     has the terminal; at most 30 frames a second, at once if it was quiet
//	              |
//	              v
//	           painter    writes the rows that are new, as one synchronized update
//
// There is one Bubble Tea model, the app. Panels are plain structs that it lays
// out, feeds and draws; only this package knows of Bubble Tea. Update waits for
// nothing: it copies from the log's memory at most the request that is opened
// and, while a filter applies, a piece of the log to search; a message of its
// own brings the next piece, so that keys come between. View formats only rows
// that are seen. The list of requests has no copy of them; it has their numbers
// in the log, and reads those that it draws. What takes longer is done beside
// the model, by a command over a copy of those numbers: sorting the list, reading
// rows that stand all over a file (far.go), and folding a recording up to a
// request. A result that is not wanted any more is dropped.
//
// The map of a disk is a [heat], which costs a request one cell of each that it
// touches; cells smaller than its own, and all cells of disks that come after the
// first few, are added up by a [lens], which reads the log as a filter does, a
// piece at a time.
//
// Whatever is drawn goes through a [line], which cleans it of escape sequences
// and keeps it within its cells, so that no script and no client can write to
// the terminal. Colours come as an [ink] with a meaning, and never alone.
//
// The texts of the script's generations come once for each, and are kept for the
// script panel, which takes them apart for their colours (syntax.go) and compares
// them (versions.go). While an editor runs ([app.editScript]) it has the terminal,
// and Bubble Tea stands still; events wait in the log.
//
// Bubble Tea reads keys and runs the model, and neither draws nor sets up the
// terminal: its renderer would tick for as long as the screen is open. The [stage]
// does both, on the goroutine of the model. It makes the terminal raw and gives it
// back whatever ends the screen, a panic included, or has the terminal meanwhile
// ([stage.lend]); only what is copied is written past it, at once as a frame is.
//
// Keys, footer, menu and palette are made from one table; see [command]. A
// command that takes an argument returns a [question], which a prompt puts to
// the user, and the palette behind the name. dispatch.go has the way from a key
// to its command. Texts that name a key have the command instead; see [app.named].
//
// A recording that is opened has an app, a feed and a state of its own, over the
// app that it was opened from, which goes on folding (over.go). What takes its
// time, as a replay or figures by group (stats.go), is a task with progress that
// esc stops (task.go).
//
// The feeds, each as one command at a time, tasks, the commands that take long
// (see [beside]), and what the stage waits for (signals, a frame that is due) are
// all that runs beside the model, and [Run] returns when they have ended.
//
// A [Checklist], as that of the tour, is ticked off by filters over the log.
package tui
