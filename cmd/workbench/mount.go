package main

import "github.com/spf13/cobra"

func newMountCommand(std streams) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "mount PLUGIN MOUNTPOINT [KEY=VALUE]...",
		Short: "The same as run, and the disk as a file",
		Long: `Load a plugin script, serve it over NBD and as a file, and show what happens.

The mount point is a regular file, which is mounted over; or a folder, in which
the file "disk" appears, or one for each export that the plugin lists (getfattr -d
shows their descriptions); or it does not exist: then a file is made there, and
removed at the end. What a killed workbench left mounted there is detached first.
A script that is saved with another size is refused, unless --on-change says
otherwise: with drop, programs that have the file open get ESTALE and open it again.

workbench doctor tells whether this machine can mount.

The options, the screen and the exit status are those of run.`,
		Example: `  workbench mount disk.lua /mnt/disk file=disk.img
  workbench mount disk.lua ./disk --run 'mkfs.ext4 -F "$mount"'`,
		ValidArgsFunction: completeMount,
		RunE: func(cmd *cobra.Command, args []string) error {
			bare, params, err := splitArgs(args, "the plugin", "the mount point")
			if err != nil {
				return err
			}
			o.script, o.mount, o.params = bare[0], bare[1], params
			if err := o.complete(cmd.Flags()); err != nil {
				return err
			}
			return runBench(cmd.Context(), &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	addPluginHelp(cmd, std)
	return cmd
}
