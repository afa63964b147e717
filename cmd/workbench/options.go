package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/stdlib"
	"workbench/recordings"
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
	single  bool // one client, on standard input and output
	inherit bool // the sockets were handed over (LISTEN_FDS)

	tls             string // off, on or require, once complete
	tlsCertificates string // folder; "" = none
	tlsVerifyPeer   bool

	maskHandshake uint
	noStructured  bool

	mount string // mount point; "" = none
	cache bool

	allowOther bool // other users may use the mount

	run        string // captive command; "" = none
	headless   bool
	json       bool
	look       look
	verbose    bool
	noReload   bool
	pidFile    string
	withParent bool // end when the process that started this one ends
	dump       bool // print what the script says of itself, and stop

	rules    []string
	onChange string // what becomes of clients that would find another disk: keep, new or drop
	policy   host.Policy

	record  string // the file to record into; "-" = one in the state folder; "" = none
	payload string // policy, as it was given
	keep    recordings.Policy

	filter     *recordings.Filter // nil: none
	filterText string             // filter as it was given

	callbackTimeout time.Duration
	memoryLimit     int64
	memory          string // memoryLimit as it was given
}

const (
	// defaultPort is NBD's registered port.
	defaultPort = 10809

	// maskAll hides no handshake flag.
	maskAll = 0xffff

	// defaultCallbackTimeout and defaultMemoryLimit bound scripts. A disk that
	// needs longer than this to answer is not one that anybody waits for.
	defaultCallbackTimeout = 30 * time.Second
	defaultMemoryLimit     = 1 << 30

	// stopTimeout is how long requests in flight may take when the bench stops.
	stopTimeout = 5 * time.Second
)

// addFlags registers the options that run and mount share.
func (o *benchOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.unix, "unix", "U", "-", "serve at a unix socket; - is a private one, removed at exit")
	f.IntVarP(&o.port, "port", "p", -1, "serve at a TCP port; 0 takes a free one")
	f.StringVarP(&o.ip, "ip", "i", "127.0.0.1", "address of the TCP port")
	f.BoolVarP(&o.single, "single", "s", false, "serve one client on standard input and output")
	f.StringVar(&o.tls, "tls", "", "encryption: off, on (for clients that ask) or require (default on with --tls-certificates, else off)")
	f.StringVar(&o.tlsCertificates, "tls-certificates", "", "folder with server-cert.pem, server-key.pem, ca-cert.pem and perhaps ca-crl.pem")
	f.BoolVar(&o.tlsVerifyPeer, "tls-verify-peer", false, "take only clients with a certificate of ca-cert.pem's")
	f.UintVar(&o.maskHandshake, "mask-handshake", maskAll, "offer only these handshake flags, as older servers do: 1 fixed newstyle, 2 no zeroes")
	f.BoolVar(&o.noStructured, "no-sr", false, "refuse structured replies, as older servers do")
	f.StringVarP(&o.export, "export", "e", "", "the export name in $uri; mounted in a folder, the only one that is shown")
	f.BoolVarP(&o.readOnly, "readonly", "r", false, "refuse every write")
	f.IntVarP(&o.threads, "threads", "t", 16, "requests in flight for a connection")
	f.StringVar(&o.language, "lang", "", "language of the script: lua or starlark (default by extension, then first line)")
	f.StringVar(&o.run, "run", "", "run a shell command with $uri $nbd $unixsocket $port $exportname $tls $mount, then stop")
	f.BoolVar(&o.cache, "cache", false, "FUSE: use the page cache (default direct I/O, so that every read is seen)")
	f.BoolVar(&o.allowOther, "allow-other", false, "FUSE: let other users in too; without root, /etc/fuse.conf must allow it")
	f.BoolVar(&o.headless, "headless", false, "no screen: one line a finished request (by itself where stdout is no terminal)")
	o.look.addFlags(f)
	f.BoolVar(&o.json, "json", false, "headless: JSON lines")
	f.StringVar(&o.filterText, "filter", "", "show, print and record only what matches, as in 'op:write err'; see workbench help filters")
	f.StringVar(&o.record, "record", "", "record what happens into `FILE`; - is one in the state folder, named after plugin and time")
	f.StringVar(&o.payload, "payload", "hash", "what --record keeps of the data that are read and written: none, hash or full")
	f.StringArrayVar(&o.rules, "rule", nil, "`WHEN => ACTION` for requests that match, repeatable: fail ERRNO, delay TIME, drop, corrupt N, truncate N, hold; then before|after, limit=N, p=0.1")
	f.StringVar(&o.onChange, "on-change", "keep", "when a saved script has another size or other flags than connected clients were told: keep the old one, give the new one to new clients only, or drop the clients")
	f.DurationVar(&o.callbackTimeout, "callback-timeout", defaultCallbackTimeout, "stop a callback that runs longer, and answer EIO; 0 = never")
	f.StringVar(&o.memory, "memory-limit", "1G", "stop a script that makes the program hold more, disks in memory left out; 0 = never")
	f.BoolVar(&o.noReload, "no-reload", false, "do not watch the script")
	f.BoolVar(&o.withParent, "exit-with-parent", false, "end when the process that started this one ends")
	f.BoolVar(&o.dump, "dump-plugin", false, "print what the plugin says of itself as key=value, and stop")
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
	case o.callbackTimeout < 0:
		return usageError{fmt.Errorf("--callback-timeout %s: a time cannot be below zero", o.callbackTimeout)}
	case o.threads < 1:
		return usageError{fmt.Errorf("-t %d: there must be at least one", o.threads)}
	case f.Changed("unix") && o.unix == "":
		return usageError{fmt.Errorf("-U: an empty path")}
	case len(o.export) > plugins.MaxString:
		return usageError{fmt.Errorf("-e: a name may have %d bytes, this has %d", plugins.MaxString, len(o.export))}
	case o.json && o.run != "" && !o.verbose:
		return usageError{fmt.Errorf("--json with --run shows nothing without -v: stdout belongs to the command")}
	case o.json && o.single && !o.verbose:
		return usageError{fmt.Errorf("--json with -s shows nothing without -v: stdout belongs to the client")}
	}
	if err := checkLanguage(o.language); err != nil {
		return err
	}
	policies := map[string]host.Policy{"keep": host.KeepOld, "new": host.ForNew, "drop": host.DropClients}
	policy, ok := policies[o.onChange]
	if !ok {
		return usageError{fmt.Errorf("--on-change=%s: want keep, new or drop", o.onChange)}
	}
	o.policy = policy
	limit, err := stdlib.ParseSize(o.memory)
	if err != nil {
		return usageError{fmt.Errorf("--memory-limit: %w", err)}
	}
	o.memoryLimit = limit
	if err := o.completeTLS(); err != nil {
		return err
	}
	if err := o.completeDoors(f); err != nil {
		return err
	}
	if o.json {
		o.headless = true
	}
	if err := o.completeRecord(f); err != nil {
		return err
	}
	return o.completeFilter()
}

// completeFilter compiles the filter.
func (o *benchOptions) completeFilter() error {
	if o.filterText == "" {
		return nil
	}
	if quiet := o.run != "" || o.single || o.inherit && !o.headless; quiet && !o.verbose && o.record == "" {
		return usageError{fmt.Errorf("--filter shows nothing here without -v: stdout belongs to the command or the client")}
	}
	var err error
	if o.filter, err = recordings.ParseFilter(o.filterText); err != nil {
		return usageError{fmt.Errorf("--filter: %w", err)}
	}
	return nil
}

// completeDoors settles where clients come in.
func (o *benchOptions) completeDoors(f *pflag.FlagSet) error {
	o.inherit = nbd.IsActivated()
	for _, only := range []struct {
		on     bool
		name   string
		others []string
	}{
		{o.single, "-s", []string{"unix", "port", "ip", "run"}},
		{o.inherit, "LISTEN_FDS", []string{"unix", "port", "ip", "run", "single"}},
	} {
		for _, other := range only.others {
			if only.on && f.Changed(other) {
				return usageError{fmt.Errorf("%s and --%s exclude each other", only.name, other)}
			}
		}
	}
	if f.Changed("ip") && !f.Changed("port") {
		o.port = defaultPort
	}
	if o.single || o.inherit || o.port >= 0 && !f.Changed("unix") {
		o.unix = "" // who asks for TCP alone gets TCP alone
	}
	return nil
}

// completeTLS settles whether connections are encrypted. Unlike nbdkit, a folder
// without certificates is an error also if nothing else was asked for: who names
// one does not expect to go unencrypted.
func (o *benchOptions) completeTLS() error {
	switch o.tls {
	case "":
		o.tls = "off"
		if o.tlsCertificates != "" {
			o.tls = "on"
		}
	case "off", "on", "require":
	default:
		return usageError{fmt.Errorf("--tls=%s: want off, on or require", o.tls)}
	}
	switch {
	case o.tls != "off" && o.tlsCertificates == "":
		return usageError{fmt.Errorf("--tls=%s needs certificates: add --tls-certificates DIR", o.tls)}
	case o.tls == "off" && o.tlsVerifyPeer:
		return usageError{fmt.Errorf("--tls-verify-peer needs TLS: add --tls-certificates DIR")}
	}
	return nil
}
