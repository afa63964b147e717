// Package lua runs nbdkit plugins that are written in Lua, by gopher-lua, a Lua
// 5.1 interpreter in Go.
//
//	plugins.Source --compile--> program (bytecode, shared) --Start--> script (one state)
//
//	plugins.Call   --arguments-->  Lua function  --result-->  plugins.Call
//	                                |         |
//	              nbdkit, workbench, io       error
//	              print > Env.Print           file:line: message > *plugins.Error
//
// Which arguments a callback takes and what it must return stands in one table,
// [plugins.Callback.Signature]; this package knows how a number, a string or a
// list becomes Lua and back, and has next to nothing to say about single callbacks.
//
// A script may expect what nbdkit gives it, Lua 5.3, and its libraries are that:
// patterns, string.format and string.pack, table.move, utf8, bit32 and the rest
// answer as there, which a test holds against nbdkit line by line, and so do the
// escapes "\x41", "\u{20AC}" and "\z". What cannot be had is an error that says
// what to write instead: the operators // & | ~ << >>, attributes, _ENV, and
// integers that a float64 does not have exactly, in the program as in the result
// of string.unpack. All numbers are float64, exact up to 2^53, so larger disks are
// refused. A table has no __len and no __gc.
//
// A script belongs to the program that hosts it. It cannot print to the
// terminal, end the process, run other programs or read standard input, and it
// can be interrupted at every instruction and within every function that may take
// long: see [interrupt]. What ends a process, the end of the memory or of the
// stack, is kept away by bounds: on the strings that one call makes, on what is
// compiled, and on calls and coroutines inside of each other.
//
// Errors are strings. A function of nbdkit or workbench that fails raises
// "file:line: ENOSPC: message"; an error of the script that reads so has that
// errno, whoever raised it. So errors survive pcall, concatenation and being
// raised again.
package lua
