package host

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// An Action is what a rule does to a request.
type Action uint8

// The actions.
const (
	Fail     Action = iota + 1 // answer with an error
	Delay                      // wait
	Drop                       // cut the connection
	Corrupt                    // change bytes at random
	Truncate                   // keep the first bytes, and zeroes for the rest
	HoldIt                     // wait for a person
)

var actionNames = [...]string{"?", "fail", "delay", "drop", "corrupt", "truncate", "hold"}

// String returns the word that rules use: "fail".
func (a Action) String() string { return actionNames[a] }

// A rule says what to do with the requests that match a filter.
//
//	op:write off<1M => fail ENOSPC limit=3
//	op:read => delay 20ms p=0.1
//	err => hold after
type rule struct {
	number  uint16
	text    string // as it was written
	when    *recordings.Filter
	action  Action
	after   bool // it acts when the script has answered, else before the script is asked
	errno   syscall.Errno
	delay   time.Duration
	bytes   uint64        // of Corrupt and Truncate
	limit   uint64        // how often it acts at most; 0 = as often as it matches
	chance  float64       // how often of those times, from 0 to 1
	off     atomic.Bool   // it was switched off
	hits    atomic.Uint64 // how often it acted
	matched atomic.Uint64 // how often its filter matched, while it was on
}

// CheckRule returns why text is no rule, nil if it is one.
func CheckRule(text string) error {
	_, err := parseRule(text)
	return err
}

// parseRule reads a rule. Its error names the part that is wrong and what would do.
func parseRule(text string) (*rule, error) {
	at := strings.LastIndex(text, "=>") // the filter may have one in quotes
	if at < 0 {
		return nil, ruleError(text, "there is no =>: write WHEN => ACTION, as in op:write => fail ENOSPC")
	}
	when, then := text[:at], text[at+len("=>"):]
	r := &rule{text: strings.TrimSpace(text), chance: 1}
	words := strings.Fields(then)
	if len(words) == 0 {
		return nil, ruleError(text, "there is no action after =>: want "+actionList)
	}
	rest, err := r.parseAction(words)
	if err != nil {
		return nil, ruleError(text, err.Error())
	}
	for _, word := range rest {
		if err := r.parseOption(word); err != nil {
			return nil, ruleError(text, err.Error())
		}
	}
	if r.when, err = recordings.ParseFilter(strings.TrimSpace(when)); err != nil {
		return nil, fmt.Errorf("rule %q: %w", r.text, err)
	}
	stage, advice := recordings.OnArrival, fmt.Sprintf("; the rule would be => %s after", strings.TrimSpace(then))
	if r.after || r.action == Corrupt || r.action == Truncate {
		stage, advice = recordings.OnAnswer, ""
	}
	if err := r.when.Check(stage); err != nil {
		return nil, fmt.Errorf("rule %q: %w%s", r.text, err, advice)
	}
	return r, nil
}

func ruleError(text, msg string) error {
	return fmt.Errorf("rule %q: %s", strings.TrimSpace(text), msg)
}

const actionList = "fail ERRNO, delay TIME, drop, corrupt BYTES, truncate BYTES, hold"

// parseAction reads the action and its argument, and returns the words behind.
func (r *rule) parseAction(words []string) (rest []string, err error) {
	arg := ""
	if len(words) > 1 {
		arg = words[1]
	}
	rest = words[min(2, len(words)):]
	switch words[0] {
	case "fail":
		r.action = Fail
		if r.errno, err = parseErrno(arg); err != nil {
			return nil, err
		}
	case "delay":
		r.action = Delay
		if r.delay, err = time.ParseDuration(arg); err != nil || r.delay < 0 {
			return nil, fmt.Errorf("delay %s: want a time, as in delay 20ms", arg)
		}
	case "corrupt", "truncate":
		r.action = Corrupt
		if words[0] == "truncate" {
			r.action = Truncate
		}
		if r.bytes, err = strconv.ParseUint(arg, 10, 64); err != nil || r.action == Corrupt && r.bytes == 0 {
			return nil, fmt.Errorf("%s %s: want a number of bytes, as in %s 1", r.action, arg, r.action)
		}
	case "drop", "hold":
		r.action = Drop
		if words[0] == "hold" {
			r.action = HoldIt
		}
		rest = words[1:]
	default:
		return nil, fmt.Errorf("there is no action %q: want %s", words[0], actionList)
	}
	return rest, nil
}

func parseErrno(name string) (syscall.Errno, error) {
	if errno, ok := plugins.ParseErrno(name); ok {
		return errno, nil
	}
	if n, err := strconv.ParseUint(name, 10, 12); err == nil && n > 0 {
		return syscall.Errno(n), nil
	}
	return 0, fmt.Errorf("fail %s: want an error, as in fail EIO or fail 28", name)
}

// parseOption reads one of the words behind the action.
func (r *rule) parseOption(word string) (err error) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "before", "after":
		if r.action == Corrupt || r.action == Truncate {
			return fmt.Errorf("%s acts on the data, before the script on what is written and after it on what was read: leave out %s", r.action, word)
		}
		r.after = name == "after"
	case "limit":
		if r.limit, err = strconv.ParseUint(value, 10, 64); err != nil || r.limit == 0 {
			return fmt.Errorf("%s: want how often it may act, as in limit=3", word)
		}
	case "p":
		if r.chance, err = strconv.ParseFloat(value, 64); err != nil || !(r.chance >= 0 && r.chance <= 1) {
			return fmt.Errorf("%s: want a probability from 0 to 1, as in p=0.1", word)
		}
	default:
		return fmt.Errorf("%q is none of before, after, limit=N and p=0.1", word)
	}
	return nil
}

// concerns reports whether the rule has something to do at this stage of r.
func (r *rule) concerns(q *plugins.Request, after bool, result error) bool {
	if r.off.Load() {
		return false
	}
	switch {
	case r.action != Corrupt && r.action != Truncate:
		if r.after != after {
			return false
		}
	case after: // the data of a read that worked
		if q.Op != plugins.OpRead || result != nil {
			return false
		}
	case q.Op != plugins.OpWrite:
		return false
	}
	if after {
		return r.when.MatchAnswer(q, result)
	}
	return r.when.MatchRequest(q)
}

// hit counts a match, and reports whether the rule acts on it.
func (r *rule) hit() bool {
	r.matched.Add(1)
	if r.chance < 1 && rand.Float64() >= r.chance {
		return false
	}
	for {
		n := r.hits.Load()
		if r.limit > 0 && n >= r.limit {
			return false
		}
		if r.hits.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// spoil returns data as Corrupt or Truncate leaves them: a copy, because the
// bytes may belong to the client or to the script.
func (r *rule) spoil(data []byte) []byte {
	out := append([]byte(nil), data...)
	if r.action == Truncate {
		clear(out[min(r.bytes, uint64(len(out))):])
		return out
	}
	for _, i := range rand.Perm(len(out))[:min(r.bytes, uint64(len(out)))] {
		out[i] ^= byte(1 + rand.IntN(255))
	}
	return out
}
