package check

import (
	"context"
	"errors"
	"slices"
	"strings"

	"workbench/plugins"
)

// do sends a request. An error is reported: as a refusal, if the script meant
// it, else as a finding.
func (c *checker) do(ctx context.Context, conn *connection, r *plugins.Request) error {
	r.Origin = plugins.Origin{Front: plugins.FrontNBD, Conn: 1}
	c.mu.Lock()
	c.report.Requests++
	c.mu.Unlock()
	err := conn.Do(ctx, r)
	plugins.Finish(conn.Handle, r, err)
	switch {
	case err == nil || ctx.Err() != nil:
	case onPurpose(err):
		c.refused(r, err)
	default:
		c.failed(RuleFailure, err, failureAdvice(err, r))
	}
	return err
}

// refused notes a request that the script refused on purpose.
func (c *checker) refused(r *plugins.Request, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.report.Refusals, func(old Refusal) bool { return old.Err.Error() == err.Error() })
	if at < 0 {
		c.report.Refusals = append(c.report.Refusals, Refusal{requestText(r), err, 1})
		return
	}
	c.report.Refusals[at].Times++
}

// raisers are the functions by which a script fails on purpose.
var raisers = []string{"error", "assert", "fail", "nbdkit.error"}

// onPurpose reports whether a script raised err by itself, and named it.
func onPurpose(err error) bool {
	e, ok := errors.AsType[*plugins.Error](err)
	if !ok || e.Errno == 0 || isHang(err) {
		return false
	}
	return raised(e)
}

// raised reports whether it was a function for that purpose that raised e: the
// innermost of the stack.
func raised(e *plugins.Error) bool {
	frame, _, _ := strings.Cut(e.Stack, "\n")
	_, function, _ := strings.Cut(frame, "in ")
	function = strings.Trim(strings.TrimPrefix(function, "function "), "'")
	return slices.Contains(raisers, function)
}

// failureAdvice says what to do about a request that failed.
func failureAdvice(err error, r *plugins.Request) string {
	sent := "sent was " + requestText(r)
	e, ok := errors.AsType[*plugins.Error](err)
	if !ok {
		return sent
	}
	switch {
	case e.Callback == plugins.Pread && strings.HasPrefix(e.Msg, "returned "):
		return sent + ": return all of it, also where the disk ends"
	case e.Callback == plugins.Extents && e.Stack == "":
		return sent + ": list extents in ascending order, without gaps, from the offset on"
	case e.Errno == 0 && raised(e):
		return sent + ": the client gets EIO; a failure that is meant begins with a name, as in \"ENOSPC: the disk is full\""
	}
	return sent
}

// read reads part of the disk. ok is false if that failed, which is reported.
func (c *checker) read(ctx context.Context, conn *connection, offset, length uint64) (data []byte, ok bool) {
	r := plugins.Request{Op: plugins.OpRead, Offset: offset, Length: length}
	if c.do(ctx, conn, &r) != nil {
		return nil, false
	}
	return slices.Clone(r.Data), true
}
