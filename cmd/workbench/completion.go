package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"workbench/recordings/export"
)

// refine adds to the verbs of root what their flags may be, and has the commands
// that cobra makes by itself refuse words that they do not know, and show
// examples as the others do.
func refine(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		completeFlags(cmd)
		switch cmd.Name() {
		case "help":
			cmd.Example = "  workbench help run\n  workbench help filters\n  workbench help keys"
			cmd.Args = func(_ *cobra.Command, args []string) error {
				if found, rest, err := root.Find(args); err != nil || found == root && len(rest) > 0 {
					return noSubcommand(root, args)
				}
				return nil
			}
		case "completion":
			cmd.Example = "  source <(workbench completion bash)\n  workbench completion fish > ~/.config/fish/completions/workbench.fish"
			cmd.Args = noSubcommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range cmd.Commands() {
				shell.Args = wantWords(0)
				shell.Example = "  workbench completion " + shell.Name() + " > completion." + shell.Name()
			}
		}
	}
}

// completeScripts offers scripts for the first word, and then the parameters
// that the script knows.
func completeScripts(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"lua", "star"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return completeParameters(args[0], word)
}

// completeMount is completeScripts with a mount point between script and parameters.
func completeMount(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return completeScripts(cmd, args, word)
}

// completeReplay offers a recording, a script, and the parameters of the script.
func completeReplay(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeRecordings(cmd, args, word)
	}
	return completeScripts(cmd, args[1:], word)
}

// completeRecordings offers recordings.
func completeRecordings(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{recordingExt[1:]}, cobra.ShellCompDirectiveFilterFileExt
}

// completeParameters offers the parameters of the script at path, "key=" each,
// and files where it knows none and behind the "=". Nothing runs: who asks for
// words does not expect a script to begin.
func completeParameters(path, word string) ([]string, cobra.ShellCompDirective) {
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(word, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	keys := parameterKeys(string(text))
	if len(keys) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		word := key + "="
		if keys[key] != "" {
			word += "\t" + keys[key]
		}
		list = append(list, word)
	}
	return list, cobra.ShellCompDirectiveNoSpace
}

var (
	// helpPattern matches config_help with its text, helpLine a key in that.
	helpPattern = regexp.MustCompile(`(?s)\bconfig_help\s*=\s*(?:\[\[(.*?)\]\]|"""(.*?)"""|"(.*?)"|'(.*?)')`)
	helpLine    = regexp.MustCompile(`(?m)^[ \t]*([A-Za-z][A-Za-z0-9._-]*)=.*$`)

	// configPattern matches the head of config, with the name of its key.
	configPattern = regexp.MustCompile(`\bconfig\s*(?:=\s*function\s*)?\(\s*(\w+)\s*,`)
)

// parameterKeys returns the keys that the text of a script names: in its
// config_help, whose lines tell what they are for, and where config compares
// what it was given.
func parameterKeys(text string) map[string]string {
	keys := map[string]string{}
	if m := configPattern.FindStringSubmatch(text); m != nil {
		compared := regexp.MustCompile(`\b` + m[1] + `\s*[=!~]=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)
		for _, m := range compared.FindAllStringSubmatch(text, -1) {
			keys[m[1]] = ""
		}
	}
	if m := helpPattern.FindStringSubmatch(text); m != nil {
		for _, line := range helpLine.FindAllStringSubmatch(m[1]+m[2]+m[3]+m[4], -1) {
			keys[line[1]] = line[0]
		}
	}
	return keys
}

// completeFlags offers the values of those flags of cmd that take one of a few.
func completeFlags(cmd *cobra.Command) {
	for name, list := range map[string][]string{
		"format":    export.Names(),
		"from":      {"client", "server"},
		"lang":      languages(),
		"on-change": {"keep", "new", "drop"},
		"payload":   {"none", "hash", "full"},
		"stage":     stageNames(),
		"tls":       {"off", "on", "require"},
	} {
		if cmd.Flags().Lookup(name) == nil {
			continue
		}
		if err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // it has one already
		}
	}
}
