package main

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"workbench/tui"
)

// A look says how the screen is to be drawn, and what it takes from the mouse.
type look struct {
	noMouse bool
	ascii   bool
}

// addFlags registers the options that all verbs with a screen share.
func (l *look) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&l.noMouse, "no-mouse", false, "screen: leave the mouse to the terminal; M takes it")
	f.BoolVar(&l.ascii, "ascii", false, "screen: signs and frames in ASCII (by itself where the locale is not UTF-8)")
}

// apply completes the options of a screen about a script. What is typed there is
// kept for the next run with it.
func (l *look) apply(o *tui.Options, script string) {
	o.NoMouse = l.noMouse
	o.ASCII = l.ascii || !tui.UTF8(os.Getenv)
	o.Keys = keysPath()
	o.History = historyPath(script)
}

// historyPath returns the file for what is typed on the screen about a script;
// "" if there is no folder for it, and then nothing is kept.
func historyPath(script string) string {
	state, err := stateFolder()
	if err != nil {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(script), filepath.Ext(script))
	if full, err := filepath.Abs(script); err == nil {
		script = full
	}
	h := fnv.New32a()
	h.Write([]byte(script))
	return filepath.Join(state, "workbench", "history", fmt.Sprintf("%s-%08x.json", name, h.Sum32()))
}
