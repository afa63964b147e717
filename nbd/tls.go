package nbd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"workbench/plugins"
)

// startTLS encrypts the connection from here on and forgets what was agreed on
// before (the specification, "TLS support"): what was said in the clear may have
// come from somebody else.
func (h *handshake) startTLS(ctx context.Context, data []byte) (text string, err error) {
	switch {
	case len(data) > 0:
		return "", refuse(repErrInvalid, "%s takes no data", optStartTLS)
	case h.secure:
		return "", refuse(repErrInvalid, "the connection is encrypted already")
	case h.server.TLS == nil:
		return "", refuse(repErrPolicy, "this server does not encrypt")
	case h.in.Buffered() > 0:
		// It would be taken for something that came encrypted.
		return "", protocolErrorf("the client sent %d bytes after %s without waiting for the answer", h.in.Buffered(), optStartTLS)
	}
	h.reply(optStartTLS, repAck, nil)
	if err := h.flush(); err != nil {
		return "", err
	}
	if err := h.beginStep(); err != nil {
		return "", err
	}
	tc := tls.Server(h.socket, h.server.TLS)
	if err := tc.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("nbd: encrypting the connection: %w", err)
	}
	words := tlsWords(tc)
	h.nc, h.in, h.secure = tc, bufio.NewReaderSize(aheadReader{h.conn}, readBuffer), true
	was := h.conn.client // and what it was told without TLS does not count
	h.conn.client = &plugins.Client{Name: was.Name + ", " + words, PID: was.PID, UID: was.UID, GID: was.GID, Disconnect: was.Disconnect}
	*h = handshake{conn: h.conn, client: h.client, until: h.until}
	return fmt.Sprintf("%s: %s", optStartTLS, words), nil
}

// tlsWords says which TLS was agreed on, and with whom if the client had to say.
func tlsWords(tc *tls.Conn) string {
	state := tc.ConnectionState()
	words := tls.VersionName(state.Version)
	if len(state.PeerCertificates) > 0 {
		words += fmt.Sprintf(", %q", state.PeerCertificates[0].Subject.CommonName)
	}
	return words
}

// startTLS asks the server to encrypt the connection, which is h's from then on.
func (h *clientHandshake) startTLS(ctx context.Context, config *tls.Config) error {
	if h.flags&flagFixedNewstyle == 0 {
		return fmt.Errorf("the server has no fixed newstyle, and so no TLS")
	}
	if err := h.ask(optStartTLS, nil, nil); err != nil {
		return err
	}
	if h.in.Buffered() > 0 {
		return protocolErrorf("the server sent %d bytes in the clear after it granted %s", h.in.Buffered(), optStartTLS)
	}
	tc := tls.Client(h.nc, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("encrypting the connection: %w", err)
	}
	h.nc, h.in = tc, bufio.NewReaderSize(tc, readBuffer)
	return nil
}

// tlsConfig returns how u wants its connection encrypted; nil if it does not.
func (u URI) tlsConfig() (*tls.Config, error) {
	if !u.TLS {
		return nil, nil
	}
	config := &tls.Config{}
	if u.Certificates != "" {
		var err error
		if config, err = LoadClientCertificates(u.Certificates); err != nil {
			return nil, err
		}
	}
	config.ServerName = u.Hostname
	if host, _, err := net.SplitHostPort(u.Address); u.Hostname == "" && u.Network == "tcp" && err == nil {
		config.ServerName = host
	}
	switch {
	case u.NoVerifyPeer:
		config.InsecureSkipVerify, config.VerifyConnection = true, nil
	case config.ServerName == "":
		verifyAnyName(config)
	}
	return config, nil
}
