package main

import (
	"fmt"

	"workbench/fusemount"
	"workbench/nbd"
	"workbench/plugins"
	"workbench/recordings"
)

// A connLog writes what a front end tells of its connections to the log.
type connLog struct {
	*bench
	front plugins.Front
}

func (c connLog) append(kind recordings.Kind, conn uint32, length uint64, text string, err error) {
	c.log.Append(recordings.Event{
		Kind: kind, Front: c.front, Conn: conn, Length: length,
		Errno: uint16(plugins.ErrnoOf(err)),
		Times: plugins.Times{Received: plugins.Now()},
	}, text, nil)
}

func (c connLog) connect(conn uint32, peer string) {
	c.append(recordings.Connect, conn, 0, peer, nil)
}

func (c connLog) option(conn uint32, text string, err error) {
	if err != nil {
		text = fmt.Sprintf("%s: %v", text, err)
	}
	c.append(recordings.Negotiate, conn, 0, text, err)
}

func (c connLog) opened(conn uint32, export string, info plugins.Info) {
	c.append(recordings.Opened, conn, info.Size, export, nil)
	c.addExport(export, info)
}

func (c connLog) disconnect(conn uint32, err error) {
	text := "in peace"
	if err != nil {
		text = err.Error()
	}
	c.append(recordings.Disconnect, conn, 0, text, err)
}

func nbdTrace(b *bench) nbd.Trace {
	c := connLog{b, plugins.FrontNBD}
	return nbd.Trace{Connect: c.connect, Option: c.option, Opened: c.opened, Disconnect: c.disconnect}
}

func fuseTrace(b *bench) fusemount.Trace {
	c := connLog{b, plugins.FrontFUSE}
	return fusemount.Trace{Connect: c.connect, Opened: c.opened, Disconnect: c.disconnect}
}
