package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
)

// writeFacts returns what is known of the script, the most important facts first.
func writeFacts(sc *scene, w int) []string {
	s, out := &sc.status, &page{w: w, sc: sc}
	if sc.live {
		sign, i := sc.sign(s.State)
		state := fmt.Sprintf("%s %s, generation %d", sign, s.State, s.Generation)
		if s.Problem != nil {
			state += "; the last reload was refused"
			i = sc.warn
		}
		out.fact("state", i, state)
	} else {
		out.fact("state", sc.dim, fmt.Sprintf("○ recorded; the newest generation is %d", s.Generation))
	}
	out.fact("file", ink{}, fmt.Sprintf("%s (%s)", s.Path, languageText(sc)))
	if sc.uri != "" {
		out.fact("uri", ink{}, sc.uri)
	}
	if sc.mount != "" {
		out.fact("mount", ink{}, sc.mount)
	}
	if e := &sc.lastError; e.event.Kind != 0 {
		out.fact("last error", sc.bad, fmt.Sprintf("✗ %s %s at %s: %s",
			sc.clock(e.event.Received), e.event.Op, hex(e.event.Offset), reason(e)))
	}
	if sc.live {
		out.fact("reloads", ink{}, reloadsText(sc))
	}
	if len(s.Params) > 0 {
		out.fact("parameters", ink{}, paramsText(s.Params))
	}
	if len(s.Callbacks) > 0 {
		out.fact("callbacks", ink{}, callbacksText(s.Callbacks))
	}
	out.lines = append(out.lines, newLine(w).put(sc.border, "─").fill(sc.border, "─", 0).end())
	return out.lines
}

// languageText names the language, and how many requests it runs at once if
// that is known.
func languageText(sc *scene) string {
	if !sc.live {
		return sc.status.Language
	}
	return fmt.Sprintf("%s, %s", sc.status.Language, sc.status.ThreadModel)
}

func reloadsText(sc *scene) string {
	s := &sc.status
	text := fmt.Sprintf("%d done, %d refused", s.Reloads, s.Refusals)
	if s.Reloads > 0 {
		text += fmt.Sprintf("; gate closed %s, longest %s", shortDuration(s.Closed.Last), shortDuration(s.Closed.Longest))
	}
	if s.Behind > 0 {
		text += fmt.Sprintf("; disks still on an older generation: %d", s.Behind)
	}
	if !s.Watching {
		text += "; not watching the file"
	}
	return text
}

// reason returns the errno of a failure and its text.
func reason(f *failure) string {
	name := plugins.ErrnoName(f.event.Err())
	if f.text == "" {
		return name
	}
	return name + " " + f.text
}

func paramsText(params []plugins.Param) string {
	var words []string
	for _, p := range params {
		words = append(words, p.String())
	}
	return strings.Join(words, " ")
}

func callbacksText(callbacks []plugins.Callback) string {
	var words []string
	for _, c := range callbacks {
		words = append(words, c.String())
	}
	return strings.Join(words, " ")
}
