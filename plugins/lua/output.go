package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// maxPartial bounds what is kept of a line that does not end.
const maxPartial = 64 << 10

// An output collects what a script prints until a line is complete.
type output struct {
	partial []byte
	emit    func(text string) // takes one line or more, without the last line end
}

// write takes text as it is printed.
func (o *output) write(text string) {
	end := strings.LastIndexByte(text, '\n')
	if end >= 0 {
		lines := text[:end]
		if len(o.partial) > 0 {
			lines = string(o.partial) + lines
			o.partial = o.partial[:0]
		}
		o.emit(lines)
		text = text[end+1:]
	}
	o.partial = append(o.partial, text...)
	if len(o.partial) > maxPartial {
		o.flush()
	}
}

// flush ends the line that is incomplete, if there is one.
func (o *output) flush() {
	if len(o.partial) > 0 {
		o.emit(string(o.partial))
		o.partial = o.partial[:0]
	}
}

// print passes on what the script printed, with the call that it printed it in.
func (s *script) print(text string) {
	if s.env.Print != nil {
		s.env.Print(s.running, text)
	}
}

// basePrint is print.
func (s *script) basePrint(L *glua.LState) int {
	var b strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		b.WriteString(L.ToStringMeta(L.Get(i)).String())
	}
	b.WriteByte('\n')
	s.out.write(b.String())
	return 0
}
