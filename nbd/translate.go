package nbd

import (
	"slices"
	"syscall"

	"workbench/plugins"
)

// This file says which command and flags of the protocol stand for which
// operation and flags of the contract, for both ends.

// A wireCommand is what a command means.
type wireCommand struct {
	op    plugins.Op
	flags commandFlags
}

// wireCommands says for each command that there is the operation that it stands for and the
// flags that it takes. FUA goes with all of them: see plugins.Info.Check.
var wireCommands = [...]wireCommand{
	cmdRead:        {plugins.OpRead, cmdFlagFUA | cmdFlagDF},
	cmdWrite:       {plugins.OpWrite, cmdFlagFUA},
	cmdDisc:        {},
	cmdFlush:       {plugins.OpFlush, cmdFlagFUA},
	cmdTrim:        {plugins.OpTrim, cmdFlagFUA},
	cmdCache:       {plugins.OpCache, cmdFlagFUA},
	cmdWriteZeroes: {plugins.OpZero, cmdFlagFUA | cmdFlagNoHole | cmdFlagFastZero},
	cmdBlockStatus: {plugins.OpExtents, cmdFlagFUA | cmdFlagReqOne},
}

// wireFlags says for each flag of a command the flag that it stands for. NO_HOLE
// is not among them: it says the opposite of FlagMayTrim.
var wireFlags = [...]struct {
	wire commandFlags
	flag plugins.Flags
}{
	{cmdFlagFUA, plugins.FlagFUA},
	{cmdFlagDF, plugins.FlagDF},
	{cmdFlagReqOne, plugins.FlagReqOne},
	{cmdFlagFastZero, plugins.FlagFastZero},
}

// translate puts the request m into r. What only the wire can know to be wrong
// goes into Refuse, so that the request is seen by whoever watches the Handle.
func (t *transmission) translate(m *extRequest, r *plugins.Request) {
	r.Offset, r.Length = m.offset, m.length
	r.Origin = t.origin
	r.Origin.Cookie = m.cookie
	if int(m.command) >= len(wireCommands) {
		r.Refuse = plugins.Errorf(syscall.EINVAL, "this server does not know %s", m.command)
		return
	}
	row := &wireCommands[m.command]
	r.Op = row.op
	for _, f := range wireFlags {
		if m.flags&f.wire != 0 {
			r.Flags |= f.flag
		}
	}
	if m.command == cmdWriteZeroes && m.flags&cmdFlagNoHole == 0 {
		r.Flags |= plugins.FlagMayTrim
	}
	if t.leaving.Load() {
		r.Refuse = plugins.Errorf(syscall.ESHUTDOWN, "the plugin ended this connection")
		return
	}
	extra := m.flags &^ row.flags
	if t.extended && (m.command == cmdWrite || m.command == cmdBlockStatus && t.allocation) {
		extra &^= cmdFlagPayloadLen
	}
	switch {
	case extra != 0:
		r.Refuse = plugins.Errorf(syscall.EINVAL, "%s does not take the flag %s", m.command, extra)
	case m.flags&cmdFlagDF != 0 && !t.structured:
		r.Refuse = plugins.Errorf(syscall.EINVAL, "DF needs structured replies, which were not negotiated")
	case m.command == cmdBlockStatus && !t.allocation:
		r.Refuse = plugins.Errorf(syscall.EINVAL, "BLOCK_STATUS needs %s, which was not negotiated for this export", baseAllocation)
	}
}

// wireHeader translates r for the wire, all but the cookie.
func (c *Client) wireHeader(r *plugins.Request) extRequest {
	m := wireRequest(r, c.extended)
	if c.flags&SendDF == 0 {
		m.flags &^= cmdFlagDF // such a server never sends fragments
	}
	return m
}

// wireRequest translates r, whose operation there is, all but the cookie.
func wireRequest(r *plugins.Request, extended bool) extRequest {
	m := extRequest{command: command(commandOf(r.Op)), offset: r.Offset, length: r.Length}
	for _, f := range wireFlags {
		if r.Flags&f.flag != 0 {
			m.flags |= f.wire
		}
	}
	if r.Op == plugins.OpZero && r.Flags&plugins.FlagMayTrim == 0 {
		m.flags |= cmdFlagNoHole
	}
	if extended && r.Op == plugins.OpWrite {
		m.flags |= cmdFlagPayloadLen
	}
	return m
}

// commandOf returns the command that stands for op, -1 if none does.
func commandOf(op plugins.Op) int {
	return slices.IndexFunc(wireCommands[:], func(row wireCommand) bool { return row.op == op && op != 0 })
}
