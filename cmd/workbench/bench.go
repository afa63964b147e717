package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"workbench/fusemount"
	"workbench/nbd"
	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/lua"
	"workbench/plugins/starlark"
	"workbench/recordings"
)

// runtimes are the languages, in the order in which they look at a script.
func runtimes() []plugins.Runtime {
	return []plugins.Runtime{lua.Runtime{}, starlark.Runtime{}}
}

// A bench is a plugin that is served: the host, the doors to it, and the log of
// what happens.
type bench struct {
	o         *benchOptions
	log       *recordings.Log
	host      *host.Host
	server    *nbd.Server
	listeners []net.Listener
	single    net.Conn      // standard input and output, with -s
	mount     *fusemount.FS // nil without a mount

	mu          sync.Mutex
	recorder    *recordings.Recorder    // nil: nothing is recorded; guarded by mu
	generations []recordings.Generation // that served, the newest last; guarded by mu
	exports     []recordings.Export     // that were opened; guarded by mu
	guests      atomic.Uint32           // how many clients of the screen's own there were

	shutdown chan int // the status with which the script asked the program to end

	nohup  bool           // the program was started to outlive its terminal
	hangup chan os.Signal // SIGHUP, from the start: who reads the process id may send it

	socket string // path of the unix socket, "" without one
	port   int    // of the TCP listener, 0 without one

	closers []func(context.Context) error // run from the last to the first
}

// openBench loads the plugin and opens the doors. On an error nothing stays open.
func openBench(ctx context.Context, o *benchOptions, events *recordings.Log) (*bench, error) {
	b := &bench{o: o, log: events, shutdown: make(chan int, 1), hangup: make(chan os.Signal, 1)}
	b.nohup = signal.Ignored(syscall.SIGHUP)
	signal.Notify(b.hangup, syscall.SIGHUP)
	b.onClose(func(context.Context) error { signal.Stop(b.hangup); return nil })
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.close(), b.discardRecording())
	}
	return b, nil
}

func (b *bench) open(ctx context.Context) error {
	config, err := b.loadTLS()
	if err != nil {
		return err
	}
	b.onClose(func(context.Context) error { return b.endRecording() }) // last: it has all that happened
	var mayLoad func(path string) error
	if b.o.mount != "" {
		if mayLoad, err = fusemount.Outside(b.o.mount); err != nil {
			return fmt.Errorf("mounting at %s: %w", b.o.mount, err)
		}
	}
	h, err := host.New(ctx, host.Options{
		Version:  versionNumber(),
		Path:     b.o.script,
		Params:   b.o.params,
		ReadOnly: b.o.readOnly,
		Language: b.o.language,
		Runtimes: runtimes(),
		Log:      b.log,
		Debug:    b.o.verbose,
		Watch:    !b.o.noReload,

		Policy:          b.o.policy,
		CallbackTimeout: b.o.callbackTimeout,
		MemoryLimit:     b.o.memoryLimit,
		Shutdown:        b.askToEnd,
		MayLoad:         mayLoad,
		Served:          b.addGeneration,
	})
	if err != nil {
		return err
	}
	b.host = h
	b.onClose(h.Close)
	for _, rule := range b.o.rules {
		if _, err := h.AddRule(rule); err != nil {
			return usageError{fmt.Errorf("--rule: %w", err)}
		}
	}
	log.SetFlags(0)
	log.SetOutput(sayWriter{b}) // what libraries log must not reach the terminal
	if err := b.listen(); err != nil {
		return err
	}
	b.server = &nbd.Server{
		Backend:             h,
		ReadOnly:            b.o.readOnly,
		Slots:               b.o.threads,
		TLS:                 config,
		RequireTLS:          b.o.tls == "require",
		HideFlags:           ^uint16(b.o.maskHandshake),
		NoStructuredReplies: b.o.noStructured,
		Trace:               nbdTrace(b),
	}
	b.onClose(b.server.Shutdown)
	if err := b.startRecording(); err != nil {
		return err
	}
	if b.o.mount != "" {
		b.mount, err = fusemount.Mount(ctx, b.o.mount, fusemount.Options{
			Backend:  h,
			ReadOnly: b.o.readOnly,
			Cache:    b.o.cache,
			Conn:     1,
			Log:      b.say,
			Trace:    fuseTrace(b),

			Export:     b.o.export,
			AllowOther: b.o.allowOther,
			Outside:    b.outside(),
		})
		if err != nil {
			return err
		}
		b.onClose(b.mount.Close)
	}
	b.onClose(func(context.Context) error { h.LetGo(); return nil }) // first, or the others would wait for a person
	return b.writePIDFile()
}

// loadTLS reads the certificates; without TLS it returns nil.
func (b *bench) loadTLS() (*tls.Config, error) {
	if b.o.tlsCertificates == "" || b.o.tls == "off" {
		return nil, nil
	}
	config, err := nbd.LoadCertificates(b.o.tlsCertificates, b.o.tlsVerifyPeer)
	if err != nil {
		return nil, fmt.Errorf("--tls-certificates: %w", err)
	}
	return config, nil
}

// listen opens the sockets. Clients that come before the server runs wait.
func (b *bench) listen() error {
	switch {
	case b.o.single:
		var err error
		if b.single, err = nbd.FileConn(os.Stdin, os.Stdout); err != nil {
			return fmt.Errorf("-s: %w", err)
		}
		b.onClose(func(context.Context) error {
			// The server has closed it, unless it never ran.
			if err := b.single.Close(); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
				return err
			}
			return nil
		})
		return nil
	case b.o.inherit:
		listeners, err := nbd.Inherited()
		for _, l := range listeners {
			b.addListener(l)
		}
		return err
	}
	if b.o.unix != "" {
		b.socket = b.o.unix
		if b.socket == "-" {
			path, remove, err := privateSocket()
			if err != nil {
				return err
			}
			b.socket = path
			b.onClose(func(context.Context) error { return remove() })
		}
		var err error
		if b.socket, err = filepath.Abs(b.socket); err != nil {
			return err
		}
		l, err := nbd.ListenUnix(b.socket)
		if err != nil {
			return advise(err, "-U")
		}
		b.addListener(l)
	}
	if b.o.port >= 0 {
		l, err := nbd.ListenTCP(b.o.ip, b.o.port)
		if err != nil {
			return advise(err, "-p")
		}
		b.addListener(l)
		b.port = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

func (b *bench) addListener(l net.Listener) {
	b.listeners = append(b.listeners, l)
	b.onClose(func(context.Context) error {
		// The server has closed it, unless it never ran.
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
}

func (b *bench) onClose(f func(context.Context) error) { b.closers = append(b.closers, f) }

// writePIDFile says that the bench is ready.
func (b *bench) writePIDFile() error {
	if b.o.pidFile == "" {
		return nil
	}
	if err := os.WriteFile(b.o.pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return fmt.Errorf("%s: cannot write the process id: %w", b.o.pidFile, cause(err))
	}
	return nil
}

// say puts a message of the program itself into the log.
func (b *bench) say(text string) {
	b.log.Append(recordings.Event{Kind: recordings.Output, Times: plugins.Times{Received: plugins.Now()}}, text, nil)
}

// sayWriter makes a message of each line that package log writes.
type sayWriter struct{ *bench }

func (w sayWriter) Write(p []byte) (int, error) {
	w.say(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// uri returns where clients find the disk: the first door that was opened. With
// -s there is no such place.
func (b *bench) uri() string {
	if len(b.listeners) == 0 {
		return ""
	}
	u := nbd.AddrURI(b.listeners[0].Addr(), b.o.export)
	u.TLS = b.o.tls == "require"
	return u.String()
}

// vars returns the variables of a captive command.
func (b *bench) vars() []string {
	uri := b.uri()
	vars := []string{"uri=" + uri, "nbd=" + uri, "unixsocket=" + b.socket, "exportname=" + b.o.export}
	switch b.o.tls { // as nbdkit has it
	case "on":
		vars = append(vars, "tls=1")
	case "require":
		vars = append(vars, "tls=2")
	}
	port, mount := "", ""
	if b.port != 0 {
		port = strconv.Itoa(b.port)
	}
	if b.mount != nil {
		mount = b.mount.Path()
	}
	return append(vars, "port="+port, "mount="+mount)
}

// serve runs the server and the watcher until front returns, or one of them
// fails, or the mount is taken away; then it closes the bench. front gets a
// context that ends in each of these cases.
func (b *bench) serve(ctx context.Context, front func(context.Context) error) error {
	// What clients asked for is not given up because a signal came: closing
	// the bench lets it finish.
	background := context.WithoutCancel(ctx)
	watching, stopWatching := context.WithCancel(background)
	asked := ctx
	ctx, fail := context.WithCancelCause(asked)
	defer fail(nil)

	_, seen := b.log.Bounds()
	var wg sync.WaitGroup
	for _, l := range b.listeners {
		wg.Go(func() {
			if err := b.server.Serve(background, l); !errors.Is(err, nbd.ErrServerClosed) {
				fail(err)
			}
		})
	}
	wg.Go(func() {
		if err := b.host.Run(watching); err != nil {
			fail(err)
		}
	})
	wg.Go(func() {
		if err := b.reloadOnHangup(watching); err != nil {
			fail(err)
		}
	})
	wg.Go(func() {
		select {
		case status := <-b.shutdown:
			fail(shutdownError(status))
		case <-watching.Done():
		}
	})
	if b.o.withParent {
		parent := os.Getppid()
		wg.Go(func() {
			if err := endWithParent(watching, parent); err != nil {
				fail(err)
			}
		})
	}
	if b.mount != nil {
		wg.Go(func() { b.freshenMount(watching, seen) })
		wg.Go(func() {
			select {
			case <-b.mount.Done():
				fail(fmt.Errorf("%s is no longer mounted: somebody unmounted it", b.mount.Path()))
			case <-watching.Done():
			}
		})
	}
	err := front(ctx)
	if ctx.Err() != nil && asked.Err() == nil {
		why := context.Cause(ctx)
		if status, ok := errors.AsType[shutdownError](why); ok {
			err = status.result() // what became of the front is not the user's concern
		} else {
			err = errors.Join(why, err)
		}
	}
	stopWatching()
	err = errors.Join(err, b.close())
	wg.Wait()
	return err
}

// askToEnd is host.Options.Shutdown: the first status counts.
func (b *bench) askToEnd(status int) {
	select {
	case b.shutdown <- status:
	default:
	}
}

// A shutdownError is the end that the script asked for, with this exit status.
type shutdownError int

func (e shutdownError) Error() string {
	return fmt.Sprintf("the script ended the program with status %d", int(e))
}

// result is what the program ends with.
func (e shutdownError) result() error {
	if e == 0 {
		return nil
	}
	return statusError(e & 0xff)
}

// reloadOnHangup reloads the script at each SIGHUP until ctx ends. The signal
// also tells that the terminal was closed, which ends the program, unless it was
// started to outlive that (nohup).
func (b *bench) reloadOnHangup(ctx context.Context) error {
	inTerminal := isTerminal(os.Stdin) && !b.nohup
	for {
		select {
		case <-b.hangup:
			if inTerminal && !isTerminal(os.Stdin) {
				return errors.New("the terminal was closed")
			}
			b.host.Kick()
		case <-ctx.Done():
			return nil
		}
	}
}

// close takes the bench apart, from what was opened last to what was first.
// Requests in flight have stopTimeout to finish.
func (b *bench) close() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopTimeout,
		fmt.Errorf("requests were still in flight after %s", stopTimeout))
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(b.closers) {
		errs = append(errs, f(ctx))
	}
	b.closers = nil
	return errors.Join(errs...)
}
