package nbd

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// constants returns the constants that wire.go and extended.go declare, with
// their types and values, as the compiler sees them.
func constants(t *testing.T) []*types.Const {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"wire.go"} {
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	// Constants need no other package and no other file: what is missing is no matter.
	config := types.Config{Error: func(error) {}}
	pkg, _ := config.Check("nbd", fset, files, nil)
	var list []*types.Const
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok {
			list = append(list, c)
		}
	}
	return list
}

// TestMeaningsHaveNoGaps wants a meaning, and a name, for every number of the
// specification, and no meaning without a number.
func TestMeaningsHaveNoGaps(t *testing.T) {
	tables := map[string]any{
		"handshakeFlags": handshakeFlagMeanings, "option": optionMeanings, "replyType": replyMeanings, "infoType": infoMeanings,
		"TransmissionFlags": transmissionFlagMeanings, "command": commandMeanings, "commandFlags": commandFlagMeanings,
		"chunkType": chunkMeanings, "magic": magicMeanings,
	}
	unnamed := map[string]bool{"repError": true, "chunkIsError": true} // bits of other numbers
	found := map[string]int{}
	for _, c := range constants(t) {
		table := ""
		if named, ok := c.Type().(*types.Named); ok {
			table = named.Obj().Name()
		} else if strings.HasSuffix(c.Name(), "Magic") {
			table = "magic"
		} else {
			continue // a limit or a size of ours
		}
		meanings := reflect.ValueOf(tables[table])
		if !meanings.IsValid() {
			t.Errorf("%s: there is no table of meanings for %s", c.Name(), table)
			continue
		}
		n, ok := constant.Uint64Val(c.Val())
		if !ok {
			t.Errorf("%s is no number", c.Name())
			continue
		}
		key := reflect.ValueOf(n).Convert(meanings.Type().Key())
		if m := meanings.MapIndex(key); !m.IsValid() || m.String() == "" {
			t.Errorf("%s has no meaning", c.Name())
		}
		found[table]++
		if s, ok := key.Interface().(interface{ String() string }); ok && !unnamed[c.Name()] && strings.ContainsAny(s.String(), " abcdefghijklmnopqrstuvwxyz") {
			t.Errorf("%s has no name: %s", c.Name(), s)
		}
	}
	for name, table := range tables {
		if want := reflect.ValueOf(table).Len(); found[name] != want {
			t.Errorf("%s: %d numbers, %d meanings", name, found[name], want)
		}
	}
	for e := range wireErrno(200) {
		if meaning := errorMeanings[e]; (meaning == "") != strings.HasPrefix(e.String(), "error ") {
			t.Errorf("%s means %q", e, meaning)
		}
	}
}

// fieldNames lists the fields of all messages by their names.
func fieldNames(bytes []byte, o ExplainOptions) []string {
	var list []string
	for m := range Explain(bytes, o) {
		for _, f := range m.Fields {
			list = append(list, f.Name)
		}
	}
	return list
}

// TestFieldTerms wants a term for every field that a fields method names, and no
// term that no message has.
func TestFieldTerms(t *testing.T) {
	fset := token.NewFileSet()
	named := map[string]bool{}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "fields" {
				ast.Inspect(fn, func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && !strings.Contains(lit.Value, "%") {
						named[strings.Trim(lit.Value, `"`)] = true
					}
					return true
				})
			}
		}
	}
	if len(named) < 30 {
		t.Errorf("only %d fields were found", len(named))
	}
	for name := range named {
		if _, ok := fieldTerms[name]; !ok {
			t.Errorf("the field %q has no term", name)
		}
	}
	used := map[string]bool{"encrypted data": true} // see TestExplainGuesses
	for _, tt := range roundTrips {
		for _, name := range fieldNames(tt.bytes, tt.o) {
			used[name] = true
			if _, ok := fieldTerms[name]; !ok {
				t.Errorf("%s: the field %q has no term", tt.name, name)
			}
		}
	}
	for key := range fieldTerms {
		if i := strings.LastIndex(key, "/"); !used[key[i+1:]] {
			t.Errorf("no message has the field %q", key)
		}
	}
	for name := range named {
		if !used[name] {
			t.Errorf("no round trip has the field %q", name)
		}
	}
}

// TestFieldMeanings has what is said of a field, apart from its name and value.
func TestFieldMeanings(t *testing.T) {
	get := func(data []byte, o ExplainOptions, field string) string {
		for m := range Explain(data, o) {
			for _, f := range m.Fields {
				if f.Name == field {
					return f.Meaning
				}
			}
		}
		return "no such field"
	}
	for _, tt := range []struct {
		data        []byte
		field, want string
	}{
		{parts(&requestHeader{0, cmdFlush, 1, 0, 0}), "command", "put on stable storage every write that was answered"},
		{parts(&requestHeader{0, 50, 1, 0, 0}), "command", "not in the specification"},
		{parts(&requestHeader{0, 50, 1, 0, 0}), "command flags", "none set"},
		{parts(&requestHeader{0, cmdTrim, 1, 0, 0}), "length", "how much of the disk"},
		{parts(&extRequest{cmdFlagPayloadLen, cmdWrite, 1, 0, 1}, "x"), "length", "what follows with the request"},
		{chunkBytes(1, chunkNone, 1), "length", "what follows with the chunk"},
		{optionBytes(optList), "length", "what follows with the option"},
		{optionBytes(optExportName, "x"), "text", "which export; \"\" is the default one"},
		{replyBytes(optGo, repErrPolicy, "x"), "text", "reason in words"},
		{replyBytes(optGo, repErrPolicy, "x"), "option", "open an export and begin transmission; the option that is answered"},
		{chunkBytes(1, chunkBlockStatus, 1, &blockStatus{1}, &descriptor{1, 0}), "status flags", "data"},
		{replyBytes(optGo, repInfo, &blockSizeInfo{infoBlockSize, struct{ Minimum, Preferred, Maximum uint32 }{1, 1, 0xffffffff}}), "maximum payload size", "no limit; the most that a request may carry"},
		{replyBytes(optGo, repInfo, &blockSizeInfo{infoBlockSize, struct{ Minimum, Preferred, Maximum uint32 }{1, 1, 4096}}), "maximum payload size", "the most that a request may carry"},
		{[]byte("\x25\x60\x95\x13\x00\x00\x00"), "command", "1 of 2 bytes"},
	} {
		if got := get(tt.data, ExplainOptions{}, tt.field); got != tt.want {
			t.Errorf("%s of %x: %q, want %q", tt.field, tt.data, got, tt.want)
		}
	}
	wrong := Explain([]byte("\x25\x60\x95\x14"), ExplainOptions{Stage: StageRequest})
	for m := range wrong {
		if m.Fields[0].Meaning != "no magic number of NBD" {
			t.Errorf("%+v", m.Fields)
		}
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1024 bytes (1 KiB)", 1536: "1536 bytes (1.5 KiB)",
		1 << 20: "1048576 bytes (1 MiB)", 1<<64 - 1: "18446744073709551615 bytes (16.0 EiB)", 3 << 30: "3221225472 bytes (3 GiB)",
	} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %q: want %q", n, got, want)
		}
	}
}
