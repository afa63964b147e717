package main

import "github.com/spf13/cobra"

func newRunCommand(std streams) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "run PLUGIN [KEY=VALUE]...",
		Short: "Load a plugin, serve it over NBD, and show what happens",
		Long: `Load a plugin script, serve it over NBD, and show what happens.

In a terminal that is the screen; elsewhere, or with --headless, one line a
finished request on standard output. With --run, the command has the standard
output and its exit status is the one of workbench (128 and the signal, if it was
killed). SIGINT and SIGTERM stop the server when the requests in flight are done;
SIGHUP reloads the script. Options may stand after the plugin and its parameters.

Exit status: 0, 1 for an error, 2 for a wrong command line.`,
		Example: `  workbench run disk.lua file=disk.img
  workbench run disk.lua -p 10809 file=disk.img
  workbench run disk.lua -p 10809 --tls require --tls-certificates certs
  nbdinfo -- [ workbench run disk.lua file=disk.img ]
  workbench run disk.star --run 'nbdcopy "$uri" copy.img'
  workbench run disk.lua --json | jq .duration_ns`,
		ValidArgsFunction: completeScripts,
		RunE: func(cmd *cobra.Command, args []string) error {
			bare, params, err := splitArgs(args, "the plugin")
			if err != nil {
				return err
			}
			o.script, o.params = bare[0], params
			if err := o.complete(cmd.Flags()); err != nil {
				return err
			}
			return runBench(cmd.Context(), &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&o.mount, "mount", "", "also mount the disk here, as a file")
	addPluginHelp(cmd, std)
	return cmd
}
