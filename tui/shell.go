package tui

import (
	"fmt"
	"slices"
	"strings"

	"workbench/plugins"
)

// shellLine returns a line for a shell that does what s did, with qemu-io or
// what suits the operation; of a file, with the tools for files.
func (s *subject) shellLine(sc *scene) string {
	if s.event.Front == plugins.FrontFUSE {
		return s.fileLine(sc)
	}
	e := &s.event
	uri := quoteShell(sc.uri)
	if sc.uri == "" {
		uri = `"$uri"`
	}
	var words []string
	switch e.Op {
	case plugins.OpRead:
		words = append(words, "read -v")
	case plugins.OpWrite:
		words = append(words, "write")
		if b, same := s.pattern(); same {
			words = append(words, fmt.Sprintf("-P %#02x", b))
		} else {
			words = append(words, "-s data.bin")
		}
	case plugins.OpZero:
		words = append(words, "write -z")
		if e.Flags&plugins.FlagMayTrim != 0 {
			words = append(words, "-u")
		}
	case plugins.OpTrim:
		words = append(words, "discard")
	case plugins.OpFlush:
		return "qemu-io -f raw -c flush " + uri
	case plugins.OpExtents:
		return fmt.Sprintf("qemu-img map -f raw --output=json --start-offset=%d --max-length=%d %s", e.Offset, e.Length, uri)
	case plugins.OpCache:
		return fmt.Sprintf("nbdsh -u %s -c 'h.cache(%d, %#x)'", uri, e.Length, e.Offset)
	default:
		return ""
	}
	if e.Flags&plugins.FlagFUA != 0 && e.Op != plugins.OpRead && e.Op != plugins.OpTrim {
		words = append(words, "-f")
	}
	words = append(words, fmt.Sprintf("%#x %d", e.Offset, e.Length))
	return fmt.Sprintf("qemu-io -f raw -c '%s' %s", strings.Join(words, " "), uri)
}

// fileLine is shellLine of a request that came through a mount.
func (s *subject) fileLine(sc *scene) string {
	e := &s.event
	file := quoteShell(sc.mount)
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

// pattern returns the byte that all of the data are, if they are all kept and
// the same.
func (s *subject) pattern() (byte, bool) {
	if len(s.data) == 0 || uint64(len(s.data)) < s.event.Length {
		return 0, false
	}
	first := s.data[0]
	return first, !slices.ContainsFunc(s.data, func(b byte) bool { return b != first })
}

// quoteShell quotes a word for a shell.
func quoteShell(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
