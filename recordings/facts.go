package recordings

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"workbench/plugins"
)

// What the blocks of JSON hold. Texts that need not be UTF-8 are bytes, which
// JSON has in base64.
type (
	fileHeader struct {
		Created  time.Time   `json:"created"`
		Epoch    time.Time   `json:"epoch"` // the time of stamp 0
		Version  string      `json:"version"`
		Script   string      `json:"script"`
		Language string      `json:"language"`
		Params   []fileParam `json:"params,omitempty"`
		ReadOnly bool        `json:"readonly,omitempty"`
		Policy   string      `json:"payload"`
		Filter   string      `json:"filter,omitempty"`
		Lost     uint64      `json:"lost,omitempty"` // events before the first, which were gone

		// The names of what events have numbers for, for readers of other versions.
		Kinds     []string `json:"kinds"`
		Fronts    []string `json:"fronts"`
		Ops       []string `json:"ops"`
		Callbacks []string `json:"callbacks"`
	}
	fileParam struct {
		Key   string `json:"key,omitempty"`
		Value []byte `json:"value"`
	}
	fileGeneration struct {
		Number uint32     `json:"number"`
		Text   []byte     `json:"text"`
		Files  []fileText `json:"files,omitempty"`
	}
	fileText struct {
		Path []byte `json:"path"`
		Text []byte `json:"text"`
	}
	fileExport struct {
		Name []byte       `json:"name"`
		Info plugins.Info `json:"info"`
	}
	footer struct {
		Events  uint64      `json:"events"`
		Indexes []int64     `json:"indexes"`
		Stats   []fileStats `json:"stats"`
		Waits   Waits       `json:"waits"`

		Requests *uint64 `json:"requests,omitempty"` // nil in files of old
		Failed   *uint64 `json:"failed,omitempty"`   // of them
	}
	fileStats struct {
		Callback string `json:"callback"`
		CallbackStats
	}
)

// newFileHeader returns h as it stands in a file.
func newFileHeader(h Header) fileHeader {
	f := fileHeader{
		Created: h.Created, Epoch: plugins.Stamp(0).Time().Round(0), Version: h.Version, Script: h.Script, Language: h.Language,
		ReadOnly: h.ReadOnly, Policy: h.Policy.String(), Filter: h.Filter,
		Kinds: kindNames[:],
	}
	for _, p := range h.Params {
		f.Params = append(f.Params, fileParam{p.Key, []byte(p.Value)})
	}
	for front := plugins.NoFront; front <= plugins.FrontFUSE; front++ {
		f.Fronts = append(f.Fronts, front.String())
	}
	for op := plugins.Op(0); op <= plugins.OpExtents; op++ {
		f.Ops = append(f.Ops, op.String())
	}
	for cb := range plugins.NumCallbacks {
		f.Callbacks = append(f.Callbacks, cb.String())
	}
	return f
}

// parseHeader returns the header that body holds, but for its generations and
// exports, and the time of stamp 0.
func parseHeader(body []byte) (Header, fileHeader, error) {
	var f fileHeader
	if err := json.Unmarshal(body, &f); err != nil {
		return Header{}, f, fmt.Errorf("%w: the header: %w", errDamaged, err)
	}
	h := Header{Created: f.Created, Version: f.Version, Script: f.Script, Language: f.Language, ReadOnly: f.ReadOnly, Filter: f.Filter}
	for _, p := range f.Params {
		h.Params = append(h.Params, plugins.Param{Key: p.Key, Value: string(p.Value)})
	}
	var err error
	if h.Policy, err = ParsePolicy(f.Policy); err != nil {
		return h, f, fmt.Errorf("%w: the header: payload: %w", errDamaged, err)
	}
	return h, f, nil
}

func newFileGeneration(g Generation) fileGeneration {
	f := fileGeneration{Number: g.Number, Text: []byte(g.Text)}
	size := len(g.Text)
	for _, text := range g.Files {
		size += len(text)
	}
	if size > maxBody/2 { // base64 is a third longer
		return f
	}
	for path, text := range g.Files {
		f.Files = append(f.Files, fileText{[]byte(path), []byte(text)})
	}
	slices.SortFunc(f.Files, func(a, b fileText) int { return slices.Compare(a.Path, b.Path) })
	return f
}

func parseGeneration(body []byte) (Generation, error) {
	var f fileGeneration
	if err := json.Unmarshal(body, &f); err != nil {
		return Generation{}, fmt.Errorf("%w: a generation: %w", errDamaged, err)
	}
	g := Generation{Number: f.Number, Text: string(f.Text), Files: map[string]string{}}
	for _, t := range f.Files {
		g.Files[string(t.Path)] = string(t.Text)
	}
	return g, nil
}

func parseExport(body []byte) (Export, error) {
	var f fileExport
	if err := json.Unmarshal(body, &f); err != nil {
		return Export{}, fmt.Errorf("%w: an export: %w", errDamaged, err)
	}
	return Export{string(f.Name), f.Info}, nil
}

// newFooter returns the figures of a recording that ends.
func newFooter(events uint64, stats []CallbackStats, waits Waits) footer {
	f := footer{Events: events, Waits: waits, Stats: []fileStats{}}
	for _, s := range stats {
		f.Stats = append(f.Stats, fileStats{s.Callback.String(), s})
	}
	return f
}

// stats returns the figures.
func (f *footer) stats() []CallbackStats {
	out := make([]CallbackStats, len(f.Stats))
	for i, s := range f.Stats {
		out[i] = s.CallbackStats
	}
	return out
}
