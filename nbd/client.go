package nbd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"workbench/plugins"
)

// A Client is a connection to an export of some NBD server, ready for requests.
// It is a plugins.Handle. Its methods may be called from any goroutine; requests
// of several goroutines are in flight together.
type Client struct {
	nc net.Conn
	in *bufio.Reader // the reading goroutine's, once there is one

	// What the handshake led to; fixed.
	export     string
	size       uint64
	flags      TransmissionFlags
	structured bool
	extended   bool   // headers of 32 bytes both ways, and chunks only
	filter     bool   // BLOCK_STATUS is to name the context
	allocation bool   // BLOCK_STATUS may be asked for
	contextID  uint32 // the server's number for base:allocation
	about      string
	sizes      plugins.BlockSizes

	wake    chan struct{} // tells the writer that queue or closing has changed; holds one
	stopped chan struct{} // closed once err is set
	running sync.WaitGroup
	spare   sync.Pool // of *call, settled by a reply

	mu      sync.Mutex
	cookie  uint64           // guarded by mu; the newest
	calls   map[uint64]*call // guarded by mu; what the server has not answered, by cookie
	queue   []*call          // guarded by mu; what was not handed to the writer
	closing bool             // guarded by mu; Close was called
	err     error            // guarded by mu; why no more requests can be made
}

var (
	_ plugins.Handle    = (*Client)(nil)
	_ plugins.Describer = (*Client)(nil)
)

// ClientOptions say what a Client wants. The zero value opens the default export
// with all that client and server both have.
type ClientOptions struct {
	Export              string
	NoStructuredReplies bool // do not ask for them; without them there is no block status either
	NoExtendedHeaders   bool // do not ask for headers with lengths of 64 bits
	NoBlockStatus       bool // do not ask for base:allocation
	OldStyleOpen        bool // open by EXPORT_NAME, as the oldest clients do, rather than by GO; without extended headers

	// FilterStatus has each BLOCK_STATUS name the context that it is about, where
	// the server takes that (BlockStatusPayload). It makes no difference in what
	// comes back, as the client knows one context.
	FilterStatus bool

	// TLS, unless it is nil, has the connection encrypted before anything else is
	// asked for; a server that cannot is an error. ServerName must be set, as for
	// tls.Client. LoadClientCertificates makes one.
	TLS *tls.Config
}

// Dial connects to the server and opens the export that uri names. nbds and
// nbds+unix encrypt; see URI for whom they trust. ctx is for the connecting alone.
func Dial(ctx context.Context, uri string) (*Client, error) {
	u, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	config, err := u.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	nc, err := u.dial(ctx)
	if err != nil {
		return nil, err
	}
	c, err := NewClient(ctx, nc, ClientOptions{Export: u.Export, TLS: config})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	return c, nil
}

// NewClient performs the handshake on nc and returns the Client, which owns nc
// from now on. If it fails, nc is closed. ctx is for the handshake alone.
func NewClient(ctx context.Context, nc net.Conn, o ClientOptions) (*Client, error) {
	c := &Client{
		nc:      nc,
		in:      bufio.NewReaderSize(nc, readBuffer),
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
		calls:   map[uint64]*call{},
	}
	err := interruptible(ctx, nc, func() error {
		h := clientHandshake{nc: nc, in: c.in}
		err := h.open(ctx, c, o)
		c.nc, c.in = h.nc, h.in
		return err
	})
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("nbd: opening the export %q: %w", o.Export, err)
	}
	c.running.Go(c.run)
	return c, nil
}

// List connects to the server that uri names and asks what exports it has.
func List(ctx context.Context, uri string) ([]plugins.Export, error) {
	u, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	config, err := u.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	nc, err := u.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	var exports []plugins.Export
	err = interruptible(ctx, nc, func() (err error) {
		h := clientHandshake{nc: nc, in: bufio.NewReader(nc)}
		exports, err = h.list(ctx, config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("nbd: listing the exports of %s: %w", uri, err)
	}
	return exports, nil
}

// interruptible runs f, which uses nc, and has its reads and writes fail when
// ctx ends. It returns ctx's cause if that happened.
func interruptible(ctx context.Context, nc net.Conn, f func() error) error {
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if !stop() {
		return context.Cause(ctx)
	}
	return err
}

// Name returns the name that the server gives the export, or the one that it was
// asked for if it gives none.
func (c *Client) Name() string { return c.export }

// Flags returns the transmission flags as the server sent them.
func (c *Client) Flags() TransmissionFlags { return c.flags }

// Info returns what the server said of the export.
func (c *Client) Info() plugins.Info {
	has := func(f TransmissionFlags) bool { return c.flags&f != 0 }
	support := func(f TransmissionFlags) plugins.Support {
		if has(f) {
			return plugins.Native
		}
		return plugins.None
	}
	return plugins.Info{
		Size:        c.size,
		ReadOnly:    has(ReadOnly),
		CanFlush:    has(SendFlush),
		CanTrim:     has(SendTrim),
		CanZero:     has(SendWriteZeroes),
		CanFastZero: has(SendWriteZeroes) && has(SendFastZero),
		CanExtents:  c.allocation,
		MultiConn:   has(CanMultiConn),
		Rotational:  has(Rotational),
		FUA:         support(SendFUA),
		Cache:       support(SendCache),
	}
}

// Description returns the server's text about the export, "" if it has none.
func (c *Client) Description(context.Context) (string, error) { return c.about, nil }

// BlockSizes returns the request sizes that the server prefers; the zero value
// if it said nothing.
func (c *Client) BlockSizes(context.Context) (plugins.BlockSizes, error) { return c.sizes, nil }

// Read fills p from the disk at offset.
func (c *Client) Read(ctx context.Context, p []byte, offset uint64, flags plugins.Flags) error {
	r := plugins.Request{Op: plugins.OpRead, Flags: flags, Offset: offset, Length: uint64(len(p)), Data: p}
	return c.Do(ctx, &r)
}

// Write writes p to the disk at offset.
func (c *Client) Write(ctx context.Context, p []byte, offset uint64, flags plugins.Flags) error {
	r := plugins.Request{Op: plugins.OpWrite, Flags: flags, Offset: offset, Length: uint64(len(p)), Data: p}
	return c.Do(ctx, &r)
}

// Flush has everything that was written reach stable storage.
func (c *Client) Flush(ctx context.Context) error {
	return c.Do(ctx, &plugins.Request{Op: plugins.OpFlush})
}

// Trim says that length bytes at offset are not needed any more.
func (c *Client) Trim(ctx context.Context, offset, length uint64, flags plugins.Flags) error {
	return c.Do(ctx, &plugins.Request{Op: plugins.OpTrim, Flags: flags, Offset: offset, Length: length})
}

// Zero has length bytes at offset read as zeroes.
func (c *Client) Zero(ctx context.Context, offset, length uint64, flags plugins.Flags) error {
	return c.Do(ctx, &plugins.Request{Op: plugins.OpZero, Flags: flags, Offset: offset, Length: length})
}

// Cache says that length bytes at offset will be read soon.
func (c *Client) Cache(ctx context.Context, offset, length uint64, flags plugins.Flags) error {
	return c.Do(ctx, &plugins.Request{Op: plugins.OpCache, Flags: flags, Offset: offset, Length: length})
}

// BlockStatus returns what the disk is made of from offset on. The list may end
// before or after the length that was asked for; it has at least one extent.
func (c *Client) BlockStatus(ctx context.Context, offset, length uint64, flags plugins.Flags) ([]plugins.Extent, error) {
	r := plugins.Request{Op: plugins.OpExtents, Flags: flags, Offset: offset, Length: length}
	err := c.Do(ctx, &r)
	return r.Extents, err
}

// closeTimeout is how long a server may take to accept the client's good-bye.
const closeTimeout = 2 * time.Second

// Close tells the server good-bye, closes the connection and waits for the
// client's goroutines. Requests in flight fail with ErrClientClosed. It returns nil.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.nc.SetWriteDeadline(time.Now().Add(closeTimeout)) // fails only if nc is closed
	c.wakeWriter()
	c.running.Wait()
	return nil
}
