package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A load is what fio does to a disk.
type load struct {
	pattern     string // randread, randwrite, randrw, read or write
	block       int    // bytes of a request
	depth       int
	connections int // 0 is one
}

// A patternName is a pattern of fio's and what it is called in a table.
type patternName struct{ pattern, name string }

func randomPatterns() []patternName {
	return []patternName{{"randread", "random read"}, {"randwrite", "random write"}, {"randrw", "mixed"}}
}

func (l load) name() string {
	name := l.pattern
	for _, p := range append(randomPatterns(), patternName{"read", "sequential read"}, patternName{"write", "sequential write"}) {
		if p.pattern == l.pattern {
			name = p.name
		}
	}
	return sizeName(l.block) + " " + name
}

func sizeName(n int) string {
	if n >= 1<<20 {
		return strconv.Itoa(n>>20) + " MiB"
	}
	return strconv.Itoa(n>>10) + " KiB"
}

// unit is what the load is counted in: small requests by number, large ones by bytes.
func (l load) unit() unit {
	if l.block < 64<<10 {
		return perSecond
	}
	return mebibytes
}

// arguments are those of fio for a turn of so long, beside where the disk is.
func (l load) arguments(turn time.Duration) []string {
	return []string{
		"--name=turn", "--rw=" + l.pattern, "--bs=" + strconv.Itoa(l.block), "--size=" + strconv.Itoa(diskSize),
		"--numjobs=" + strconv.Itoa(max(1, l.connections)), "--thread", "--group_reporting",
		"--time_based", fmt.Sprintf("--runtime=%dms", turn.Milliseconds()),
		"--norandommap", "--randrepeat=0", "--lat_percentiles=1", "--output-format=json",
	}
}

// overNBD puts the load on a disk for one turn.
func (l *lab) overNBD(d *disk, w load) side {
	where := []string{"--ioengine=nbd", "--uri=" + d.uri(), "--iodepth=" + strconv.Itoa(w.depth)}
	return l.fio(w, []*server{d.server}, append(where, w.arguments(l.seconds)...))
}

// fioSlack is how much longer than a turn fio may take to start and to end.
const fioSlack = 20 * time.Second

// fio runs fio against servers, whose time on a processor is taken too.
func (l *lab) fio(w load, servers []*server, arguments []string) side {
	return func(ctx context.Context) (sample, error) {
		before, err := cpuOf(servers)
		if err != nil {
			return sample{}, err
		}
		out, err := runTool(ctx, l.seconds+fioSlack, l.dir, servers, append([]string{"fio"}, arguments...)...)
		if err != nil {
			return sample{}, err
		}
		after, err := cpuOf(servers)
		if err != nil {
			return sample{}, err
		}
		r, err := parseFio(out)
		if err != nil {
			return sample{}, err
		}
		s := sample{value: r.rate, latency: r.latency, cpu: float64((after - before).Microseconds()) / float64(r.requests)}
		if w.unit() == mebibytes {
			s.value *= float64(w.block) / (1 << 20)
		}
		return s, nil
	}
}

func cpuOf(servers []*server) (sum time.Duration, err error) {
	for _, s := range servers {
		t, err := s.cpu()
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

// A fioResult is what matters of fio's output.
type fioResult struct {
	rate     float64 // requests a second
	requests int64
	latency  float64 // µs of the median; of a load of one kind
}

// parseFio reads fio's JSON, before which the nbd engine prints lines of its own.
func parseFio(out []byte) (r fioResult, err error) {
	type direction struct {
		Rate     float64 `json:"iops"`
		Requests int64   `json:"total_ios"`
		Latency  struct {
			Percentile map[string]float64 `json:"percentile"` // ns
		} `json:"lat_ns"` // from the submission on
	}
	var result struct {
		Jobs []struct {
			Error       int
			Read, Write direction
		} `json:"jobs"`
	}
	_, body, _ := bytes.Cut(out, []byte("\n{"))
	if bytes.HasPrefix(out, []byte("{")) {
		body = out[1:]
	}
	if err := json.Unmarshal(append([]byte("{"), body...), &result); err != nil {
		return r, fmt.Errorf("fio: what it printed: %w", err)
	}
	for _, j := range result.Jobs {
		if j.Error != 0 {
			return r, fmt.Errorf("fio: error %d", j.Error)
		}
		for _, d := range []direction{j.Read, j.Write} {
			r.rate += d.Rate
			r.requests += d.Requests
			if d.Requests > 0 {
				r.latency = d.Latency.Percentile["50.000000"] / 1000
			}
		}
	}
	if r.requests == 0 {
		return r, fmt.Errorf("fio: no request was done: %s", strings.TrimSpace(string(out[:min(len(out), tailSize)])))
	}
	return r, nil
}

// fill writes all of a disk once, so that no side answers from holes.
func (l *lab) fill(ctx context.Context, disks ...*disk) error {
	for _, d := range disks {
		if _, err := runTool(ctx, fioSlack, l.dir, []*server{d.server}, "fio", "--name=fill", "--ioengine=nbd", "--uri="+d.uri(),
			"--rw=write", "--bs=1m", "--size="+strconv.Itoa(diskSize), "--iodepth=4", "--output-format=json"); err != nil {
			return err
		}
	}
	return nil
}
