// Package nbdtest has what tests of NBD's encryption need: certificates, made anew.
package nbdtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An Authority signs certificates. It is valid for an hour.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	serial      int64
}

// NewAuthority makes an authority of its own. It may be used from one goroutine.
func NewAuthority() (*Authority, error) {
	a := &Authority{}
	template := a.template("test authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	a.certificate, err = x509.ParseCertificate(der)
	return a, err
}

// WriteFolder fills dir with nbdkit's files: ca-cert.pem, server-cert.pem,
// server-key.pem (for localhost), client-cert.pem, client-key.pem (for "alice").
func WriteFolder(dir string) (*Authority, error) {
	a, err := NewAuthority()
	if err != nil {
		return nil, err
	}
	if err := a.WriteCA(dir); err != nil {
		return nil, err
	}
	if err := a.WritePair(dir, "server", "localhost"); err != nil {
		return nil, err
	}
	return a, a.WritePair(dir, "client", "alice")
}

// WriteCA writes ca-cert.pem.
func (a *Authority) WriteCA(dir string) error {
	return writePEM(dir, "ca-cert.pem", "CERTIFICATE", a.certificate.Raw)
}

// WritePair writes ROLE-cert.pem and ROLE-key.pem for a new certificate, which is
// good for both ends of a connection. "localhost" stands also for the addresses.
func (a *Authority) WritePair(dir, role, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := a.template(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.DNSNames = []string{name}
	if name == "localhost" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(dir, role+"-cert.pem", "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(dir, role+"-key.pem", "PRIVATE KEY", private)
}

// Revoke writes a ca-crl.pem that revokes the certificate in file and is good
// until a time.
func (a *Authority) Revoke(dir, file string, until time.Time) error {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s: no PEM", file)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	list := &x509.RevocationList{
		Number:     big.NewInt(1),
		ThisUpdate: until.Add(-2 * time.Hour),
		NextUpdate: until,
		RevokedCertificateEntries: []x509.RevocationListEntry{
			{SerialNumber: certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)}},
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.certificate, a.key)
	if err != nil {
		return err
	}
	return writePEM(dir, "ca-crl.pem", "X509 CRL", der)
}

func (a *Authority) template(name string) *x509.Certificate {
	a.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func writePEM(dir, file, kind string, der []byte) error {
	return os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
