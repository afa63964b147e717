package tui

import (
	"regexp"
	"slices"
	"strings"
)

// commandInText finds what a text has for the key of a command: "{hold} holds
// every request" names the key that the user gave to it.
var commandInText = regexp.MustCompile(`\{[a-z]+(\.[a-z]+)*\}`)

// named puts the keys of commands into a text. A command without a key is there
// as it is typed.
func (a *app) named(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return commandInText.ReplaceAllStringFunc(text, func(found string) string {
		id := found[1 : len(found)-1]
		i := slices.IndexFunc(a.commands, func(c command) bool { return c.id == id })
		switch {
		case i < 0:
			return found
		case len(a.commands[i].keys) == 0:
			return ":" + spoken(id)
		}
		return keyName(a.commands[i].keys[0])
	})
}
