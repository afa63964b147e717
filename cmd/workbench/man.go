package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newManCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a manual page for each verb",
		Long: `Write the manual pages, workbench.1 and one for each verb, to a folder, which is
made if it is not there.`,
		Example: `  workbench man ~/.local/share/man/man1 && man workbench-run`,
		Args:    wantWords(1, "the folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("%s: cannot make the folder: %w", dir, cause(err))
			}
			root.DisableAutoGenTag = true // the same pages every day
			if err := doc.GenManTree(root, &doc.GenManHeader{Title: "WORKBENCH", Section: "1", Source: "workbench " + versionNumber()}, dir); err != nil {
				return fmt.Errorf("%s: cannot write the manual: %w", dir, cause(err))
			}
			return nil
		},
	}
}
