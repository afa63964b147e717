package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workbench/plugins"
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

// addPluginHelp has the help of a verb end with what a script says of itself, if
// one is named: its parameters above all.
func addPluginHelp(cmd *cobra.Command, std streams) {
	usual := cmd.HelpFunc()
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		usual(cmd, args)
		words := cmd.Flags().Args()
		if len(words) == 0 {
			return
		}
		text, err := describe(cmd.Context(), words[0], cmd.Flags().Lookup("lang").Value.String(), std)
		if err != nil {
			report(std.Err, cmd.CommandPath(), err)
			return
		}
		fmt.Fprint(std.Out, text)
	})
}

// describe returns what the script at path says of itself, for people.
func describe(ctx context.Context, path, language string, std streams) (string, error) {
	var b strings.Builder
	err := inspect(path, language, func(_ plugins.Runtime, program plugins.Program) error {
		title, description, parameters, err := plugins.Describe(ctx, program, plugins.Env{
			Version: versionNumber(), CallbackTimeout: defaultCallbackTimeout, MemoryLimit: defaultMemoryLimit,
			Print: func(_ *plugins.Call, text string) { fmt.Fprintln(std.Err, text) },
		})
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSuffix(path+": "+title, ": "))
		for _, part := range []struct{ head, text string }{{"", description}, {"Parameters:\n", parameters}} {
			if part.text == "" {
				continue
			}
			b.WriteString(part.head)
			for line := range strings.Lines(strings.Trim(part.text, "\n") + "\n") {
				b.WriteString("  " + line)
			}
		}
		return err
	})
	return b.String(), err
}
