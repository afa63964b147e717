package stdlib

import (
	"context"
	"fmt"
	"strings"
	"syscall"

	"workbench/plugins"
)

// A Function is what scripts call. A language makes a function of its own of
// each, which turns its arguments into Values, calls Invoke and turns the result
// back; whatever is to be known about the function stands here.
type Function struct {
	Name   string // "parse_size"
	Params []Param
	Rest   bool // takes any number of further arguments

	run func(ctx context.Context, in *Invocation) (Value, error)
}

// A Param is a parameter of a Function.
type Param struct {
	Name     string
	Type     Type
	Optional bool // the ones that follow are optional too
}

// A Type is what a Param must be.
type Type uint8

// The types.
const (
	AnyType     Type = iota // the function looks itself
	TextType                // a string
	DataType                // a string, bytes or a buffer
	NaturalType             // a whole number from 0 on
	IntegerType             // a whole number
	NumberType              // a number
	BoolType                // true or false
	SizeType                // a whole number from 0 on, or a text such as "64M"
	BufferType              // a buffer
)

// Numeric reports whether a language that makes numbers of strings by itself
// should do so here.
func (t Type) Numeric() bool { return t == NaturalType || t == IntegerType || t == NumberType }

// Textual reports whether a language that makes strings of numbers by itself
// should do so here.
func (t Type) Textual() bool { return t == TextType || t == DataType }

// An Invocation is one call of a Function: who calls it, and with what.
type Invocation struct {
	Env   *plugins.Env
	Call  *plugins.Call  // the callback that is running; nil at the top level
	Errno *syscall.Errno // where nbdkit.set_error leaves what it was told
	Self  any            // the object that a method is called on
	Args  []Value        // Invoke pads the ones that were not given by None
}

// Invoke checks the arguments and runs the function. It returns soon when ctx
// ends. An error says what is wrong with which argument, or is what plugins.ErrnoOf
// understands.
func (f *Function) Invoke(ctx context.Context, in *Invocation) (Value, error) {
	if len(in.Args) > len(f.Params) && !f.Rest {
		return Value{}, fmt.Errorf("%d arguments are too many for %s", len(in.Args), f)
	}
	for len(in.Args) < len(f.Params) {
		in.Args = append(in.Args, Value{})
	}
	for i, p := range f.Params {
		if err := p.check(in.Args[i]); err != nil {
			return Value{}, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return f.run(ctx, in)
}

// String returns how the function is called: "zero(count, offset[, may_trim])".
func (f *Function) String() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		switch {
		case p.Optional && i > 0:
			fmt.Fprintf(&b, "[, %s]", p.Name)
		case p.Optional:
			fmt.Fprintf(&b, "[%s]", p.Name)
		case i > 0:
			b.WriteString(", " + p.Name)
		default:
			b.WriteString(p.Name)
		}
	}
	if f.Rest {
		b.WriteString(", ...")
	}
	return b.String() + ")"
}

// Position returns the place of the parameter called name, -1 if there is none.
func (f *Function) Position(name string) int {
	for i, p := range f.Params {
		if p.Name == name {
			return i
		}
	}
	return -1
}

// check returns why v cannot be what the parameter is for.
func (p Param) check(v Value) (err error) {
	if v.Kind == None && p.Optional {
		return nil
	}
	ok, want := true, ""
	switch p.Type {
	case TextType:
		ok, want = v.Kind == Text, "a string"
	case DataType:
		_, isBuffer := v.Object.(*Buffer)
		ok, want = v.Kind == Text || v.Kind == Bytes || isBuffer, "a string or a buffer"
	case BoolType:
		ok, want = v.Kind == Bool, "true or false"
	case BufferType:
		_, ok = v.Object.(*Buffer)
		want = "a buffer"
	case NaturalType:
		_, err = v.natural()
	case IntegerType:
		_, _, err = v.whole()
	case NumberType:
		_, err = v.number()
	case SizeType:
		_, err = v.size()
	}
	if !ok {
		return fmt.Errorf("wanted %s, got %s", want, v.describe())
	}
	return err
}

// The accessors below are for arguments that check has let pass.

func (in *Invocation) given(i int) bool  { return in.Args[i].Kind != None }
func (in *Invocation) text(i int) string { return in.Args[i].Str }
func (in *Invocation) flag(i int) bool   { return in.Args[i].Number != 0 }

// natural returns 0 for an argument that was not given.
func (in *Invocation) natural(i int) uint64 {
	n, _, _ := in.Args[i].whole()
	return n
}

// number returns 0 for an argument that was not given.
func (in *Invocation) number(i int) float64 {
	n, _ := in.Args[i].number()
	return n
}

// errno returns the error that an argument names.
func (in *Invocation) errno(i int) (syscall.Errno, error) {
	errno, err := in.Args[i].errno()
	if err != nil {
		err = fmt.Errorf("errno: %w", err)
	}
	return errno, err
}

// read calls visit with the bytes of an argument, which it may neither keep nor
// change, and which nobody changes meanwhile.
func (in *Invocation) read(i int, visit func(data []byte) error) error {
	if b, ok := in.Args[i].Object.(*Buffer); ok {
		return b.Read(visit)
	}
	return visit(bytesOf(in.Args[i].Str))
}

// The makers of parameters, to read the tables by.

func text(name string) Param    { return Param{Name: name, Type: TextType} }
func data(name string) Param    { return Param{Name: name, Type: DataType} }
func natural(name string) Param { return Param{Name: name, Type: NaturalType} }
func integer(name string) Param { return Param{Name: name, Type: IntegerType} }
func number(name string) Param  { return Param{Name: name, Type: NumberType} }
func boolean(name string) Param { return Param{Name: name, Type: BoolType} }
func size(name string) Param    { return Param{Name: name, Type: SizeType} }
func buffer(name string) Param  { return Param{Name: name, Type: BufferType} }
func value(name string) Param   { return Param{Name: name} }

func optional(p Param) Param {
	p.Optional = true
	return p
}
