package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workbench/plugins"
)

// benchOptions say what a bench serves, where, and how it shows what happens.
type benchOptions struct {
	script   string
	params   []plugins.Param
	language string
	readOnly bool

	unix    string // path of the socket; "-" = a private one; "" = none
	ip      string
	port    int // -1 = no TCP
	export  string
	threads int

	mount string // mount point; "" = none
	cache bool

	run      string // captive command; "" = none
	headless bool
	json     bool
	verbose  bool
	noReload bool
	pidFile  string
}

const (
	// defaultPort is NBD's registered port.
	defaultPort = 10809

	// stopTimeout is how long requests in flight may take when the bench stops.
	stopTimeout = 5 * time.Second
)

// addFlags registers the options that run and mount share.
func (o *benchOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.unix, "unix", "U", "-", "serve at a unix socket; - is a private one, removed at exit")
	f.IntVarP(&o.port, "port", "p", -1, "serve at a TCP port; 0 takes a free one")
	f.StringVarP(&o.ip, "ip", "i", "127.0.0.1", "address of the TCP port")
	f.StringVarP(&o.export, "export", "e", "", "the export name in $uri")
	f.BoolVarP(&o.readOnly, "readonly", "r", false, "refuse every write")
	f.IntVarP(&o.threads, "threads", "t", 16, "requests in flight for a connection")
	f.StringVar(&o.language, "lang", "", "language of the script: lua or starlark (default by extension, then first line)")
	f.StringVar(&o.run, "run", "", "run a shell command with $uri $nbd $unixsocket $port $exportname $mount, then stop")
	f.BoolVar(&o.cache, "cache", false, "FUSE: use the page cache (default direct I/O, so that every read is seen)")
	f.BoolVar(&o.headless, "headless", false, "no screen: one line a finished request (by itself where stdout is no terminal)")
	f.BoolVar(&o.json, "json", false, "headless: JSON lines")
	f.BoolVar(&o.noReload, "no-reload", false, "do not watch the script")
	f.StringVarP(&o.pidFile, "pidfile", "P", "", "write the process id here when ready")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show debug lines, callbacks and connections too")
	f.BoolP("foreground", "f", true, "stay in the foreground, as it always does")
}

// complete checks the options against each other and settles which doors open,
// once the flags are parsed.
func (o *benchOptions) complete(f *pflag.FlagSet) error {
	switch {
	case o.port > 65535 || f.Changed("port") && o.port < 0:
		return usageError{fmt.Errorf("-p %d: a port is a number from 0 to 65535", o.port)}
	case o.threads < 1:
		return usageError{fmt.Errorf("-t %d: there must be at least one", o.threads)}
	case f.Changed("unix") && o.unix == "":
		return usageError{fmt.Errorf("-U: an empty path")}
	case len(o.export) > plugins.MaxString:
		return usageError{fmt.Errorf("-e: a name may have %d bytes, this has %d", plugins.MaxString, len(o.export))}
	case o.json && o.run != "" && !o.verbose:
		return usageError{fmt.Errorf("--json with --run shows nothing without -v: stdout belongs to the command")}
	}
	if f.Changed("ip") && !f.Changed("port") {
		o.port = defaultPort
	}
	if o.port >= 0 && !f.Changed("unix") {
		o.unix = "" // who asks for TCP alone gets TCP alone
	}
	if o.json {
		o.headless = true
	}
	return nil
}

// completeScripts offers scripts for the first word, and nothing for parameters.
func completeScripts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"lua", "star"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, cobra.ShellCompDirectiveDefault
}
