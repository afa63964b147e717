package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestOracleStreams sends the same random requests to nbdkit and to us. 10,000
// with simple replies and 10,000 with structured ones, shared among the scripts.
func TestOracleStreams(t *testing.T) {
	meant := &exemptions{table: []exemption{fastZeroOfVersion1}}
	t.Cleanup(func() { meant.wantUsed(t) })
	for _, tt := range []struct {
		name   string
		script string // of the first kind; the others have its twin
		twin   string
		kinds  []kind
		args   []string
		count  int
	}{
		{"ramdisk", "ramdisk.lua", "ramdisk.body", []kind{nbdkitLua, ourLua, ourStarlark}, []string{"size=6m", "odd=123"}, 3000},
		{"python1", "", "ramdisk.body", []kind{nbdkitPython, ourStarlark}, []string{"size=2m", "odd=1"}, 700},
		{"python2", "", "ramdisk2.body", []kind{nbdkitPython, ourStarlark}, []string{"size=6m", "odd=123"}, 1500},
		{"file", "file.lua", "file.body", []kind{nbdkitLua, ourLua, ourStarlark}, []string{"file=disk.img"}, 1500},
		{"torn", "file.lua", "file.body", []kind{nbdkitLua, ourLua, ourStarlark}, []string{"file=disk.img", "tear=2000000"}, 500},
		{"readonly", "file.lua", "file.body", []kind{nbdkitLua, ourLua, ourStarlark, nbdkitPython}, []string{"file=disk.img", "-r"}, 300},
		{"errors", "errors.lua", "", []kind{nbdkitLua, ourLua}, nil, 1500},
		{"iso", "iso.lua", "", []kind{nbdkitLua, ourLua}, []string{"label=TEST_DISK", "sectors=64", "word=hello", "word=two words", "word="}, 300},
		{"sparse", "sparse.lua", "", []kind{nbdkitLua, ourLua}, []string{"size=10M"}, 300},
		{"writer", "writer.lua", "", []kind{nbdkitLua, ourLua}, []string{"size=20000000"}, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []struct {
				name       string
				structured bool
			}{{"simple", false}, {"structured", true}} {
				t.Run(mode.name, func(t *testing.T) {
					m := match{exemptions: meant}
					for _, k := range tt.kinds {
						name := tt.script
						if k.prelude != "" {
							name = tt.twin
						}
						m.rivals = append(m.rivals, k.start(t, oracleFile(t, name), tt.args...))
					}
					m.run(t, mode.structured, tt.count)
					m.wantSameImage(t)
				})
			}
		})
	}
}

// wantSameImage stops the servers and compares what became of the image.
func (m *match) wantSameImage(t *testing.T) {
	t.Helper()
	var theirs []byte
	for i, r := range m.rivals {
		r.stop(t) // files are buffered until they are closed
		ours, err := os.ReadFile(filepath.Join(r.dir, "disk.img"))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			theirs = ours
		} else if !bytes.Equal(theirs, ours) {
			t.Errorf("the image of %s is not that of %s", r.name, m.rivals[0].name)
		}
	}
}
