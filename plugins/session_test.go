package plugins

import (
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	f := newFake(callbackMap{
		ExportDescription: func(c *Call) error { c.Text = "a disk"; return nil },
		BlockSize:         func(c *Call) error { c.BlockSizes = BlockSizes{512, 4096, 1 << 20}; return nil },
	})
	d := openFake(t, f, OpenParams{}).(Describer)
	if text, err := d.Description(t.Context()); text != "a disk" || err != nil {
		t.Errorf("description %q, %v", text, err)
	}
	if sizes, err := d.BlockSizes(t.Context()); sizes != (BlockSizes{512, 4096, 1 << 20}) || err != nil {
		t.Errorf("block sizes %v, %v", sizes, err)
	}
	f.callbacks[ExportDescription] = func(c *Call) error { c.Text = strings.Repeat("x", MaxString+1); return nil }
	if _, err := d.Description(t.Context()); err == nil || !strings.Contains(err.Error(), "export_description: fake.txt: returned 4097 bytes") {
		t.Errorf("a long description: %v", err)
	}
	f.callbacks[BlockSize] = func(c *Call) error { c.BlockSizes = BlockSizes{3, 4096, 1 << 20}; return nil }
	if _, err := d.BlockSizes(t.Context()); err == nil || !strings.Contains(err.Error(), "block_size: fake.txt: minimum block size 3") {
		t.Errorf("odd block sizes: %v", err)
	}
	bare := openFake(t, newFake(nil), OpenParams{}).(Describer)
	if text, err := bare.Description(t.Context()); text != "" || err != nil {
		t.Errorf("no description: %q, %v", text, err)
	}
	if sizes, err := bare.BlockSizes(t.Context()); sizes != (BlockSizes{}) || err != nil {
		t.Errorf("no block sizes: %v, %v", sizes, err)
	}
}

func TestExportsAreBounded(t *testing.T) {
	many := func(c *Call) error { c.Exports = make([]Export, MaxExports+1); return nil }
	long := func(c *Call) error { c.Exports = []Export{{Name: strings.Repeat("x", MaxString+1)}}; return nil }
	for want, list := range map[string]func(*Call) error{"10001 exports": many, "more than 4096 bytes": long} {
		in := startFake(t, newFake(callbackMap{ListExports: list}), Env{})
		if _, err := in.Exports(t.Context(), OpenParams{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
