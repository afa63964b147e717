package nbd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/nbd/nbdtest"
	"workbench/plugins"
)

// certificates makes a folder of certificates.
func certificates(t testing.TB) (dir string, a *nbdtest.Authority) {
	t.Helper()
	dir = t.TempDir()
	a, err := nbdtest.WriteFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, a
}

func loadServer(t testing.TB, dir string, verifyPeer bool) *tls.Config {
	t.Helper()
	config, err := LoadCertificates(dir, verifyPeer)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func loadClient(t testing.TB, dir string) *tls.Config {
	t.Helper()
	config, err := LoadClientCertificates(dir)
	if err != nil {
		t.Fatal(err)
	}
	config.ServerName = "localhost"
	return config
}

// withTLS adds to a URI of ours what a client needs to encrypt.
func withTLS(uri, dir string) string {
	uri = strings.Replace(uri, "nbd", "nbds", 1)
	if strings.Contains(uri, "?") {
		return uri + "&tls-certificates=" + dir
	}
	return uri + "?tls-certificates=" + dir
}

// startTLS encrypts the raw peer's connection.
func (p *rawPeer) startTLS(config *tls.Config) {
	p.t.Helper()
	p.wantOption(repAck, optStartTLS, nil)
	tc := tls.Client(p.nc, config)
	if err := tc.Handshake(); err != nil {
		p.t.Fatal(err)
	}
	p.nc = tc
}

// TestTLSClientServer does everything over an encrypted connection.
func TestTLSClientServer(t *testing.T) {
	dir, _ := certificates(t)
	for _, verify := range []bool{false, true} {
		for _, o := range []ClientOptions{{}, {OldStyleOpen: true, NoStructuredReplies: true}} {
			t.Run(fmt.Sprintf("verify %t, %+v", verify, o), func(t *testing.T) {
				m := newMemory(1 << 20)
				o.TLS = loadClient(t, dir)
				c := dialed(t, &Server{Backend: m, TLS: loadServer(t, dir, verify), RequireTLS: true}, o)
				exercise(t, c)
				got := m.opened[0]
				if !got.TLS || !strings.Contains(got.Client.Name, ", TLS 1.3") || strings.Contains(got.Client.Name, `"alice"`) != verify {
					t.Errorf("the disk was opened with %+v", got)
				}
			})
		}
	}
}

// TestTLSLargeBatches has replies of many sizes in flight, so that batches of
// small and large pieces leave through TLS.
func TestTLSLargeBatches(t *testing.T) {
	dir, _ := certificates(t)
	m := newMemory(8 << 20)
	copy(m.data, randomBytes(8<<20))
	c := dialed(t, &Server{Backend: m, TLS: loadServer(t, dir, false)}, ClientOptions{TLS: loadClient(t, dir)})
	done := make(chan error)
	const workers = 8
	for w := range workers {
		go func() {
			for i := range 20 {
				p := make([]byte, 1+(w*i*7919)%(1<<20))
				offset := uint64(w * 4321)
				if err := c.Read(t.Context(), p, offset, 0); err != nil || !bytes.Equal(p, m.data[offset:offset+uint64(len(p))]) {
					done <- fmt.Errorf("reading %d bytes: %v", len(p), err)
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestTLSRequired has the rows "TLS_REQD before TLS in forced mode for all but
// STARTTLS/ABORT" and "EXPORT_NAME drops".
func TestTLSRequired(t *testing.T) {
	dir, _ := certificates(t)
	s := &Server{Backend: newMemory(4096), TLS: loadServer(t, dir, false), RequireTLS: true}
	for _, opt := range []option{optList, optPeekExport, optInfo, optGo, optStructuredReply, optListMeta, optSetMeta, optExtendedHeaders, 99} {
		t.Run(opt.String(), func(t *testing.T) {
			p, _ := connect(t, s)
			p.greet(bothFlags)
			p.wantOption(repErrTLSReqd, opt, infoData(""))
			p.startTLS(loadClient(t, dir))
			p.wantOption(repAck, optGo, infoData(""))
		})
	}
	t.Run("ABORT", func(t *testing.T) {
		p, end := connect(t, s)
		p.greet(bothFlags)
		p.wantOption(repAck, optAbort, nil)
		p.wantEOF()
		if err := end.result(t); err != nil {
			t.Error(err)
		}
	})
	t.Run("EXPORT_NAME", func(t *testing.T) {
		p, end := connect(t, s)
		p.greet(bothFlags)
		p.sendOption(optExportName, nil)
		p.wantEOF()
		if err := end.result(t); err == nil || !strings.Contains(err.Error(), "requires") {
			t.Errorf("ServeConn returned %v", err)
		}
	})
	t.Run("our client without TLS", func(t *testing.T) {
		p, _ := connect(t, s)
		if _, err := NewClient(inTime(t), p.nc, ClientOptions{}); err == nil || !strings.Contains(err.Error(), "ERR_TLS_REQD") {
			t.Errorf("NewClient: %v", err)
		}
	})
}

// TestStartTLSOptions has the rows on STARTTLS itself.
func TestStartTLSOptions(t *testing.T) {
	dir, _ := certificates(t)
	s := &Server{Backend: newMemory(4096), TLS: loadServer(t, dir, false)}
	t.Run("with data", func(t *testing.T) {
		p, _ := connect(t, s)
		p.greet(bothFlags)
		p.wantOption(repErrInvalid, optStartTLS, []byte{1})
		p.startTLS(loadClient(t, dir))
	})
	t.Run("twice", func(t *testing.T) {
		p, _ := connect(t, s)
		p.greet(bothFlags)
		p.startTLS(loadClient(t, dir))
		p.wantOption(repErrInvalid, optStartTLS, nil)
		p.wantOption(repAck, optGo, infoData(""))
	})
	t.Run("not at all", func(t *testing.T) {
		p, _ := connect(t, s)
		p.open(true)
	})
	t.Run("data sent along", func(t *testing.T) {
		p, end := connect(t, s)
		p.greet(bothFlags)
		p.send(append(appendMessage(nil, &optionHeader{optStartTLS, 0}), appendMessage(nil, &optionHeader{optList, 0})...))
		p.wantEOF()
		var protocol *ProtocolError
		if err := end.result(t); !errors.As(err, &protocol) || !strings.Contains(err.Error(), "16 bytes after STARTTLS") {
			t.Errorf("ServeConn returned %v", err)
		}
	})
	t.Run("data in the clear after the answer", func(t *testing.T) {
		p, end := connect(t, s)
		p.greet(bothFlags)
		p.wantOption(repAck, optStartTLS, nil)
		p.send(appendMessage(nil, &optionHeader{optList, 0}))
		io.Copy(io.Discard, p.nc) // TLS says why not
		if err := end.result(t); err == nil || !strings.Contains(err.Error(), "encrypting the connection") {
			t.Errorf("ServeConn returned %v", err)
		}
	})
	t.Run("silence after the answer", func(t *testing.T) {
		p, end := connect(t, &Server{Backend: s.Backend, TLS: s.TLS, HandshakeTimeout: time.Second}) // which a busy machine takes for less
		p.greet(bothFlags)
		p.wantOption(repAck, optStartTLS, nil)
		p.wantEOF()
		if err := end.result(t); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ServeConn returned %v", err)
		}
	})
}

// TestStartTLSForgets checks that what was agreed on in the clear is forgotten.
func TestStartTLSForgets(t *testing.T) {
	dir, _ := certificates(t)
	p, _ := connect(t, &Server{Backend: newMemory(4096), TLS: loadServer(t, dir, false)})
	p.greet(bothFlags)
	p.wantOption(repAck, optStructuredReply, nil)
	p.wantOption(repAck, optSetMeta, metaData("", baseAllocation))
	p.startTLS(loadClient(t, dir))
	p.wantOption(repErrInvalid, optSetMeta, metaData("", baseAllocation)) // structured replies come first, again
	p.wantOption(repAck, optStructuredReply, nil)                         // and are not "chosen already"
	p.wantOption(repAck, optGo, infoData(""))
	p.request(requestHeader{command: cmdBlockStatus, cookie: 1, length: 512}, nil)
	if a := p.answer(0); a.errno != syscall.EINVAL {
		t.Errorf("BLOCK_STATUS without a context was answered by %+v", a)
	}
}

// TestTLSGoodbye checks that the end of the server's side can be told from a cut.
func TestTLSGoodbye(t *testing.T) {
	dir, _ := certificates(t)
	p, _ := connect(t, &Server{Backend: newMemory(4096), TLS: loadServer(t, dir, false)})
	p.greet(bothFlags)
	p.startTLS(loadClient(t, dir))
	p.wantOption(repAck, optAbort, nil)
	if _, err := p.nc.Read(make([]byte, 1)); err != io.EOF { // else unexpected EOF
		t.Errorf("the connection ended with %v", err)
	}
}

// TestTLSHangUp has an encrypted client that goes while its request is held.
func TestTLSHangUp(t *testing.T) {
	dir, _ := certificates(t)
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	p, end := connect(t, &Server{Backend: m, TLS: loadServer(t, dir, false)})
	p.greet(bothFlags)
	socket := p.nc
	p.startTLS(loadClient(t, dir))
	p.wantOption(repAck, optGo, infoData(""))
	p.request(requestHeader{command: cmdRead, length: 1}, nil)
	g.await(t, 1)
	socket.Close()
	if err := end.result(t); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if opened, closed := m.counts(); opened != 1 || closed != 1 || len(m.finished) != 1 {
		t.Errorf("opened %d times, closed %d times, finished %v", opened, closed, m.finished)
	}
}

// TestTLSShutdown lets the request of an encrypted client finish.
func TestTLSShutdown(t *testing.T) {
	dir, _ := certificates(t)
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	s := &Server{Backend: m, TLS: loadServer(t, dir, false)}
	c := dialed(t, s, ClientOptions{TLS: loadClient(t, dir)})
	answered := make(chan error)
	go func() { answered <- c.Write(context.Background(), []byte("abc"), 8, 0) }()
	g.await(t, 1)
	down := make(chan error)
	go func() { down <- s.Shutdown(inTime(t)) }()
	g.release(8, nil)
	if err := <-answered; err != nil {
		t.Errorf("the request in flight failed: %v", err)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown returned %v", err)
	}
}

// TestWhomToTrust has clients and servers that must not trust each other.
func TestWhomToTrust(t *testing.T) {
	dir, a := certificates(t)
	strangers, _ := certificates(t)
	noClient := t.TempDir()
	otherName, revoked, outdated := t.TempDir(), t.TempDir(), t.TempDir()
	for _, err := range []error{
		a.WriteCA(noClient),
		a.WritePair(noClient, "server", "localhost"),
		a.WritePair(otherName, "server", "elsewhere"),
		a.WriteCA(revoked), a.WritePair(revoked, "server", "localhost"), a.Revoke(revoked, "server-cert.pem", time.Now().Add(time.Hour)),
		a.WriteCA(outdated), a.WritePair(outdated, "server", "localhost"), a.Revoke(outdated, "server-cert.pem", time.Now().Add(-time.Minute)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		server string
		verify bool
		query  string
		want   string // "" = it works
	}{
		{"an authority that both have", dir, true, "tls-certificates=" + dir, ""},
		{"a client of another authority, that nobody asks", dir, false, "tls-certificates=" + strangers + "&tls-verify-peer=0", ""},
		{"a client of another authority", dir, true, "tls-certificates=" + strangers + "&tls-verify-peer=0", "certificate"},
		{"a client without a certificate", dir, true, "tls-certificates=" + noClient, "certificate required"},
		{"a server of another authority", strangers, false, "tls-certificates=" + dir, "unknown authority"},
		{"a server of an authority that the system does not know", dir, false, "x=y", "unknown authority"},
		{"a server that must have another name", dir, false, "tls-certificates=" + dir + "&tls-hostname=elsewhere", "elsewhere"},
		{"a server that has another name", otherName, false, "tls-certificates=" + dir, "localhost"},
		{"a server of the name that is asked for", otherName, false, "tls-certificates=" + dir + "&tls-hostname=elsewhere", ""},
		{"a server that is revoked", revoked, false, "tls-certificates=" + revoked, `"localhost" is revoked`},
		{"a list of revoked ones that is out of date", outdated, false, "tls-certificates=" + outdated, "out of date"},
	}
	for _, tt := range tests {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(tt.name+", "+network, func(t *testing.T) {
				unix, tcp := serve(t, &Server{Backend: newMemory(4096), TLS: loadServer(t, tt.server, tt.verify), RequireTLS: true}, "")
				uri, want := strings.Replace(tcp, "nbd", "nbds", 1)+"?"+tt.query, tt.want
				if network == "unix" {
					uri = strings.Replace(unix, "nbd", "nbds", 1) + "&" + tt.query
					if want == "localhost" {
						want = "" // a unix socket has no name
					}
				}
				c, err := Dial(inTime(t), uri)
				if err == nil {
					err = c.Read(inTime(t), make([]byte, 1), 0, 0) // TLS 1.3: where a refused client hears of it
					c.Close()
				}
				if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("the client got %v: want %q", err, want)
				}
			})
		}
	}
}

// TestRevokedClient has a server that was told to trust a client no more.
func TestRevokedClient(t *testing.T) {
	dir, a := certificates(t)
	if err := a.Revoke(dir, "client-cert.pem", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	p, end := connect(t, &Server{Backend: newMemory(4096), TLS: loadServer(t, dir, true)})
	c, err := NewClient(inTime(t), p.nc, ClientOptions{TLS: loadClient(t, dir)})
	if err == nil {
		c.Close()
		t.Error("a revoked client was let in")
	}
	if err := end.result(t); err == nil || !strings.Contains(err.Error(), `"alice" is revoked`) {
		t.Errorf("ServeConn returned %v", err)
	}
}

// TestLoadCertificates has folders that are not right: one line says what is wrong.
func TestLoadCertificates(t *testing.T) {
	client := func(dir string) error { _, err := LoadClientCertificates(dir); return err }
	server := func(dir string) error { _, err := LoadCertificates(dir, false); return err }
	verifying := func(dir string) error { _, err := LoadCertificates(dir, true); return err }
	remove := func(file string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, file)) }
	}
	write := func(file, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600) }
	}
	foreignList := func(dir string) error {
		a, err := nbdtest.NewAuthority()
		if err != nil {
			return err
		}
		return a.Revoke(dir, "client-cert.pem", time.Now())
	}
	tests := []struct {
		name   string
		change func(dir string) error
		load   func(dir string) error
		want   string // after the folder's name; "" = no error
	}{
		{"no server certificate", remove("server-cert.pem"), server, "server-cert.pem: no such file or directory"},
		{"no server key", remove("server-key.pem"), server, "server-key.pem: no such file or directory"},
		{"a key that is none", write("server-key.pem", "?"), server, "server-cert.pem with server-key.pem: "},
		{"no authority, and nobody to verify", remove("ca-cert.pem"), server, ""},
		{"no authority", remove("ca-cert.pem"), verifying, "ca-cert.pem: no such file or directory"},
		{"an authority that is none", write("ca-cert.pem", "?"), verifying, "ca-cert.pem: there is no certificate in it"},
		{"an authority that is damaged", write("ca-cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), verifying, "ca-cert.pem: x509: "},
		{"a list that is none", write("ca-crl.pem", "?"), verifying, "ca-crl.pem: there is no list"},
		{"a list that is damaged", write("ca-crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), verifying, "ca-crl.pem: x509: "},
		{"a list of another authority", foreignList, verifying, "ca-crl.pem: it is not signed by ca-cert.pem"},
		{"a client without an authority", remove("ca-cert.pem"), client, "ca-cert.pem: no such file or directory"},
		{"a client without a certificate", remove("client-cert.pem"), client, ""},
		{"a client without its key", remove("client-key.pem"), client, "client-key.pem: no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, _ := certificates(t)
			if err := tt.change(dir); err != nil {
				t.Fatal(err)
			}
			err := tt.load(dir)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), dir+"/"+tt.want)) {
				t.Errorf("got %v: want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

// TestClientTLSRefused has servers that cannot encrypt, or say more than they may.
func TestClientTLSRefused(t *testing.T) {
	dir, _ := certificates(t)
	for _, tt := range []struct {
		name   string
		server *Server
		want   string
	}{
		{"no certificates", &Server{}, "ERR_POLICY: this server does not encrypt"},
		{"no fixed newstyle", &Server{HideFlags: 1}, "no fixed newstyle, and so no TLS"},
		{"TLS demanded of everybody, and not there", &Server{RequireTLS: true}, "ERR_POLICY"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.server.Backend = newMemory(4096)
			p, _ := connect(t, tt.server)
			if _, err := NewClient(inTime(t), p.nc, ClientOptions{TLS: loadClient(t, dir)}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewClient: %v: want %q", err, tt.want)
			}
		})
	}
	t.Run("bytes in the clear after the answer", func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			theirs.Write(appendMessage(nil, &greeting{flags: uint16(bothFlags)}))
			io.ReadFull(theirs, make([]byte, clientFlagsSize+optionHeaderSize))
			theirs.Write(append(appendMessage(nil, &optionReplyHeader{optStartTLS, repAck, 0}), "more"...))
		}()
		var protocol *ProtocolError
		if _, err := NewClient(inTime(t), ours, ClientOptions{TLS: loadClient(t, dir)}); !errors.As(err, &protocol) {
			t.Errorf("NewClient: %v", err)
		}
	})
}

func TestTLSList(t *testing.T) {
	dir, _ := certificates(t)
	m := newMemory(4096)
	m.exports = []plugins.Export{{Name: "one"}}
	unix, _ := serve(t, &Server{Backend: m, TLS: loadServer(t, dir, true), RequireTLS: true}, "")
	got, err := List(inTime(t), withTLS(unix, dir))
	if err != nil || len(got) != 1 || got[0].Name != "one" {
		t.Errorf("List: %v, %v", got, err)
	}
	if _, err := List(inTime(t), withTLS(unix, "/nonexistent")); err == nil || !strings.Contains(err.Error(), "/nonexistent/ca-cert.pem") {
		t.Errorf("List with no certificates: %v", err)
	}
}
