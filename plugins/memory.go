package plugins

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
)

// A memoryMeter holds scripts to a limit. An interpreter in Go cannot be asked
// what it alone has allocated, so it is the heap of the program that counts,
// without what disks in memory hold (Env.Held): that is bounded by their size.
//
// A call that runs for long is stopped at the limit. Short ones go on until
// there is half as much again, or a quarter more than when a call was stopped: so
// a script that has filled its memory in one callback can still serve what it has.
type memoryMeter struct {
	limit int64         // bytes; 0 = none
	held  *atomic.Int64 // bytes that do not count; nil = none

	mu      sync.Mutex
	sample  [1]metrics.Sample // guarded by mu
	looked  Stamp             // when sample was taken; guarded by mu
	cleaned Stamp             // when it was last tried what a collection gives; guarded by mu
	stopped int64             // what there was when a call was last stopped; guarded by mu
	over    atomic.Bool       // there is so much that short calls are refused, too
}

const (
	// meterRest is for how long a look at the heap is good.
	meterRest = Stamp(10e6)

	// cleanRest is how long it takes until another collection may be tried.
	cleanRest = Stamp(250e6)
)

// heapMetric is what is on the heap, with what the collector has not found dead yet.
const heapMetric = "/memory/classes/heap/objects:bytes"

// check returns why a call must not go on; long says that it has run for a while.
func (m *memoryMeter) check(long bool) error {
	if m.limit == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	used := m.measure()
	if used <= m.limit {
		m.stopped = 0
		m.over.Store(false)
		return nil
	}
	// Of a long call that has twice the limit it is not asked whether it is
	// garbage: a collection waits for the copy under way, and the next is larger.
	hopeless := long && used > 2*m.limit
	if now := Now(); !hopeless && (m.cleaned == 0 || now-m.cleaned > cleanRest) {
		runtime.GC() // perhaps it is garbage
		m.cleaned, m.looked = Now(), 0
		used = m.measure()
	}
	allowed := max(m.limit+m.limit/2, m.stopped+m.stopped/4)
	m.over.Store(used > allowed)
	if long {
		allowed = m.limit
	}
	if used <= allowed {
		return nil
	}
	return Errorf(syscall.ENOMEM, "the program holds %s, more than the %s that a script may use (--memory-limit)", formatBytes(used), formatBytes(m.limit))
}

// admit returns an error if not even a short call should be made.
func (m *memoryMeter) admit() error {
	if !m.over.Load() {
		return nil
	}
	return m.check(false)
}

// stop says that a call was stopped for its memory. What it held alone is
// garbage now, which the next check finds out.
func (m *memoryMeter) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cleaned, m.looked = 0, 0
	m.stopped = m.measure()
}

// look finds out whether short calls must be refused.
func (m *memoryMeter) look() {
	if err := m.check(false); err != nil {
		m.over.Store(true)
	}
}

// measure returns what the script may be charged with. The caller holds m.mu.
func (m *memoryMeter) measure() int64 {
	if now := Now(); m.looked == 0 || now-m.looked > meterRest {
		m.sample[0].Name = heapMetric
		metrics.Read(m.sample[:])
		m.looked = now
	}
	used := int64(m.sample[0].Value.Uint64())
	if m.held != nil {
		used -= m.held.Load()
	}
	return used
}

// formatBytes returns n as people write it: "1.0 GiB".
func formatBytes(n int64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, unit := float64(n)/(1<<10), 0
	for value >= 1<<10 {
		value, unit = value/(1<<10), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
