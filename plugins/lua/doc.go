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
// A script may expect what nbdkit gives it, Lua 5.3. What can be had cheaply is
// there: "\x41", table.unpack, math.tointeger, bit32, tonumber("2e2"), load of a
// string, file:read("a"), io.open in any spelling of its modes. What cannot, the
// operators // & | ~ << >>, is a syntax error that says what to write instead.
// Numbers are float64, exact up to 2^53, so larger disks are refused.
//
// A script belongs to the program that hosts it. It cannot print to the
// terminal, end the process, run other programs or read standard input, and it
// can be interrupted at every instruction: see [interrupt].
//
// Errors are strings. A function of nbdkit or workbench that fails raises
// "file:line: ENOSPC: message"; an error of the script that reads so has that
// errno, whoever raised it. So errors survive pcall, concatenation and being
// raised again.
package lua
