// Command benchmark holds the workbench against the servers that people use
// otherwise, and writes BENCHMARKS.md.
//
//	section: starts the servers   comparison: turns A B A B   report: a table
//	   lua, mount, ...        >      one row, two sides     >   of ratios
//
// Both sides of a row are measured in turns, so that what else the machine does
// falls on both. Of each pair of turns the ratio is taken; a row shows the median
// of the ratios with the smallest and the largest. The workbench traces all the
// time, as it always does, and prints its lines to /dev/null.
//
// Each other program ends with this one. Those that should end by themselves run
// under a time limit, and are killed when their server ends: the nbd engine of fio
// would wait for ever. What is mounted is touched by such programs only.
package main
