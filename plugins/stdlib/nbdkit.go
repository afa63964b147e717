package stdlib

import (
	"context"
	"errors"

	"workbench/plugins"
)

// Nbdkit are the functions that scripts find under nbdkit's names. See
// [Constants] for the numbers.
var Nbdkit = []Function{
	{"parse_size", []Param{text("text")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		n, err := ParseSize(in.text(0))
		return Integer(n), err
	}},
	{"parse_bool", []Param{text("text")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		b, err := ParseBool(in.text(0))
		return Boolean(b), err
	}},
	{"parse_delay", []Param{text("text")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		seconds, err := ParseDelay(in.text(0))
		return Real(seconds), err
	}},
	{"parse_probability", []Param{text("text")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		p, err := ParseProbability(in.text(0))
		return Real(p), err
	}},
	{"read_password", []Param{text("value")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		password, err := ReadPassword(in.text(0))
		return Words(password), err
	}},
	{"realpath", []Param{text("path")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		path, err := Realpath(in.text(0))
		return Words(path), err
	}},
	{"absolute_path", []Param{text("path")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		path, err := AbsolutePath(in.text(0))
		return Words(path), err
	}},
	{"nanosleep", []Param{number("seconds"), optional(number("nanoseconds"))}, false, func(ctx context.Context, in *Invocation) (Value, error) {
		return Value{}, Sleep(ctx, in.number(0), in.number(1))
	}},

	{"set_error", []Param{value("errno")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		errno, err := in.errno(0)
		if err == nil {
			*in.Errno = errno
		}
		return Value{}, err
	}},
	{"error", []Param{value("errno"), text("message")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		errno, err := in.errno(0)
		if err == nil {
			*in.Errno = 0 // this one counts, also if the script has set another before
			err = plugins.Errorf(errno, "%s", in.text(1))
		}
		return Value{}, err
	}},
	{"version", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Words(in.Env.Version), nil
	}},
	{"shutdown", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		if in.Env.Shutdown != nil {
			in.Env.Shutdown(0)
		}
		return Value{}, nil
	}},

	{"export_name", nil, false, ofConnection(func(p *plugins.OpenParams) (Value, error) { return Words(p.Export), nil })},
	{"is_tls", nil, false, ofConnection(func(p *plugins.OpenParams) (Value, error) { return Boolean(p.TLS), nil })},
	{"peer_name", nil, false, ofConnection(func(p *plugins.OpenParams) (Value, error) {
		if p.Client == nil || p.Client.Name == "" {
			return Value{}, errors.New("nobody knows the name of this client")
		}
		return Words(p.Client.Name), nil
	})},
	{"peer_pid", nil, false, ofConnection(peer(func(c *plugins.Client) int { return c.PID }))},
	{"peer_uid", nil, false, ofConnection(peer(func(c *plugins.Client) int { return c.UID }))},
	{"peer_gid", nil, false, ofConnection(peer(func(c *plugins.Client) int { return c.GID }))},
	{"disconnect", []Param{optional(boolean("force"))}, false, disconnect},
}

// errNoConnection is for what can only be asked of a connection.
var errNoConnection = errors.New("there is no client here: ask in open or later, not at the top level or while the script is configured")

// connection returns the connection that the running callback belongs to.
func (in *Invocation) connection() (*plugins.OpenParams, error) {
	c := in.Call
	if c == nil || c.Callback < plugins.Preconnect || c.Callback > plugins.Close {
		return nil, errNoConnection
	}
	return &c.Open, nil
}

// ofConnection is a function that asks something of the connection.
func ofConnection(ask func(*plugins.OpenParams) (Value, error)) func(context.Context, *Invocation) (Value, error) {
	return func(_ context.Context, in *Invocation) (Value, error) {
		p, err := in.connection()
		if err != nil {
			return Value{}, err
		}
		return ask(p)
	}
}

// peer asks for a number that the kernel knows of the process at the other end.
func peer(ask func(*plugins.Client) int) func(*plugins.OpenParams) (Value, error) {
	return func(p *plugins.OpenParams) (Value, error) {
		if p.Client != nil {
			if n := ask(p.Client); n >= 0 {
				return Integer(int64(n)), nil
			}
		}
		return Value{}, errors.New("nobody knows the process of this client: that is known of unix sockets only")
	}
}

func disconnect(_ context.Context, in *Invocation) (Value, error) {
	p, err := in.connection()
	if err != nil {
		return Value{}, err
	}
	if p.Client == nil || p.Client.Disconnect == nil {
		return Value{}, errors.New("this client cannot be disconnected")
	}
	p.Client.Disconnect(in.flag(0))
	return Value{}, nil
}
