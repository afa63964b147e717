package recordings

import (
	"fmt"
	"time"

	"workbench/plugins"
)

// ParseMoment returns the moment that a user means in a log whose first event is
// at first: a time after it (1m30s), a time of its day (12:00:05.5), or a whole
// one (RFC 3339).
func ParseMoment(text string, first plugins.Stamp) (plugins.Stamp, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return first + plugins.Stamp(d), nil
	}
	began := first.Time()
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return first + plugins.Stamp(t.Sub(began.Round(0))), nil
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			y, m, d := began.Date()
			at := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), began.Location())
			return first + plugins.Stamp(at.Sub(began.Round(0))), nil
		}
	}
	return 0, fmt.Errorf("%q: want a time after the beginning (1m30s), of the day (12:00:05.5), or whole (%s)",
		text, began.Format(time.RFC3339))
}
