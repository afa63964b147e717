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
		Long: `List the example plugins, the simplest first, or print one. A name without its
extension prints the example if it is there in one language, and else lists in which.`,
		Example: `  workbench examples
  workbench examples ramdisk
  workbench examples ramdisk.lua > disk.lua`,
		Args: wantWords(0, "the name"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, e := range examples.List() {
				names = append(names, e.Name+"\t"+e.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listExamples(std, examples.List())
			}
			return printExample(std, args[0])
		},
	}
}

// printExample prints the example of that name, or lists those that it may mean.
func printExample(std streams, name string) error {
	e, ok := examples.Find(name)
	if !ok {
		variants := examples.Variants(name)
		switch len(variants) {
		case 0:
			return fmt.Errorf("no example is called %s: `workbench examples` lists them", name)
		case 1:
			e = variants[0]
		default:
			return listExamples(std, variants)
		}
	}
	_, err := fmt.Fprint(std.Out, e.Source)
	return err
}

func listExamples(std streams, list []examples.Example) error {
	w := tabwriter.NewWriter(std.Out, 0, 8, 2, ' ', 0)
	for _, e := range list {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", e.Name, e.Title); err != nil {
			return err
		}
	}
	return w.Flush()
}
