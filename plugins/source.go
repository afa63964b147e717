package plugins

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A Source is the text of a script.
type Source struct {
	Path string // as the user wrote it; used in messages
	Text string
}

// maxSource bounds what is read as a script, so that a disk image given by
// mistake is refused rather than compiled.
const maxSource = 16 << 20

// ReadSource reads a script.
func ReadSource(path string) (Source, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		starter := path
		if ext := (Source{Path: path}).Ext(); ext != ".lua" && ext != ".star" {
			starter = "disk.lua"
		}
		return Source{}, fmt.Errorf("%s: no such file: name a script that exists, or make one with `workbench new %s`", path, starter)
	case err != nil:
		return Source{}, fmt.Errorf("%s: cannot read the script: %w", path, errnoCause(err))
	case !info.Mode().IsRegular():
		return Source{}, fmt.Errorf("%s: not a regular file: name a script", path)
	case info.Size() > maxSource:
		return Source{}, fmt.Errorf("%s: %d bytes are too many for a script (limit %d): name the script, and give the disk image as a parameter", path, info.Size(), maxSource)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Source{}, fmt.Errorf("%s: cannot read the script: %w", path, errnoCause(err))
	}
	return Source{Path: path, Text: string(text)}, nil
}

// errnoCause strips an *os.PathError, whose path the caller names already.
func errnoCause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// Ext returns the extension of the path in lower case: ".lua".
func (s Source) Ext() string { return strings.ToLower(filepath.Ext(s.Path)) }

// Dir returns the folder that the script stands in, where it may load other files from.
func (s Source) Dir() string { return filepath.Dir(s.Path) }

// Shebang returns the first line after "#!", "" if there is none.
func (s Source) Shebang() string {
	rest, ok := strings.CutPrefix(s.Text, "#!")
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// Hash identifies the text.
func (s Source) Hash() [32]byte { return sha256.Sum256([]byte(s.Text)) }

// A Param is one key=value of the command line, or a bare word, which has no key.
type Param struct{ Key, Value string }

// String returns "key=value", or the bare word.
func (p Param) String() string {
	if p.Key == "" {
		return p.Value
	}
	return p.Key + "=" + p.Value
}
