package host

import (
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// observe returns the functions by which generation number tells what it does.
func (h *Host) observe(number uint32) (print, debug func(*plugins.Call, string), observe func(*plugins.Call, error)) {
	log := h.opts.Log
	line := func(kind recordings.Kind) func(c *plugins.Call, text string) {
		return func(c *plugins.Call, text string) {
			e := callEvent(kind, number, c)
			e.Received = plugins.Now()
			log.Append(e, strings.ToValidUTF8(text, "\uFFFD"), nil)
		}
	}
	print = line(recordings.Output)
	if h.opts.Debug {
		debug = line(recordings.Debug)
	}
	observe = func(c *plugins.Call, err error) {
		if c.Request != nil && c.Callback == c.Request.Op.Callback() {
			return // the event of the request will tell
		}
		e := callEvent(recordings.Callback, number, c)
		e.Received, e.Started, e.Done = c.Started, c.Started, c.Done
		e.InCallback = c.Done.Sub(c.Started)
		e.Errno = uint16(plugins.ErrnoOf(err))
		log.Append(e, errorText(err, c.Callback), nil)
	}
	return print, debug, observe
}

// callEvent returns an event about c, which is nil at the top level of a script.
func callEvent(kind recordings.Kind, generation uint32, c *plugins.Call) recordings.Event {
	e := recordings.Event{Kind: kind, Generation: generation}
	if c == nil {
		return e
	}
	e.Callback, e.Front, e.Conn = c.Callback, c.Open.Front, c.Open.Conn
	if r := c.Request; r != nil {
		e.Op, e.Flags, e.Cookie = r.Op, c.Flags, r.Origin.Cookie
		e.PID, e.Program = r.Origin.PID, r.Origin.Program
		e.Offset, e.Length = c.Offset, c.Length
	}
	return e
}

// errorText returns the text of err without the name of the callback that the
// event is about anyway.
func errorText(err error, about plugins.Callback) string {
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), about.String()+": ")
}
