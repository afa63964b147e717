package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with the file testdata/name.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	got, rows := strings.Split(text+"\n", "\n"), strings.Split(string(want), "\n")
	if len(got) != len(rows) {
		t.Errorf("%s has %d rows, want %d", file, len(got), len(rows))
	}
	for i := range min(len(got), len(rows)) {
		if got[i] != rows[i] {
			t.Errorf("%s differs in row %d (look at it, then -update):\n%s\nwant:\n%s", file, i, got[i], rows[i])
		}
	}
}

// inkLetters name the inks in golden files: what is drawn without one is a point,
// a blank a blank.
var inkLetters = map[rune]func(*theme) *ink{
	'd': func(t *theme) *ink { return &t.dim },
	'b': func(t *theme) *ink { return &t.border },
	'a': func(t *theme) *ink { return &t.accent },
	't': func(t *theme) *ink { return &t.title },
	'k': func(t *theme) *ink { return &t.key },
	'g': func(t *theme) *ink { return &t.good },
	'!': func(t *theme) *ink { return &t.bad },
	'w': func(t *theme) *ink { return &t.warn },
	'R': func(t *theme) *ink { return &t.reads },
	'W': func(t *theme) *ink { return &t.writes },
	'O': func(t *theme) *ink { return &t.other },
	'S': func(t *theme) *ink { return &t.selected },
	'U': func(t *theme) *ink { return &t.unfocused },
	'1': func(t *theme) *ink { return &t.code[keyword] },
	'2': func(t *theme) *ink { return &t.code[stringWord] },
	'3': func(t *theme) *ink { return &t.code[numberWord] },
	'4': func(t *theme) *ink { return &t.code[commentWord] },
	'5': func(t *theme) *ink { return &t.code[callbackWord] },
}

// letterTheme has inks that letters can be read back from.
func letterTheme() *theme {
	t := &theme{}
	for letter, of := range inkLetters {
		*of(t) = ink{fmt.Sprintf("\x1b[%dm", letter), "\x1b[m"}
	}
	return t
}

// readInks returns the letter of the ink of each cell of a view that was drawn in
// a letterTheme, and its text.
func readInks(view string) (inks, text string) {
	var letters, plain strings.Builder
	now := '.'
	for len(view) > 0 {
		if rest, ok := strings.CutPrefix(view, "\x1b["); ok {
			on, after, _ := strings.Cut(rest, "m")
			now, view = '.', after
			if n, err := strconv.Atoi(on); err == nil {
				now = rune(n)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(view)
		view = view[size:]
		plain.WriteRune(r)
		switch {
		case r == '\n':
			letters.WriteRune(r)
		case r == ' ' && now == '.':
			letters.WriteRune(' ')
		default:
			letters.WriteString(strings.Repeat(string(now), ansi.StringWidth(string(r))))
		}
	}
	rows := strings.Split(letters.String(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n"), plain.String()
}

// golden compares the screen with testdata/name.txt, as it is where there are no
// colours, and with testdata/name.inks, which has the ink of each cell.
func (s *screen) golden(t *testing.T, name string) {
	t.Helper()
	view := s.app.View()
	golden(t, name+".txt", view)
	inks, text := s.inks()
	golden(t, name+".inks", inks)
	if text != view {
		t.Errorf("%s: colours change the text:\n%s", name, text)
	}
}

// inks draws the screen as it is with inks, and returns their letters and the text.
func (s *screen) inks() (inks, text string) {
	shown := s.app
	for shown.over != nil {
		shown = shown.over
	}
	was := shown.scene.theme
	shown.scene.theme = letterTheme()
	shown.arrange() // some panels are drawn when they are fed
	inks, text = readInks(s.app.View())
	shown.scene.theme = was
	shown.arrange()
	return inks, text
}

// TestInkLetters: each ink has a letter.
func TestInkLetters(t *testing.T) {
	if named, all := len(inkLetters), len((&theme{}).inks())+int(numClasses)-1; named != all {
		t.Errorf("%d inks have letters, of %d", named, all)
	}
}

// TestGoldenEscapes: the escape sequences themselves, on one screen.
func TestGoldenEscapes(t *testing.T) {
	log, bench := fixture()
	s := newColouredScreen(t, 80, 24, log, bench, fixtureOptions(), termenv.TrueColor)
	s.press("k")
	golden(t, "80x24.ansi", strings.ReplaceAll(s.app.View(), "\x1b", `\e`))
}
