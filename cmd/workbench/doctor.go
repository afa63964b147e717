package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"

	"workbench/fusemount"
	"workbench/recordings"
)

func newDoctorCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Can this machine mount, which clients are there, which mounts are stale",
		Long: `Look whether this machine can show a disk as a file, which programs are there to
use one over NBD, and whether a workbench that was killed left a mount behind.
What is not well comes with what to do about it. Nothing is changed.

Each line begins with ok, with note for what some people will miss, or with bad.

Exit status: 0, or 1 if something is bad.`,
		Example: "  workbench doctor\n  workbench doctor | grep -A 1 -e note -e bad",
		Args:    wantWords(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			facts, err := fusemount.Survey(cmd.Context())
			if err != nil {
				return err
			}
			bad, err := printSurvey(std.Out, append(facts, surveyClients()...))
			if err == nil && bad {
				err = statusError(exitError)
			}
			return err
		},
	}
}

// A client is a program that uses a disk over NBD.
type client struct{ name, use, install string }

// clients are those that people look for first. install is Debian's package.
var clients = [...]client{
	{"nbdinfo", "tells what a disk is: nbdinfo \"$uri\"", "libnbd-bin"},
	{"nbdcopy", "copies a disk: nbdcopy \"$uri\" copy.img", "libnbd-bin"},
	{"qemu-img", "converts, compares and maps disks", "qemu-utils"},
	{"qemu-io", "reads and writes by hand", "qemu-utils"},
	{"nbd-client", "makes a block device of a disk, /dev/nbd0", "nbd-client"},
	{"fio", "measures, with ioengine=nbd or on the file", "fio"},
}

// surveyClients looks which clients are installed.
func surveyClients() []fusemount.Fact {
	var facts []fusemount.Fact
	for _, c := range clients {
		f := fusemount.Fact{What: c.name}
		if path, err := exec.LookPath(c.name); err == nil {
			f.Text = path + ", which " + c.use
		} else {
			f.State, f.Text, f.Advice = fusemount.Limited, "not installed; it "+c.use, "install the package "+c.install
		}
		facts = append(facts, f)
	}
	return facts
}

// printSurvey prints facts, with what to do below each, and a summary as the last
// line. bad reports whether anything is.
func printSurvey(to io.Writer, facts []fusemount.Fact) (bad bool, err error) {
	w := bufio.NewWriter(to)
	r := lipgloss.NewRenderer(to)
	colour := func(n string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(n)) }
	style := [...]lipgloss.Style{fusemount.Good: colour("2"), fusemount.Limited: colour("6"), fusemount.Bad: colour("1").Bold(true)}
	word := [...]string{fusemount.Good: "ok", fusemount.Limited: "note", fusemount.Bad: "bad"}
	count := [len(word)]int{}
	for _, f := range facts {
		count[f.State]++
		fmt.Fprintf(w, "%s  %s: %s\n", style[f.State].Render(fmt.Sprintf("%-4s", word[f.State])), recordings.Printable(f.What), recordings.Printable(f.Text))
		if f.Advice != "" {
			fmt.Fprintf(w, "      %s\n", recordings.Printable(f.Advice))
		}
	}
	switch n := count[fusemount.Bad]; {
	case n > 0:
		fmt.Fprintf(w, "%s\n", style[fusemount.Bad].Render(plural(n, "thing")+" to mend"))
	default:
		fmt.Fprintln(w, "this machine can mount disks")
	}
	return count[fusemount.Bad] > 0, w.Flush()
}
