package recordings

import (
	"fmt"
	"strconv"
	"strings"

	"workbench/plugins"
)

// toldExtents is how many extents of an answer a text lists at most.
const toldExtents = 64

var extentWords = [...]string{
	0:                                       "data",
	plugins.ExtentHole:                      "hole",
	plugins.ExtentZero:                      "zero",
	plugins.ExtentHole | plugins.ExtentZero: "hole,zero",
}

// FormatExtents returns what an answer to EXTENTS says of the disk from offset
// on, in bytes: "65536 data, 983040 hole,zero". It is the text of the event of
// such a request. Of many extents it has the first ones, and ends with "...".
func FormatExtents(list []plugins.Extent, offset uint64) string {
	var b strings.Builder
	told := 0
	for _, e := range list {
		if e.End() <= offset || e.End() < e.Offset {
			continue
		}
		if told > 0 {
			b.WriteString(", ")
		}
		if told++; told > toldExtents {
			b.WriteString("...")
			break
		}
		fmt.Fprintf(&b, "%d %s", e.End()-max(e.Offset, offset), extentWords[e.Type&(plugins.ExtentHole|plugins.ExtentZero)])
	}
	return b.String()
}

// ParseExtents returns the extents of such a text, as far as it can be read.
func ParseExtents(text string, offset uint64) []plugins.Extent {
	var list []plugins.Extent
	for part := range strings.SplitSeq(text, ", ") {
		length, word, _ := strings.Cut(part, " ")
		n, err := strconv.ParseUint(length, 10, 64)
		if err != nil || offset+n < offset {
			break
		}
		of := -1
		for i, w := range extentWords {
			if w == word {
				of = i
			}
		}
		if of < 0 {
			break
		}
		list = append(list, plugins.Extent{Offset: offset, Length: n, Type: plugins.ExtentType(of)})
		offset += n
	}
	return list
}
