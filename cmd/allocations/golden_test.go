package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseOutput(t *testing.T) {
	got, err := parseOutput("nbd", `goos: linux
BenchmarkRead/4KiB/depth-16-2   	    1000	     16247 ns/op	 729.99 MB/s	      25 B/op	       3 allocs/op
BenchmarkDecode-2               	    1000	     36.42 ns/op	       0 B/op	       0 allocs/op
PASS
ok  	workbench/nbd	1s
`)
	want := []result{{"nbd", "BenchmarkRead/4KiB/depth-16", 3, 25, 16247}, {"nbd", "BenchmarkDecode", 0, 0, 36.42}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"BenchmarkX-2 1000 12 ns/op\n", "BenchmarkX-2 1000 many ns/op 1 B/op 1 allocs/op\n"} {
		if got, err := parseOutput("nbd", bad); err == nil {
			t.Errorf("parseOutput(%q) = %+v", bad, got)
		}
	}
}

func TestGolden(t *testing.T) {
	want := []result{{pkg: "nbd", name: "BenchmarkA/x", allocs: 1, bytes: 2}, {pkg: "nbd", name: "BenchmarkA/y", allocs: 3, bytes: 4},
		{pkg: "plugins/lua", name: "BenchmarkB"}, {pkg: "nbd", name: "BenchmarkC"}}
	got, err := parseGolden(formatGolden(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	var patterns []string
	for _, s := range selections(got) {
		patterns = append(patterns, s.pkg+" "+s.pattern())
	}
	if want := []string{"nbd ^(BenchmarkA|BenchmarkC)$", "plugins/lua ^(BenchmarkB)$"}; !slices.Equal(patterns, want) {
		t.Errorf("%q, want %q", patterns, want)
	}
	for _, bad := range []string{"nbd BenchmarkA 1", "nbd BenchmarkA x 1", "nbd BenchmarkA 1 x"} {
		if got, err := parseGolden("\n" + bad); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("parseGolden(%q) = %+v, %v", bad, got, err)
		}
	}
}

func TestCompare(t *testing.T) {
	base := result{pkg: "nbd", name: "BenchmarkA", allocs: 5, bytes: 8000}
	with := func(change func(*result)) []result {
		r := base
		change(&r)
		return []result{r}
	}
	for _, test := range []struct {
		name          string
		results       []result
		worse, better string
	}{
		{"the same", []result{base}, "", ""},
		{"slower", with(func(r *result) { r.nanoseconds = 1e9 }), "", ""},
		{"one more", with(func(r *result) { r.allocs++ }), "6 allocations, accepted are 5", ""},
		{"one less", with(func(r *result) { r.allocs-- }), "", "4 allocations, accepted are 5"},
		{"bytes with slack", with(func(r *result) { r.bytes = 10024 }), "", ""},
		{"bytes", with(func(r *result) { r.bytes = 10025 }), "10025 bytes allocated, accepted are 8000", ""},
		{"fewer bytes", with(func(r *result) { r.bytes = 4096 }), "", "4096 bytes allocated"},
		{"new", append([]result{base}, with(func(r *result) { r.name = "BenchmarkB" })...), "BenchmarkB: nothing was accepted", ""},
		{"gone", nil, "no such benchmark any more", ""},
	} {
		var out strings.Builder
		err := judge([]result{base}, test.results, &out)
		if (err != nil) != (test.worse != "") || err != nil && !(strings.Contains(err.Error(), test.worse) && strings.Contains(err.Error(), "ACCEPT=yes")) {
			t.Errorf("%s: %v, want %q", test.name, err, test.worse)
		}
		if got := out.String(); (got != "") != (test.better != "") || !strings.Contains(got, test.better) {
			t.Errorf("%s: said %q, want %q", test.name, got, test.better)
		}
	}
}

// The file in the tree is as accepting writes it.
func TestGoldenFile(t *testing.T) {
	text, err := os.ReadFile("golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := parseGolden(string(text))
	if err != nil || len(accepted) == 0 {
		t.Fatalf("%d benchmarks, %v", len(accepted), err)
	}
	if got := formatGolden(accepted); got != string(text) {
		t.Errorf("golden.txt is not as it is written:\n%s", got)
	}
}
