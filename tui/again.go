package tui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"workbench/plugins"
)

// quoted writes s as one word of a shell.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("%+,-./:=@_", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// again returns the line that serves the script with an option more, "" if none
// is served.
func (a *app) again(option, value string) string {
	s := &a.scene.status
	if s.Path == "" || strings.TrimSpace(value) == "" {
		return ""
	}
	line := "workbench run " + quoted(s.Path)
	if a.scene.mount != "" {
		line = "workbench mount " + quoted(s.Path) + " " + quoted(a.scene.mount)
	}
	for _, p := range s.Params {
		line += " " + quoted(p.String())
	}
	return line + " " + option + " " + quoted(strings.TrimSpace(value))
}

// qemuIO returns the command of qemu-io that makes the request of s again, or
// why there is none. before is a line for the shell that makes the file of the
// data; note says what is not as it was.
func (s *subject) qemuIO() (command, before, note, why string) {
	e := &s.event
	flags := ""
	if e.Flags&plugins.FlagFUA != 0 {
		flags = " -f"
	}
	place := fmt.Sprintf("%d %d", e.Offset, e.Length)
	switch e.Op {
	case plugins.OpRead:
		return "read -v " + place, "", "", ""
	case plugins.OpFlush:
		return "flush", "", "", ""
	case plugins.OpTrim:
		return "discard " + place, "", "", ""
	case plugins.OpZero:
		if e.Flags&plugins.FlagMayTrim != 0 {
			flags += " -u"
		}
		if e.Flags&plugins.FlagFastZero != 0 {
			flags += " -n"
		}
		return "write -z" + flags + " " + place, "", "", ""
	case plugins.OpWrite:
		pattern, known := s.pattern()
		switch {
		case known:
			return fmt.Sprintf("write%s -P 0x%02x %s", flags, pattern, place), "", "", ""
		case s.whole():
			return fmt.Sprintf("write%s -s data.bin %s", flags, place), "printf '" + octal(s.data) + "' >data.bin", "", ""
		}
		return fmt.Sprintf("write%s -P 0x5a %s", flags, place), "", "the data were not kept: 5a instead", ""
	}
	return "", "", "", fmt.Sprintf("qemu-io has no command for %s", e.Op)
}

// whole reports whether all data of the request are known.
func (s *subject) whole() bool { return len(s.data) > 0 && uint64(len(s.data)) == s.event.Length }

// pattern returns the byte that all data of the request consist of, if they do.
func (s *subject) pattern() (b byte, ok bool) {
	if !s.whole() {
		return 0, false
	}
	return s.data[0], strings.Count(string(s.data), string(s.data[:1])) == len(s.data)
}

// octal writes data as printf of any shell takes it.
func octal(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return b.String()
}

// qemuLine returns the line that runs a command of qemu-io against a disk.
func (s *subject) qemuLine(command, uri string) string {
	options := "-f raw"
	if s.event.Op == plugins.OpRead {
		options = "-r -f raw"
	}
	return fmt.Sprintf("qemu-io %s -c %s %s", options, quoted(command), uri)
}

// shellLine returns the line that does in a shell what the selected row is about,
// or why there is none.
func (a *app) shellLine() (line, why string) {
	r := a.rules.selected()
	if a.focus != rulesPanel || a.detail != nil || r == nil {
		return a.requestLine()
	}
	if line = a.again("--rule", r.Text); line == "" {
		return "", "no script is served"
	}
	return line, ""
}

// shellLine returns a line for a shell that makes the request of s again, with
// qemu-io or what suits the operation, and with the tools for files if it came
// through a mount; or why there is none.
func (s *subject) shellLine(sc *scene) (line, why string) {
	if s.event.Front == plugins.FrontFUSE {
		return s.fileLine(sc), ""
	}
	uri := `"$uri"` // which --run sets
	if sc.uri != "" {
		uri = quoted(sc.uri)
	}
	switch e := &s.event; e.Op {
	case plugins.OpExtents:
		return fmt.Sprintf("qemu-img map -f raw --output=json --start-offset=%d --max-length=%d %s", e.Offset, e.Length, uri), ""
	case plugins.OpCache:
		return fmt.Sprintf("nbdsh -u %s -c 'h.cache(%d, %#x)'", uri, e.Length, e.Offset), ""
	}
	command, before, note, why := s.qemuIO()
	if why != "" {
		return "", why
	}
	line = s.qemuLine(command, uri)
	if before != "" {
		line = before + " && " + line
	}
	if note != "" {
		line += "  # " + note
	}
	return line, ""
}

// fileLine is shellLine of a request that came through a mount.
func (s *subject) fileLine(sc *scene) string {
	e := &s.event
	file := quoted(sc.mount)
	if sc.mount == "" {
		file = `"$file"`
	}
	switch e.Op {
	case plugins.OpRead:
		return fmt.Sprintf("dd if=%s bs=64k iflag=skip_bytes,count_bytes skip=%d count=%d status=none | hexdump -C", file, e.Offset, e.Length)
	case plugins.OpWrite:
		return fmt.Sprintf("dd if=data.bin of=%s bs=64k conv=notrunc oflag=seek_bytes seek=%d", file, e.Offset)
	case plugins.OpFlush:
		return "sync " + file
	case plugins.OpTrim:
		return fmt.Sprintf("fallocate --punch-hole -o %d -l %d %s", e.Offset, e.Length, file)
	case plugins.OpZero:
		return fmt.Sprintf("fallocate --zero-range -o %d -l %d %s", e.Offset, e.Length, file)
	}
	return ""
}

// requestLine returns the line that makes the selected request again, or why
// there is none.
func (a *app) requestLine() (line, why string) {
	s, why := a.subject()
	if why != "" {
		return "", why
	}
	return s.shellLine(&a.scene)
}

// requestTest returns a shell script that makes the selected request again and
// fails if the answer is another one, or why there is none.
func (a *app) requestTest() (script, why string) {
	s, why := a.subject()
	if why != "" {
		return "", why
	}
	command, before, note, why := s.qemuIO()
	if why != "" {
		return "", why
	}
	e := &s.event
	what := describe(e.Op, e.Offset, e.Length)
	lines := []string{"# " + what}
	if note != "" {
		lines = append(lines, "# "+note)
	}
	lines = append(lines, "# workbench run "+quoted(a.scriptName())+" --run 'sh THIS_FILE'")
	if before != "" {
		lines = append(lines, before)
	}
	fail := "echo " + quoted(what+": want %s, got:")
	switch data := s.fullRows(); {
	case e.Failed():
		wire := plugins.WireErrno(e.Err(), e.Flags)
		fail = fmt.Sprintf("{ "+fail+`; echo "$got"; exit 1; }`, plugins.ErrnoName(wire))
		lines = append(lines,
			"got=$("+s.qemuLine(command, `"$uri"`)+" 2>&1) && "+fail,
			"case $got in *"+quoted(capital(wire.Error()))+"*) ;; *) "+fail+" ;; esac")
	case e.Op == plugins.OpRead && data != "":
		rows := strings.Count(data, "\n") + 1
		lines = append(lines,
			fmt.Sprintf("got=$(%s | head -n %d | cut -c -%d)", s.qemuLine(command, `"$uri"`), rows, rowWidth),
			"want='"+data+"'",
			`[ "$got" = "$want" ] || `+fmt.Sprintf("{ "+fail+`; echo "$got"; exit 1; }`, "the bytes of then"))
	default:
		lines = append(lines,
			"got=$("+s.qemuLine(command, `"$uri"`)+" 2>&1) || "+fmt.Sprintf("{ "+fail+`; echo "$got"; exit 1; }`, "success"))
	}
	return strings.Join(lines, "\n") + "\n", ""
}

// scriptName returns what the plugin is called in a command line.
func (a *app) scriptName() string {
	if path := a.scene.status.Path; path != "" {
		return path
	}
	return "PLUGIN"
}

// rowWidth is the width of offset and bytes in a dump by qemu-io.
const rowWidth = 58

// fullRows writes the data of s as qemu-io dumps them, sixteen bytes in a row;
// what does not fill a row is left out.
func (s *subject) fullRows() string {
	var rows []string
	for at := 0; at+16 <= len(s.data); at += 16 {
		rows = append(rows, fmt.Sprintf("%08x:  % x", s.event.Offset+uint64(at), s.data[at:at+16]))
	}
	return strings.Join(rows, "\n")
}

// capital writes the first letter of s large, as the C library does.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
