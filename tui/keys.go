package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// keyNames are the keys that are shown by another name than Bubble Tea's.
var keyNames = map[string]string{
	" ": "space", "up": "↑", "down": "↓", "left": "←", "right": "→",
}

// keyName returns how key is shown.
func keyName(key string) string {
	if name, ok := keyNames[key]; ok {
		return name
	}
	if len(key) > 1 {
		return strings.ReplaceAll(key, "+", "-")
	}
	return key
}

// keysText names the keys of a command: "j ↓".
func keysText(c *command) string {
	names := make([]string, len(c.keys))
	for i, k := range c.keys {
		names[i] = keyName(k)
	}
	return strings.Join(names, " ")
}

// namedKeys are the keys that have a name of more than a letter.
var namedKeys = []string{
	"space", "enter", "tab", "esc", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "pgup", "pgdown",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
}

// sameKeys are keys that a terminal cannot tell from others.
var sameKeys = map[string]string{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "esc"}

// parseKey returns the name that Bubble Tea has for a key, which may be written
// as it is shown.
func parseKey(text string) (string, error) {
	for key, shown := range keyNames {
		if text == shown {
			return key, nil
		}
	}
	if utf8.RuneCountInString(text) == 1 {
		if r, _ := utf8.DecodeRuneInString(text); unicode.IsPrint(r) {
			return text, nil
		}
	}
	rest := strings.ToLower(text)
	modifiers := ""
	for {
		i := strings.IndexAny(rest, "+-")
		if i <= 0 || i == len(rest)-1 || !slices.Contains([]string{"ctrl", "alt", "shift"}, rest[:i]) {
			break
		}
		modifiers += rest[:i] + "+"
		rest = rest[i+1:]
	}
	key := modifiers + rest
	if same, ok := sameKeys[key]; ok {
		return "", fmt.Errorf("terminals cannot tell %s from %s", text, same)
	}
	letter := len(rest) == 1 && modifiers != "" && modifiers != "shift+"
	if !letter && !slices.Contains(namedKeys, rest) {
		return "", fmt.Errorf("%q is no key: want one as in x, ctrl-x, alt-x, enter, pgup, f5", text)
	}
	return key, nil
}

// neededCommands cannot be without a key: nobody would get out, or know how.
var neededCommands = []string{"help", "quit", "quit.ask", "quit.now", "quit.not", "quit.small", "close", "menu.close", "prompt.leave", "prompt.accept"}

// A binding is a line of a file of keys.
type binding struct {
	id   string
	keys []string
	line int
}

// readKeys returns the table of commands with the keys that a file says. A file
// that is not there says nothing.
func readKeys(path string) ([]command, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return commands(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	fail := func(line int, err error) error { return fmt.Errorf("%s:%d: %w", path, line, err) }
	bindings, line, err := parseBindings(data)
	if err != nil {
		return nil, fail(line, err)
	}
	table := commands()
	lines := map[string]int{}
	for _, b := range bindings {
		i := slices.IndexFunc(table, func(c command) bool { return c.id == b.id || spoken(c.id) == b.id })
		if i < 0 {
			return nil, fail(b.line, unknownCommand(b.id, table))
		}
		lines[table[i].id] = b.line
		if table[i].keys = b.keys; len(b.keys) == 0 && slices.Contains(neededCommands, table[i].id) {
			return nil, fail(b.line, fmt.Errorf("%s needs a key: without one nobody gets on", b.id))
		}
	}
	if err := checkKeys(table, lines); err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return table, nil
}

// unknownCommand says that there is no command id, and which may be meant.
func unknownCommand(id string, table []command) error {
	all := make([]*command, len(table))
	for i := range table {
		all[i] = &table[i]
	}
	if found := match(id, all); len(found) > 0 {
		return fmt.Errorf("no command is called %q: is %q meant?", id, found[0].id)
	}
	return fmt.Errorf("no command is called %q: workbench help keys lists them", id)
}

// checkKeys returns an error, which begins with the line, if a key has two
// meanings in a place, or none since it is typed there.
func checkKeys(table []command, lines map[string]int) error {
	all, names := places()
	for i, place := range all {
		has := map[string]string{}
		for _, c := range table {
			if c.where&place == 0 {
				continue
			}
			for _, key := range c.keys {
				other := has[key]
				if line := max(lines[c.id], lines[other]); other != "" && line > 0 {
					return fmt.Errorf("%d: %s is both %s and %s in: %s", line, keyName(key), other, c.id, names[i])
				}
				if typed := utf8.RuneCountInString(key) == 1; typed && place&(inPrompt|inMenu) != 0 && lines[c.id] > 0 {
					return fmt.Errorf("%d: %s: %s is typed in: %s", lines[c.id], c.id, keyName(key), names[i])
				}
				has[key] = c.id
			}
		}
	}
	return nil
}

// parseBindings reads a file of keys: a line for each command, "id" = ["key", ...].
// "" or [] unbinds, "key" binds one. If there is an error it says in which line.
func parseBindings(data []byte) (bindings []binding, line int, err error) {
	var any map[string]any // finds what is wrong with the file as such
	if err := toml.Unmarshal(data, &any); err != nil {
		var e *toml.DecodeError
		if errors.As(err, &e) {
			line, _ = e.Position()
		}
		return nil, line, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	var p unstable.Parser
	p.Reset(data)
	var table []string // that the following lines stand in
	for p.NextExpression() {
		e := p.Expression()
		var words []string
		key := e.Key()
		for key.Next() {
			line = p.Shape(key.Node().Raw).Start.Line
			words = append(words, string(key.Node().Data))
		}
		if e.Kind != unstable.KeyValue {
			table = words
			continue
		}
		b := binding{id: strings.Join(append(slices.Clone(table), words...), "."), line: line}
		if b.keys, err = parseKeys(e.Value()); err != nil {
			return nil, line, fmt.Errorf("%s: %w", b.id, err)
		}
		bindings = append(bindings, b)
	}
	return bindings, line, p.Error()
}

// parseKeys returns the keys of a value.
func parseKeys(v *unstable.Node) ([]string, error) {
	var words []string
	switch v.Kind {
	case unstable.String:
		if words = []string{string(v.Data)}; words[0] == "" {
			return nil, nil
		}
	case unstable.Array:
		each := v.Children()
		for each.Next() {
			if each.Node().Kind == unstable.Comment {
				continue
			}
			if each.Node().Kind != unstable.String {
				return nil, errors.New(`want keys, as in ["j", "down"]`)
			}
			words = append(words, string(each.Node().Data))
		}
	default:
		return nil, errors.New(`want keys, as in ["j", "down"], or "" for none`)
	}
	var keys []string
	for _, word := range words {
		key, err := parseKey(word)
		if err != nil {
			return nil, err
		}
		if slices.Contains(keys, key) {
			return nil, fmt.Errorf("%s stands there twice", word)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
