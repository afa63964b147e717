package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	goldenPath = "cmd/allocations/golden.txt"
	howTo      = "if that is meant: make allocations ACCEPT=yes, and commit " + goldenPath

	// turns and processors are fixed, so that what is counted is the same everywhere.
	turns      = "1000x"
	processors = "2"

	limit = 5 * time.Minute // for the benchmarks of one package, built and run
)

func main() {
	accept := flag.Bool("accept", false, "accept what the benchmarks do now")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *accept, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "allocations:", err)
		os.Exit(1)
	}
}

// run runs the benchmarks of the golden file in the module's folder, and compares.
func run(ctx context.Context, accept bool, out io.Writer) error {
	text, err := os.ReadFile(goldenPath)
	if err != nil {
		return fmt.Errorf("%w: run it in the folder of go.mod", err)
	}
	accepted, err := parseGolden(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", goldenPath, err)
	}
	var results []result
	for _, s := range selections(accepted) {
		got, err := measure(ctx, s)
		if err != nil {
			return err
		}
		for _, r := range got {
			fmt.Fprintf(out, "%-48s %5d allocations %8d bytes %12.0f ns\n", r.key(), r.allocs, r.bytes, r.nanoseconds)
		}
		results = append(results, got...)
	}
	if accept {
		return os.WriteFile(goldenPath, []byte(formatGolden(results)), 0o644)
	}
	return judge(accepted, results, out)
}

// measure runs the benchmarks of one package.
func measure(ctx context.Context, s selection) ([]result, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", s.pattern(), "-benchtime", turns, "-benchmem", "-cpu", processors, "./"+s.pkg)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", s.pkg, err, out, said.String())
	}
	return parseOutput(s.pkg, string(out))
}

// judge says what differs, and fails if it is growth.
func judge(accepted, results []result, out io.Writer) error {
	worse, better := compare(accepted, results)
	if len(better) > 0 {
		fmt.Fprintf(out, "less than was accepted:\n  %s\nto keep it so: make allocations ACCEPT=yes, and commit %s\n", strings.Join(better, "\n  "), goldenPath)
	}
	if len(worse) > 0 {
		return errors.New("growth:\n  " + strings.Join(worse, "\n  ") + "\n" + howTo)
	}
	return nil
}
