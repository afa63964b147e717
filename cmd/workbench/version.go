package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and what the program was built from",
		Example: "  workbench version",
		Args:    wantWords(0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(std.Out, version())
			return err
		},
	}
}

// version returns "workbench VERSION (commit) GOVERSION OS/ARCH".
func version() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = fmt.Sprintf(" (%.12s)", s.Value)
			}
		}
	}
	return fmt.Sprintf("workbench %s%s %s %s/%s", versionNumber(), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionNumber returns the version alone, "devel" where the build does not know.
func versionNumber() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			return v
		}
	}
	return "devel"
}
