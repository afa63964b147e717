package lua

import (
	"errors"
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"workbench/plugins"
)

// compile turns a file into bytecode. path is the name that error positions will
// carry. A mistake in the text is an *plugins.Error; a panic of the compiler,
// which has bugs for odd programs, becomes one.
func compile(path, text string) (proto *glua.FunctionProto, err error) {
	defer func() {
		if p := recover(); p != nil {
			proto, err = nil, &plugins.Error{File: path, Msg: fmt.Sprintf("the Lua compiler failed: %v", p)}
		}
	}()
	text = plainChunk(text)
	chunk, err := parse.Parse(strings.NewReader(text), path)
	if err == nil {
		if line, msg := check(chunk); msg != "" {
			return nil, &plugins.Error{File: path, Line: line, Msg: msg}
		}
		proto, err = glua.Compile(chunk, path)
	}
	if err != nil {
		return nil, syntaxError(path, text, err)
	}
	return proto, nil
}

// plainChunk returns text as the parser wants it, every line in its place: no
// byte order mark and no "#!" line, which the C interpreter skips as well, and
// no escapes that the parser does not know.
func plainChunk(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(text, "#") {
		_, rest, _ := strings.Cut(text, "\n")
		text = "\n" + rest
	}
	return plainEscapes(text)
}

// syntaxError puts what the parser or the compiler found into plain words.
func syntaxError(path, text string, err error) *plugins.Error {
	out := &plugins.Error{File: path, Msg: err.Error()}
	lines := strings.Split(text, "\n")
	var syntax *parse.Error
	var compiler *glua.CompileError
	switch {
	case errors.As(err, &syntax) && syntax.Pos.Line == parse.EOF:
		out.Line = len(strings.Split(strings.TrimRight(text, "\n"), "\n"))
		out.Msg = "the file ends too early: is an `end` or a closing bracket missing?"
		if strings.HasPrefix(syntax.Message, "invalid") || strings.HasPrefix(syntax.Message, "unterminated") {
			out.Msg = syntax.Message
		}
	case errors.As(err, &syntax):
		out.Line, out.Column = syntax.Pos.Line, syntax.Pos.Column
		if out.Column == 0 && out.Line > 1 { // the end of the line before, as of an open string
			out.Line--
			out.Column = len(lines[out.Line-1])
		} else if n := len(syntax.Token); n > 0 && n <= out.Column {
			out.Column -= n - 1 // the parser gives the token's last byte
		}
		out.Msg = describe(syntax)
		if hint := hintFor(lines, out.Line, syntax); hint != "" {
			out.Msg += ": " + hint
		}
	case errors.As(err, &compiler):
		out.Line, out.Msg = compiler.Line, compiler.Message
	}
	return out
}

// describe says what the parser objects to.
func describe(e *parse.Error) string {
	switch e.Message {
	case "syntax error", "parse error", "Invalid token", "Invalid '~' token":
		return fmt.Sprintf("syntax error near %q", e.Token)
	}
	return e.Message
}
