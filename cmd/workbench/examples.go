package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"workbench/plugins/examples"
)

func newExamplesCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "examples [NAME]",
		Short: "List the example plugins, or print one",
		Example: `  workbench examples
  workbench examples ramdisk.lua > disk.lua`,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, e := range examples.List() {
				names = append(names, e.Name+"\t"+e.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listExamples(std)
			}
			e, ok := examples.Find(args[0])
			if !ok {
				return fmt.Errorf("no example is called %s: `workbench examples` lists them", args[0])
			}
			_, err := fmt.Fprint(std.Out, e.Source)
			return err
		},
	}
}

func listExamples(std streams) error {
	w := tabwriter.NewWriter(std.Out, 0, 8, 2, ' ', 0)
	for _, e := range examples.List() {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", e.Name, e.Title); err != nil {
			return err
		}
	}
	return w.Flush()
}
