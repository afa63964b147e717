// Command allocations keeps the hot pieces from getting slower in the one way that
// can be told on any machine: it runs Go benchmarks and compares how often and how
// much they allocate with what was accepted, in golden.txt.
//
// Growth is a failure. Less is no failure, but is said, so that it can be accepted
// and kept. Times are printed and not judged. The number of allocations is exact,
// because each benchmark does the same number of turns; what they amount to moves
// a little with the collector, and has slack.
//
// The benchmarks are those that golden.txt names, with all below them. To guard
// another one, add a line for it and accept what it does.
package main
