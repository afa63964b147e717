package tui

import (
	"fmt"
	"time"
)

// The screen has little room, so figures are cut to two or three digits. They
// are rounded down: "9.9ms" is a time below 10 ms.

// shortDuration formats d in at most 6 cells: "850ns", "4.1µs", "41ms", "2m03s".
func shortDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + shortDuration(-d)
	case d < time.Microsecond:
		return fmt.Sprintf("%dns", d)
	case d < time.Millisecond:
		return tenths(uint64(d), uint64(time.Microsecond)) + "µs"
	case d < time.Second:
		return tenths(uint64(d), uint64(time.Millisecond)) + "ms"
	case d < time.Minute:
		return tenths(uint64(d), uint64(time.Second)) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// shortSize formats a number of bytes in at most 8 cells: "512 B", "4 KiB", "1.5 GiB".
func shortSize(n uint64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	shift := uint(10)
	for n>>shift >= 1<<10 && shift < 60 {
		shift += 10
	}
	return tenths(n, 1<<shift) + " " + "KMGTPE"[shift/10-1:shift/10] + "iB"
}

// shortCount formats a number of things in at most 4 cells: "9999", "12k", "1.2M".
func shortCount(n uint64) string {
	if n < 10_000 {
		return fmt.Sprint(n)
	}
	unit := uint64(1000)
	letters := "kMGTPE"
	for n/unit >= 1000 && len(letters) > 1 {
		unit *= 1000
		letters = letters[1:]
	}
	return tenths(n, unit) + letters[:1]
}

// tenths formats n units: with one decimal below ten, unless it is zero.
func tenths(n, unit uint64) string {
	whole, tenth := n/unit, n%unit*10/unit
	if unit >= 1<<60 { // n%unit*10 would overflow
		tenth = n % unit / (unit / 10)
	}
	if whole >= 10 || tenth == 0 {
		return fmt.Sprint(whole)
	}
	return fmt.Sprintf("%d.%d", whole, min(tenth, 9))
}

// grouped formats a number of things in full: "3,400".
func grouped(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// plural returns the form of a noun for n things: "line", "lines".
func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// amount returns a number of things in full, "12,345 lines"; numbered short, "12k lines".
func amount(n int, noun string) string   { return grouped(n) + " " + plural(n, noun) }
func numbered(n int, noun string) string { return shortCount(uint64(n)) + " " + plural(n, noun) }
