package nbd

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// A URI names an export of a server (doc/uri.md of the NetworkBlockDevice project).
type URI struct {
	TLS     bool
	Network string // "unix" or "tcp"
	Address string // the socket's path; or host:port
	Export  string // "" is the default export
}

// defaultPort is NBD's, by IANA.
const defaultPort = "10809"

// AddrURI returns the URI of an export served at addr. As nbdkit does, it names
// a server that is on every address of this machine, or on the first of the
// loopback ones, "localhost".
func AddrURI(addr net.Addr, export string) URI {
	u := URI{Network: "unix", Address: addr.String(), Export: export}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		host := tcp.IP.String()
		if len(tcp.IP) == 0 || tcp.IP.IsUnspecified() || host == "127.0.0.1" {
			host = "localhost"
		}
		u.Network, u.Address = "tcp", net.JoinHostPort(host, fmt.Sprint(tcp.Port))
	}
	return u
}

// String writes u as nbdkit does: nbd+unix:///NAME?socket=PATH, nbd://HOST:PORT/NAME.
func (u URI) String() string {
	scheme, path := "nbd", ""
	if u.TLS {
		scheme = "nbds"
	}
	if u.Export != "" {
		path = "/" + quoteURI(u.Export)
	}
	if u.Network == "unix" {
		return scheme + "+unix://" + path + "?socket=" + quoteURI(u.Address)
	}
	return scheme + "://" + u.Address + path
}

// quoteURI percent-encodes what might mean something in a URI, except slashes.
func quoteURI(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// ParseURI reads nbd://HOST[:PORT][/NAME] and nbd+unix:///[NAME]?socket=PATH,
// and the same with nbds for TLS.
func ParseURI(s string) (URI, error) {
	p, err := url.Parse(s)
	if err != nil {
		return URI{}, fmt.Errorf("not an NBD URI: %w", err)
	}
	scheme, unix := strings.CutSuffix(p.Scheme, "+unix")
	u := URI{TLS: scheme == "nbds", Export: strings.TrimPrefix(p.Path, "/")}
	switch {
	case scheme != "nbd" && scheme != "nbds":
		return URI{}, fmt.Errorf("not an NBD URI: %q: want nbd://HOST:PORT/NAME or nbd+unix:///NAME?socket=PATH", s)
	case unix:
		query, err := url.ParseQuery(strings.ReplaceAll(p.RawQuery, "+", "%2B")) // here a plus is no space
		if err != nil {
			return URI{}, fmt.Errorf("the NBD URI %q: %w", s, err)
		}
		u.Network, u.Address = "unix", query.Get("socket")
		if u.Address == "" {
			return URI{}, fmt.Errorf("the NBD URI %q does not say which socket: add ?socket=PATH", s)
		}
	default:
		host, port := p.Hostname(), p.Port()
		if host == "" {
			host = "localhost"
		}
		if port == "" {
			port = defaultPort
		}
		u.Network, u.Address = "tcp", net.JoinHostPort(host, port)
	}
	return u, nil
}

// dial connects to the server.
func (u URI) dial(ctx context.Context) (net.Conn, error) {
	if u.TLS {
		return nil, fmt.Errorf("%s: this version does not speak TLS: use nbd:// or nbd+unix://", u)
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, u.Network, u.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", u, err)
	}
	return nc, nil
}
