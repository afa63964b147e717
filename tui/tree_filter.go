package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
)

// filterOf returns the filter for a field of the messages, "" if there is none.
func (d *decoder) filterOf(field string) string {
	e := &d.event
	switch field {
	case "command":
		return "op:" + strings.ToLower(e.Op.String())
	case "command flags":
		if e.Flags != 0 {
			return "flag:" + e.Flags.String()
		}
	case "cookie":
		return fmt.Sprintf("cookie:%#x", e.Cookie)
	case "offset":
		if e.Op != plugins.OpFlush {
			return fmt.Sprintf("op:%s off:%#x..%#x", strings.ToLower(e.Op.String()), e.Offset, e.Offset+max(e.Length, 1))
		}
	case "length":
		if e.Op != plugins.OpFlush {
			return fmt.Sprintf("len:%d", e.Length)
		}
	case "error":
		if !e.Failed() {
			return "!err"
		}
		return "wire:" + plugins.ErrnoName(plugins.WireErrno(e.Err(), e.Flags))
	}
	return ""
}

// flagFilter returns the filter for a flag by the protocol's name of it.
func flagFilter(name string) string {
	switch name {
	case "NO_HOLE":
		return "zero !may_trim"
	case "FUA", "DF", "REQ_ONE", "FAST_ZERO":
		return strings.ToLower(name)
	}
	return ""
}
