package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"workbench/recordings"
)

// newFiltersTopic is what `workbench help filters` prints, and does nothing else.
// The text is made when it is asked for, not at each start of the program.
func newFiltersTopic(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "filters",
		Short: "The language of --filter: what can be asked for, and how",
	}
	cmd.SetHelpFunc(func(*cobra.Command, []string) { fmt.Fprint(std.Out, recordings.FilterHelp()) })
	return cmd
}
