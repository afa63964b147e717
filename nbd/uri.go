package nbd

import (
	"context"
	"errors"
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

	// For TLS, in libnbd's words tls-certificates, tls-hostname, tls-verify-peer.
	Certificates string // folder for LoadClientCertificates; "" = the system's authorities
	Hostname     string // what the server's certificate must name; "" = the host of Address, any for a unix socket
	NoVerifyPeer bool   // trust whoever answers
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
	text := scheme + "://" + u.Address + path
	var query []string
	if u.Network == "unix" {
		text = scheme + "+unix://" + path
		query = append(query, "socket="+quoteURI(u.Address))
	}
	if u.Certificates != "" {
		query = append(query, "tls-certificates="+quoteURI(u.Certificates))
	}
	if u.Hostname != "" {
		query = append(query, "tls-hostname="+quoteURI(u.Hostname))
	}
	if u.NoVerifyPeer {
		query = append(query, "tls-verify-peer=false")
	}
	if len(query) == 0 {
		return text
	}
	return text + "?" + strings.Join(query, "&")
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
// and the same with nbds for TLS. Of what stands behind the question mark it
// takes socket and the words of libnbd that URI lists, and passes over others.
// TLS with a key in common (tls-psk-file) is an error.
func ParseURI(s string) (URI, error) {
	p, err := url.Parse(s)
	if err != nil {
		return URI{}, fmt.Errorf("not an NBD URI: %w", err)
	}
	scheme, unix := strings.CutSuffix(p.Scheme, "+unix")
	u := URI{TLS: scheme == "nbds", Export: strings.TrimPrefix(p.Path, "/")}
	if scheme != "nbd" && scheme != "nbds" {
		return URI{}, fmt.Errorf("not an NBD URI: %q: want nbd://HOST:PORT/NAME or nbd+unix:///NAME?socket=PATH", s)
	}
	query, err := url.ParseQuery(strings.ReplaceAll(p.RawQuery, "+", "%2B")) // here a plus is no space
	if err == nil {
		err = u.setTLS(query)
	}
	if err != nil {
		return URI{}, fmt.Errorf("the NBD URI %q: %w", s, err)
	}
	switch {
	case unix:
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

// setTLS takes what query says of TLS.
func (u *URI) setTLS(query url.Values) error {
	if !u.TLS {
		return nil
	}
	u.Certificates, u.Hostname = query.Get("tls-certificates"), query.Get("tls-hostname")
	switch verify := query.Get("tls-verify-peer"); verify {
	case "", "1", "true", "yes", "on":
	case "0", "false", "no", "off":
		u.NoVerifyPeer = true
	default:
		return fmt.Errorf("tls-verify-peer=%s: want true or false", verify)
	}
	if query.Has("tls-psk-file") {
		return errors.New("tls-psk-file: TLS with a key in common is not supported: use certificates")
	}
	return nil
}

// dial connects to the server.
func (u URI) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, u.Network, u.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", u, err)
	}
	return nc, nil
}
