package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"workbench/plugins/examples"
)

func newNewCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Write a commented starter plugin, in the language of the extension",
		Long: `Write a starter plugin with comments to FILE. The extension says in which
language: .lua or .star. A file that is there already is left alone.`,
		Example: "  workbench new disk.lua\n  workbench new disk.star",
		Args:    wantWords(1, "the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := writeStarter(args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(std.Out, "wrote %s; try: workbench run %s\n", args[0], args[0])
			return err
		},
	}
}

// writeStarter writes the starter plugin for the extension of path, unless path exists.
func writeStarter(path string) error {
	ext := strings.ToLower(filepath.Ext(path))
	starter, ok := examples.Find("starter" + ext)
	if !ok {
		return usageError{fmt.Errorf("%s: no language has the extension %q: use .lua or .star", path, ext)}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: is there already: choose another name, or remove it", path)
	}
	if err != nil {
		return fmt.Errorf("%s: cannot write there: %w", path, cause(err))
	}
	_, err = f.WriteString(starter.Source)
	return errors.Join(err, f.Close())
}
