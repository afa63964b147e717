package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"workbench/tui"
)

// newKeysCommand prints the keys of the screen, the user's own ones included.
// `workbench help keys` explains them.
func newKeysCommand(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys [FILE]",
		Short: "The keys of the screen, with those of your own; check a file of them",
		Example: `  workbench keys
  workbench keys my-keys.toml`,
		Args: wantWords(0, "the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			path := keysPath()
			if len(args) > 0 {
				path = args[0]
				if _, err := os.Stat(path); err != nil {
					return fmt.Errorf("%s: cannot read it: %w", path, cause(err))
				}
			}
			text, err := tui.Keys(path)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(std.Out, text)
			return err
		},
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		fmt.Fprint(std.Out, tui.KeysHelp()+"\nUSAGE\n  workbench keys [FILE]    the keys as they are bound, or what is wrong with the file\n")
	})
	return cmd
}

// keysPath returns the file of the user's own keys; "" if there is no folder for it.
func keysPath() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "" // neither $XDG_CONFIG_HOME nor $HOME: nobody could have put one there
	}
	return filepath.Join(dir, "workbench", "keys.toml")
}
