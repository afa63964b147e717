package nbd

import "bytes"

// A structured reply to a READ may send zeroes as OFFSET_HOLE chunks, 12 bytes
// each. To know where they are, the server looks at the data that the disk has
// returned. It could ask the disk for its extents instead, but that would cost a
// callback for every read, while to look costs next to nothing: in data that are
// not zero a block is given up at its first byte. And so it works for disks that
// know no extents, too. (Who wants to avoid reading holes asks for BLOCK_STATUS.)

// A piece is a part of a READ's answer: so many bytes that are all zero, or not.
type piece struct {
	length int
	zero   bool
}

const (
	// holeBlock is what is looked at as a whole. Holes begin and end at its
	// multiples on the disk, so that chunks keep the alignment which the
	// specification asks for.
	holeBlock = 4 << 10

	// minHole is the shortest hole among data that is worth a chunk of its own.
	// With our client over a unix socket 4 KiB pay already, by a fifth, and 16 KiB
	// by a third (BenchmarkHoles); but other clients read each chunk by system
	// calls of its own.
	minHole = 16 << 10

	// maxPieces is the most chunks that an answer is cut into.
	maxPieces = 32
)

var zeroBlock [holeBlock]byte

// findHoles appends the pieces that p consists of, which was read at offset; or
// nothing if p is all data. Only if split is true may there be more than one.
func findHoles(pieces []piece, p []byte, offset uint64, split bool) []piece {
	data := 0 // bytes before the current one that belong to no piece yet
	for at := 0; at < len(p); {
		n := zeroes(p[at:], offset+uint64(at))
		switch {
		case n == len(p): // the whole, however small
			return append(pieces, piece{n, true})
		case !split:
			return pieces
		case n >= minHole:
			if data > 0 {
				pieces = append(pieces, piece{data, false})
			}
			pieces = append(pieces, piece{n, true})
			data, at = 0, at+n
			if len(pieces) >= maxPieces-2 && at < len(p) {
				return append(pieces, piece{len(p) - at, false})
			}
			continue
		}
		// What follows the zeroes is data at least up to the next block.
		next := min(at+n+toBlock(offset+uint64(at+n)), len(p))
		data, at = data+next-at, next
	}
	if len(pieces) > 0 && data > 0 {
		pieces = append(pieces, piece{data, false})
	}
	return pieces
}

// toBlock returns how far it is from offset to the next block.
func toBlock(offset uint64) int { return int(holeBlock - offset%holeBlock) }

// zeroes returns how many bytes p begins with, in whole blocks of the disk, that
// are zero. The first and the last block may be cut.
func zeroes(p []byte, offset uint64) int {
	n := 0
	for n < len(p) {
		size := min(toBlock(offset+uint64(n)), len(p)-n)
		if p[n] != 0 || !bytes.Equal(p[n:n+size], zeroBlock[:size]) {
			break
		}
		n += size
	}
	return n
}
