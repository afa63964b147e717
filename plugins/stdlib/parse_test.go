package stdlib

import (
	"math"
	"testing"
)

func TestParseBool(t *testing.T) {
	for _, text := range []string{"1", "true", "t", "yes", "y", "on", "TRUE", "True", "T", "YES", "Y", "ON", "On"} {
		if b, err := ParseBool(text); !b || err != nil {
			t.Errorf("ParseBool(%q) = %v, %v", text, b, err)
		}
	}
	for _, text := range []string{"0", "false", "f", "no", "n", "off", "FALSE", "False", "F", "NO", "N", "OFF", "Off"} {
		if b, err := ParseBool(text); b || err != nil {
			t.Errorf("ParseBool(%q) = %v, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "2", "00", "01", "-1", " true", "true ", "tru", "yes!", "enable", "nil", "1\n"} {
		if b, err := ParseBool(text); err == nil {
			t.Errorf("ParseBool(%q) = %v, want an error", text, b)
		}
	}
}

func TestParseProbability(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1": 1, "2": 2, "0.1": 0.1, ".5": 0.5, "1.": 1, "1e-1": 0.1, "1E-1": 0.1, "10%": 0.1, "200%": 2, "0%": 0, "0.5%": 0.005,
		"1:10": 0.1, "1/10": 0.1, "3:2": 1.5, "0:1": 0, "0/0": 0, "0:0": 0, " 1/ 10": 0.1, "+1": 1, "-0": 0, "1e2%": 1, "0.5:2.5": 0.2, "1e1/1e2": 0.1,
	} {
		if got, err := ParseProbability(text); err != nil || math.Abs(got-want) > 1e-15 || math.Signbit(got) {
			t.Errorf("ParseProbability(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", ":", "/", "x", "0.1x", "10%%", "10% ", "1:", ":1", "1/10%", "1:2:3", "-1", "-10%", "1:-10", "-1/10", "1/0", "1:0", "inf", "nan", "infinity", "1e999", "--1", "1 %", "1 2", "e1", ".", "1e", "1_0"} {
		if got, err := ParseProbability(text); err == nil {
			t.Errorf("ParseProbability(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseDelay(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1": 1, "1.2": 1.2, "1.2s": 1.2, "1s": 1, "20ms": 0.02, "1.5ms": 0.0015, "7us": 7e-6, "7μs": 7e-6, "7µs": 7e-6, "5ns": 5e-9, " 3s": 3, "+1": 1, "-0": 0, "1e3ms": 1, ".25": 0.25, "0ns": 0, "4294967295": 4294967295,
	} {
		if got, err := ParseDelay(text); err != nil || math.Abs(got-want) > 1e-15 || math.Signbit(got) {
			t.Errorf("ParseDelay(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "s", "ms", "-1", "-1ms", "1 s", "1s ", "1S", "1MS", "1m", "1h", "1min", "1sec", "1x", "inf", "nan", "1e999", "4294967296", "1:2", "1.2.3", "1us2"} {
		if got, err := ParseDelay(text); err == nil {
			t.Errorf("ParseDelay(%q) = %v, want an error", text, got)
		}
	}
}
