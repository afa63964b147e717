package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"workbench/plugins/host"
	"workbench/recordings"
)

// The exit statuses. A captive command's own status comes instead, if it ran.
const (
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A reader of the lines that goes away is an error of the write, not the
	// end of the program: there are sockets and mounts to put away.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	status := run(ctx, os.Args[1:], streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}

// streams are what the program was started with.
type streams struct {
	In, Out, Err *os.File
}

// A statusError carries the status of a captive command, which has said itself
// what there was to say.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run does what args ask for and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	root := newRootCommand(std)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(std.Err, cmd.CommandPath(), err)
}

// report prints err for people, if there is anything to print, and returns the
// status that goes with it. command is what was called, which has a help.
func report(w io.Writer, command string, err error) int {
	var status statusError
	var usage usageError
	var load *host.LoadError
	var filter *recordings.FilterError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &filter):
		fmt.Fprintf(w, "workbench: %s (see 'workbench help filters')\n%s\n", oneLine(err), filter.Excerpt())
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(w, "workbench: %s (see '%s --help')\n", oneLine(err), command)
		return exitUsage
	}
	fmt.Fprintf(w, "workbench: %s\n", oneLine(err))
	if errors.As(err, &load) && load.Excerpt != "" {
		fmt.Fprintln(w, printableLines(load.Excerpt))
	}
	return exitError
}

// oneLine returns the text of err, some of which may be a script's or a server's,
// on one line for a terminal; several errors are separated by ";".
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	return recordings.Printable(strings.Join(lines, "; "))
}

// newRootCommand lists the verbs. Without one it gives the tour.
func newRootCommand(std streams) *cobra.Command {
	var l look
	root := &cobra.Command{
		Use:   "workbench",
		Short: "A bench for network block devices: run a plugin script, see every request, edit it live",
		Long: `workbench loads a plugin script (the nbdkit contract, in Lua or Starlark), serves
it over NBD and as a file, and shows what happens: every request, how long each
callback took, what the script printed. Saving the script swaps it in under the
clients that are connected.

Without a verb it gives the tour: an example disk on a private socket, with demo
traffic, on the screen.`,
		Example: `  workbench                                      the tour
  workbench new disk.lua                         begin a script
  workbench check disk.lua file=disk.img         look for mistakes in it
  workbench run disk.lua file=disk.img           serve it, and watch
  workbench mount disk.lua /mnt/disk             the same, and a file to use
  workbench run disk.lua --run 'nbdinfo "$uri"'  one command against it
  workbench run disk.lua --record disk.wbrec     keep what happens
  workbench open disk.wbrec                      and look at it again`,
		Args:          noSubcommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTour(cmd.Context(), l, std)
		},
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	root.SuggestionsMinimumDistance = 2
	l.addFlags(root.Flags())
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newRunCommand(std),
		newMountCommand(std),
		newOpenCommand(std),
		newCheckCommand(std),
		newNewCommand(std),
		newExamplesCommand(std),
		newExportCommand(std),
		newReplayCommand(std),
		newDiffCommand(std),
		newExplainCommand(std),
		newDoctorCommand(std),
		newVersionCommand(std),
		newFiltersTopic(std),
		newKeysCommand(std),
	)
	root.AddCommand(newManCommand(root))
	refine(root)
	return root
}
