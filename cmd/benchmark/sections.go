package main

import "context"

// diskSize is the size of the disks, if nothing else is said: they are in memory.
const diskSize = 64 << 20

// A section is a table of BENCHMARKS.md.
type section struct {
	name, title string
	text        string // under the title
	run         func(context.Context, *lab) error
}

// sections returns all of them, in the order of the report.
func sections() []section {
	return []section{
		{"noise", "Ours over ours",
			"The same on both sides, blocks.lua at depth 16: how far a ratio of this run is from 1 by chance.", measureNoise},
		{"lua", "Lua, over nbdkit's Lua plugin",
			"Both serve blocks.lua, a table of blocks of 4 KiB.", measureLua},
		{"written", "Lua written for the workbench, over nbdkit's Lua plugin",
			"nbdkit serves blocks.lua. Ours is the same with the buffers of API version 2 (buffers.lua), or one line over workbench.memory (memory.lua). Depth 16.", measureWritten},
		{"starlark", "Starlark, over nbdkit's Python plugin",
			"A dict of blocks, in blocks.star and its twin blocks.py.", measureStarlark},
		{"tracing", "Our tracing, over nbdkit's",
			"Both serve blocks.lua at depth 16; nbdkit logs or counts requests to /dev/null. The last rows are ours with its lines printed over ours without.", measureTracing},
		{"connections", "Many connections, over nbdkit's Lua plugin",
			"Both serve blocks.lua; depth 4 on each connection.", measureConnections},
		{"record", "Ours with --record, over ours without",
			"Both serve blocks.lua at depth 16; the recording keeps sums of the data (--payload hash).", measureRecord},
		{"screen", "Ours with the screen open, over ours without",
			"Both serve blocks.lua at depth 16. The screen has 120 columns and 40 lines, and somebody reads all that it draws.", measureScreen},
		{"mount", "Our mount, over nbdfuse over nbdkit",
			"Both mount blocks.lua; one program does one request at a time. Direct: the program asks for direct I/O. Cached: it does not, and ours runs with --cache; reads take each block once, from a cold cache. CPU is that of all servers: ours is one, theirs are two.", measureMount},
		{"copy", "nbdcopy, over nbdkit's Lua plugin",
			"Both serve blocks.lua; from a file to the disk, and from the disk to nowhere.", measureCopy},
		{"start", "From the start to the first byte read",
			"By a client that asks for the socket all the time.", measureStart},
		{"memory", "Memory after many requests",
			"What the workbench holds of its own memory and of the script's (a disk of 16 MiB), with a full log, after 4 KiB reads and writes.", measureMemory},
	}
}
