package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elements returns the elements of a picture by their names, which must be well-formed.
func elements(t *testing.T, picture string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	d := xml.NewDecoder(strings.NewReader(picture))
	name := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, picture)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name = token.Name.Local
			var attributes []string
			for _, a := range token.Attr {
				attributes = append(attributes, a.Name.Local+"="+a.Value)
			}
			found[name] = append(found[name], strings.Join(attributes, " "))
		case xml.CharData:
			if name == "text" && strings.TrimSpace(string(token)) != "" {
				found["chars"] = append(found["chars"], string(token))
			}
		}
	}
}

func TestDraw(t *testing.T) {
	picture, err := draw("┏━ a<b & c\n┃\x1b[38;2;237;135;150m✗ EIO\x1b[0m  \x1b[7mok\x1b[0m\n")
	if err != nil {
		t.Fatal(err)
	}
	found := elements(t, picture)
	if got := strings.Join(found["chars"], "|"); got != "a<b & c|✗ EIO|ok" {
		t.Errorf("characters %q", got)
	}
	if len(found["path"]) != 3 {
		t.Errorf("%d lines, want three of the frame: %v", len(found["path"]), found["path"])
	}
	if red := found["text"][1]; !strings.Contains(red, "fill=#ed8796") {
		t.Errorf("the error is drawn as %s", red)
	}
	if reverse := found["text"][2]; !strings.Contains(reverse, "fill="+paper) {
		t.Errorf("what is reversed is drawn as %s", reverse)
	}
	// ten cells and the edges
	if got, want := found["svg"][0], "viewBox=0 0 108 60"; !strings.Contains(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNothingToDraw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.svg")
	if err := run(strings.NewReader("\n\n"), path); err == nil || !strings.Contains(err.Error(), "the screen is empty") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
}
