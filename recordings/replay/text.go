package replay

import (
	"encoding/hex"
	"fmt"

	"workbench/plugins"
	"workbench/recordings"
)

// What returns what was asked: "request 812, nbd#1 READ 0x1000 4096".
func (d *Difference) What() string {
	e := &d.Event
	if e.Kind == recordings.Opened {
		return fmt.Sprintf("event %d, %s#%d opened", e.Seq, e.Front, e.Conn)
	}
	what := fmt.Sprintf("request %d, %s#%d %s %#x %d", e.Seq, e.Front, e.Conn, e.Op, e.Offset, e.Length)
	if e.Flags != 0 {
		what += " " + e.Flags.String()
	}
	return what
}

// How returns how the sides differ: "byte 40 (0x1028 on the disk): 00 > 01".
func (d *Difference) How() string {
	switch d.Kind {
	case Size:
		return fmt.Sprintf("the disk had %d bytes > %d bytes", d.Was.Size, d.Is.Size)
	case Refused:
		return fmt.Sprintf("export %q was opened > %s", d.Was.Text, d.Is.result())
	case Missing:
		return "only the first has it"
	case Added:
		return "only the second has it"
	case Data:
		if !d.Exact {
			if d.At > 0 {
				return fmt.Sprintf("the data differ after the first %d bytes (by their hash: where is not known without --payload full)", d.At)
			}
			return "the data differ (by their hash: where is not known without --payload full)"
		}
		return fmt.Sprintf("byte %d (%#x on the disk): %s > %s", d.At, d.Event.Offset+d.At, hex.EncodeToString(d.Was.Data), hex.EncodeToString(d.Is.Data))
	}
	return d.Was.result() + " > " + d.Is.result()
}

// Text returns what and how, on one line.
func (d *Difference) Text() string { return d.What() + ": " + d.How() }

// result returns "ok", or the errno and why.
func (a Answer) result() string {
	if a.Errno == 0 {
		return "ok"
	}
	text := plugins.ErrnoName(a.Errno)
	if a.Text != "" {
		text += " " + recordings.Printable(a.Text)
	}
	return text
}
