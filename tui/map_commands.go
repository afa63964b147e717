package tui

import (
	"errors"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// errNoDisk says what is missing of the name of a disk.
var errNoDisk = errors.New("want the name of an export that a client has opened; tab completes it")

// askDisk asks for the disk whose map is shown.
func (a *app) askDisk() (question, string) {
	return question{
		sign:  "disk:",
		enter: "{prompt.accept} shows the map of this disk",
		check: func(text string) error {
			if a.findDiskNamed(text) == nil {
				return errNoDisk
			}
			return nil
		},
		complete: func(text string, cursor int) (int, []recordings.Candidate) {
			var offers []recordings.Candidate
			for i := range a.scene.disks {
				if d := &a.scene.disks[i]; strings.HasPrefix(exportName(d.export), text[:cursor]) {
					offers = append(offers, recordings.Candidate{Text: exportName(d.export), Help: shortSize(d.extent())})
				}
			}
			return 0, offers
		},
		accept: func(a *app, text string) tea.Cmd {
			d := a.findDiskNamed(text)
			if d == nil {
				a.prompt.problem = errNoDisk
				return nil
			}
			a.prompt = nil
			a.disk.choose(d.export)
			a.focusOn(mapPanel)
			return nil
		},
	}, ""
}

// findDiskNamed returns the disk that is called so on the screen, nil if there is none.
func (a *app) findDiskNamed(name string) *disk {
	name = strings.TrimSpace(name)
	for i := range a.scene.disks {
		if d := &a.scene.disks[i]; exportName(d.export) == name {
			return d
		}
	}
	return nil
}

// mapCommands returns the part of the table that is about the map of a disk.
func mapCommands() []command {
	some := func(a *app) (bool, string) { return a.disk.grid.size > 0, "no disk has been opened yet" }
	on := func(f func(*diskMap)) func(*app) tea.Cmd { return do(func(a *app) { f(a.disk) }) }
	return []command{
		{
			id: "map.filter", keys: []string{"enter"}, where: inMap, title: "filter",
			help: "show the requests that touch this cell", enabled: some,
			run: func(a *app) tea.Cmd {
				a.focusOn(requestsPanel)
				return a.applyFilter(a.disk.filter(&a.scene))
			},
			shell: func(a *app) string {
				if a.disk.grid.size == 0 {
					return ""
				}
				return a.again("--filter", a.disk.filter(&a.scene))
			},
		},
		{
			id: "map.writer", keys: []string{"B"}, where: inMap, title: "blame",
			help: "go to the request that wrote this cell last",
			enabled: func(a *app) (bool, string) {
				_, ok := a.disk.writer(&a.scene)
				return ok, "no request in the log wrote here"
			},
			run: do(func(a *app) {
				e, _ := a.disk.writer(&a.scene)
				a.goTo(e.Seq)
			}),
		},
		{
			id: "map.in", keys: []string{"+", "="}, where: inMap, title: "zoom in",
			help: "zoom in: a cell becomes four",
			enabled: func(a *app) (bool, string) {
				return a.disk.grid.deeper, "a cell is one byte"
			},
			run: on(func(p *diskMap) { p.zoom++ }),
		},
		{
			id: "map.out", keys: []string{"-", "_"}, where: inMap, title: "zoom out",
			help: "zoom out: four cells become one",
			enabled: func(a *app) (bool, string) {
				return a.disk.zoom > 0, "this is the whole disk"
			},
			run: on(func(p *diskMap) { p.zoom-- }),
		},
		{
			id: "map.by", keys: []string{"t"}, where: inMap, title: "heat by",
			help: "show kinds, reads, writes, errors, age, contents",
			run:  on(func(p *diskMap) { p.by = (p.by + 1) % numHeatKinds }),
		},
		{
			id: "map.disk", keys: []string{"E"}, where: inMap, title: "disk",
			help: "show the next disk, where there are several",
			enabled: func(a *app) (bool, string) {
				return len(a.scene.disks) > 1, "there is no other disk"
			},
			run: do(func(a *app) { a.disk.next(&a.scene) }),
			ask: (*app).askDisk,
		},
		{
			id: "map.left", keys: []string{"h", "left"}, where: inMap,
			help: "go to the cell before", enabled: some,
			run: on(func(p *diskMap) { p.follow(); p.move(-1) }),
		},
		{
			id: "map.right", keys: []string{"l", "right"}, where: inMap,
			help: "go to the next cell", enabled: some,
			run: on(func(p *diskMap) { p.follow(); p.move(1) }),
		},
	}
}
