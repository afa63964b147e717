package tui

import (
	"fmt"
	"strings"
)

// The prose of the help about keys.
const (
	keysIntro = `What each key does, and where. On the screen ? lists the same, what can be done where you are first: type to narrow it, enter runs. A colon takes the name of a command, with what belongs to it, as in :filter op:write, :rule op:write => fail ENOSPC limit=3, :hold op:read, :goto 1m30s, :stats by client where err, :panel rules; there a blank does for the point of a name.`

	keysOwn = `A file keys.toml in the folder workbench of $XDG_CONFIG_HOME (or of ~/.config) gives commands other keys: a line for each command, with its name in quotes and all the keys that it is to have. "" takes its keys away. A file with a mistake counts for nothing: the screen opens with the usual keys and says what is wrong in which line, and so does workbench keys.`
)

// keysExample is a file of keys; a test reads it.
const keysExample = `"request.open" = ["enter", "l"]
"palette" = [":", ";", "ctrl-p"]
"panel.rules" = "f6"
"mouse" = ""`

// A keySection is the commands of a group.
type keySection struct {
	group string
	rows  [][4]string // keys, id, where, help
}

// keySections returns what the help has of a table.
func keySections(table []command) []keySection {
	all := make([]*command, len(table))
	for i := range table {
		all[i] = &table[i]
	}
	var out []keySection
	for _, c := range byGroup(all) {
		if len(out) == 0 || out[len(out)-1].group != c.group {
			out = append(out, keySection{group: c.group})
		}
		s := &out[len(out)-1]
		s.rows = append(s.rows, [4]string{keysText(c), c.id, c.where.String(), c.help})
	}
	return out
}

// helpWidth is the longest line of the help about keys.
const helpWidth = 79

// KeysHelp returns what there is to know about keys, for a terminal of 80 columns.
func KeysHelp() string {
	var b strings.Builder
	paragraph := func(text string) {
		for _, l := range wrap(text, helpWidth-2) {
			b.WriteString("  " + strings.TrimRight(l, " ") + "\n")
		}
	}
	paragraph(keysIntro)
	b.WriteString(keysTable(commands()))
	b.WriteString("\nKEYS OF YOUR OWN\n")
	paragraph(keysOwn)
	b.WriteByte('\n')
	for l := range strings.Lines(keysExample) {
		b.WriteString("      " + l)
	}
	b.WriteByte('\n')
	return b.String()
}

// Keys returns the table of keys as a file makes it, and what is wrong with the
// file if it counts for nothing. A path "" and one where no file is mean the usual keys.
func Keys(path string) (string, error) {
	table, err := commands(), error(nil)
	if path != "" {
		table, err = readKeys(path)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(keysTable(table), "\n"), nil
}

// keysTable writes a table of commands in lines.
func keysTable(table []command) string {
	var b strings.Builder
	var widths [2]int
	sections := keySections(table)
	for _, s := range sections {
		for _, row := range s.rows {
			for i := range widths {
				widths[i] = max(widths[i], width(row[i]))
			}
		}
	}
	indent := 2 + widths[0] + 2 + widths[1] + 2
	for _, s := range sections {
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(s.group))
		for _, row := range s.rows {
			lead := "  " + row[0] + spaces(widths[0]-width(row[0])+2) + row[1] + spaces(widths[1]-width(row[1])+2)
			for _, l := range wrap(row[3]+" ("+row[2]+")", helpWidth-indent) {
				b.WriteString(lead + strings.TrimRight(l, " ") + "\n")
				lead = spaces(indent)
			}
		}
	}
	return b.String()
}

// KeysMarkdown returns the same as a page in Markdown: KEYS.md.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("# Keys\n\n<!-- Made from the table of commands by go test ./tui -update; do not edit. -->\n\n" + keysIntro + "\n")
	escape := strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`)
	for _, s := range keySections(commands()) {
		fmt.Fprintf(&b, "\n## %s\n\n| key | command | does | in |\n|---|---|---|---|\n", capital(s.group))
		for _, row := range s.rows {
			var keys []string
			for key := range strings.FieldsSeq(row[0]) {
				keys = append(keys, "`"+strings.ReplaceAll(key, "|", `\|`)+"`")
			}
			fmt.Fprintf(&b, "| %s | `:%s` | %s | %s |\n", strings.Join(keys, " "), row[1], escape.Replace(row[3]), row[2])
		}
	}
	b.WriteString("\n## Keys of your own\n\n" + keysOwn + "\n\n```toml\n" + keysExample + "\n```\n")
	return b.String()
}
