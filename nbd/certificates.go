package nbd

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The names of the files in a folder of certificates, which are nbdkit's and libnbd's.
const (
	caFile         = "ca-cert.pem"
	revokedFile    = "ca-crl.pem"
	serverCertFile = "server-cert.pem"
	serverKeyFile  = "server-key.pem"
	clientCertFile = "client-cert.pem"
	clientKeyFile  = "client-key.pem"
)

// LoadCertificates returns what a Server needs to encrypt, from the files
// server-cert.pem and server-key.pem in dir. With verifyPeer it also asks each
// client for a certificate, which must be one of ca-cert.pem's and not be
// revoked by ca-crl.pem, if that exists. The files are read once, here.
func LoadCertificates(dir string, verifyPeer bool) (*tls.Config, error) {
	certificate, err := loadPair(dir, serverCertFile, serverKeyFile)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		// Connections live long: there is nothing to gain from a quick second
		// one, and small first records are for browsers.
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true,
	}
	if !verifyPeer {
		return config, nil
	}
	authority, err := loadAuthority(dir)
	if err != nil {
		return nil, err
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs = authority.pool
	config.VerifyConnection = authority.notRevoked
	return config, nil
}

// LoadClientCertificates returns what a Client needs to trust the servers of the
// authority in dir, ca-cert.pem with the revocations of ca-crl.pem, and to show
// who it is by client-cert.pem and client-key.pem. The last three may be
// missing. The caller sets ServerName, the name that the server must prove.
func LoadClientCertificates(dir string) (*tls.Config, error) {
	authority, err := loadAuthority(dir)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: authority.pool, VerifyConnection: authority.notRevoked, DynamicRecordSizingDisabled: true}
	certificate, err := loadPair(dir, clientCertFile, clientKeyFile)
	switch {
	case err == nil:
		config.Certificates = []tls.Certificate{certificate}
	case !errors.Is(err, fs.ErrNotExist) || exists(filepath.Join(dir, clientCertFile)):
		return nil, err
	}
	return config, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// loadPair reads a certificate and its key.
func loadPair(dir, certFile, keyFile string) (tls.Certificate, error) {
	certPath, keyPath := filepath.Join(dir, certFile), filepath.Join(dir, keyFile)
	cert, err := os.ReadFile(certPath)
	if err != nil {
		return tls.Certificate{}, fileError(certPath, err)
	}
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return tls.Certificate{}, fileError(keyPath, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s with %s: %w", certPath, keyFile, err)
	}
	return pair, nil
}

// fileError is err with the path said once.
func fileError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// An authority says whom to trust.
type authority struct {
	pool    *x509.CertPool
	revoked *x509.RevocationList // nil = none is
	path    string               // of revoked
}

// loadAuthority reads ca-cert.pem, and ca-crl.pem if it exists.
func loadAuthority(dir string) (*authority, error) {
	path := filepath.Join(dir, caFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	a := &authority{pool: x509.NewCertPool(), path: filepath.Join(dir, revokedFile)}
	var cas []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		a.pool.AddCert(ca)
		cas = append(cas, ca)
	}
	if len(cas) == 0 {
		return nil, fmt.Errorf("%s: there is no certificate in it", path)
	}
	text, err = os.ReadFile(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, nil
	case err != nil:
		return nil, fileError(a.path, err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "X509 CRL" {
		return nil, fmt.Errorf("%s: there is no list of revoked certificates in it", a.path)
	}
	if a.revoked, err = x509.ParseRevocationList(block.Bytes); err != nil {
		return nil, fmt.Errorf("%s: %w", a.path, err)
	}
	for _, ca := range cas {
		if a.revoked.CheckSignatureFrom(ca) == nil {
			return a, nil
		}
	}
	return nil, fmt.Errorf("%s: it is not signed by %s", a.path, caFile)
}

// notRevoked fails for a connection whose other side shows a revoked
// certificate. A list that is out of date trusts nobody.
func (a *authority) notRevoked(state tls.ConnectionState) error {
	if a.revoked == nil {
		return nil
	}
	if next := a.revoked.NextUpdate; !next.IsZero() && time.Now().After(next) {
		return fmt.Errorf("%s has been out of date since %s", a.path, next.Format(time.RFC3339))
	}
	for _, chain := range state.VerifiedChains {
		for _, certificate := range chain {
			if a.isRevoked(certificate) {
				return fmt.Errorf("the certificate of %q is revoked", certificate.Subject.CommonName)
			}
		}
	}
	return nil
}

func (a *authority) isRevoked(certificate *x509.Certificate) bool {
	if string(certificate.RawIssuer) != string(a.revoked.RawIssuer) {
		return false
	}
	for _, entry := range a.revoked.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

// verifyAnyName has config trust a server whatever its certificate calls it,
// for a unix socket, which has no name. The certificate itself must be good.
func verifyAnyName(config *tls.Config) {
	roots, next := config.RootCAs, config.VerifyConnection
	config.InsecureSkipVerify = true // of which VerifyConnection makes up all but the name
	config.VerifyConnection = func(state tls.ConnectionState) error {
		intermediates := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			intermediates.AddCert(certificate)
		}
		chains, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
		if err != nil {
			return err
		}
		state.VerifiedChains = chains
		if next == nil {
			return nil
		}
		return next(state)
	}
}
