package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// describeMachine tells what the figures were taken on and with.
func describeMachine(ctx context.Context, workbench string) []fact {
	facts := []fact{
		{"processor", fmt.Sprintf("%s, %d cores", processor(), runtime.NumCPU())},
		{"memory", memoryTotal()},
		{"kernel", kernel()},
		{"Go", runtime.Version()},
		{"commit", output(ctx, "git", "describe", "--always", "--dirty")},
	}
	for _, command := range [][]string{{workbench, "version"}, {"nbdkit", "--version"}, {"nbdcopy", "--version"}, {"nbdfuse", "--version"}, {"fio", "--version"}} {
		version := output(ctx, command...)
		name := command[0][strings.LastIndexByte(command[0], '/')+1:]
		facts = append(facts, fact{name, strings.TrimPrefix(version, name+" ")})
	}
	for _, language := range []string{"lua", "python"} {
		if version := dumped(ctx, language, language+"_version"); version != "" {
			facts = append(facts, fact{"nbdkit's " + language, version})
		}
	}
	return facts
}

// dumped returns what one of nbdkit's plugins says of itself in a field.
func dumped(ctx context.Context, plugin, field string) string {
	out, err := runTool(ctx, 10*time.Second, "", nil, "nbdkit", "--dump-plugin", plugin)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut("\n"+string(out), "\n"+field+"=")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// output returns the first line that a command prints.
func output(ctx context.Context, command ...string) string {
	out, err := runTool(ctx, 10*time.Second, "", nil, command...)
	if err != nil {
		return "not there"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// processor returns the model of the first one.
func processor() string {
	return procField("/proc/cpuinfo", "model name")
}

func memoryTotal() string { return procField("/proc/meminfo", "MemTotal") }

// procField returns a field of a file of "name: value" lines.
func procField(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
