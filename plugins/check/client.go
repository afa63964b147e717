package check

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"workbench/plugins"
)

// A connection is a scratch client that has opened an export.
type connection struct {
	plugins.Handle
	leave func()
}

// params say who opens export.
func (c *checker) params(export string, readOnly bool) plugins.OpenParams {
	return plugins.OpenParams{Export: export, ReadOnly: readOnly, Client: c.client(), Front: plugins.FrontNBD, Conn: 1}
}

// connect comes in as a client does: it asks to be admitted, and opens export.
func (c *checker) connect(ctx context.Context, in *plugins.Instance, export string, readOnly bool) (*connection, error) {
	p := c.params(export, readOnly)
	leave, err := plugins.Admit(ctx, in, p)
	if err != nil {
		return nil, err
	}
	h, err := in.Open(ctx, p)
	if err != nil {
		leave()
		return nil, err
	}
	return &connection{h, leave}, nil
}

// list comes in and asks for the exports.
func (c *checker) list(ctx context.Context, in *plugins.Instance) ([]plugins.Export, error) {
	p := c.params("", c.o.ReadOnly)
	leave, err := plugins.Admit(ctx, in, p)
	if err != nil {
		return nil, err
	}
	defer leave()
	return in.Exports(ctx, p)
}

// close ends a connection.
func (c *checker) close(conn *connection) {
	if err := conn.Close(); err != nil {
		c.failed(RuleFailure, err, "")
	}
	conn.leave()
}

// checkExports looks into what there is to open: one export, or the default one
// and those that are listed.
func (c *checker) checkExports(ctx context.Context, in *plugins.Instance) {
	list, err := c.list(ctx, in)
	if err != nil {
		c.failed(RuleFailure, err, "")
	}
	if e, ok := errors.AsType[*plugins.Error](err); ok && e.Callback == plugins.Preconnect {
		return // nobody is let in
	}
	others := slices.ContainsFunc(list, func(e plugins.Export) bool { return e.Name != "" })
	done := []string{c.checkExport(ctx, in, c.o.Export, others)}
	if c.o.Export != "" {
		return
	}
	for _, e := range list {
		if len(done) <= maxListed && !slices.Contains(done, e.Name) {
			done = append(done, c.checkExport(ctx, in, e.Name, false))
		}
	}
}

// refusesDefault reports whether err is that of a script that has no default
// export, or that does not want a client to come by that name: nobody but a
// client that asks for it is hurt.
func refusesDefault(err error) bool {
	e, ok := errors.AsType[*plugins.Error](err)
	return ok && (e.Callback == plugins.DefaultExport && e.Line == 0 || onPurpose(err))
}

// checkExport plays clients of one export, one after the other and side by side,
// and returns what it is really called. others means that there are some with a
// name, so that there need not be a default one.
func (c *checker) checkExport(ctx context.Context, in *plugins.Instance, name string, others bool) string {
	if ctx.Err() != nil || c.watchdog.isLost() {
		return name
	}
	first, err := c.connect(ctx, in, name, c.o.ReadOnly)
	switch {
	case err == nil:
	case others && name == "" && refusesDefault(err):
		return name
	default:
		c.failed(RuleFailure, err, openAdvice(err))
		return name
	}
	disk := c.describe(ctx, first, name)
	c.mu.Lock()
	c.report.Disks = append(c.report.Disks, disk)
	c.mu.Unlock()
	c.checkSize(disk)
	c.checkReads(ctx, first, disk)
	c.checkExtents(ctx, first, disk)
	c.checkCache(ctx, first, disk)
	if c.o.Write {
		c.checkWrites(ctx, first, disk)
	}
	if in.ThreadModel() != plugins.SerializeConnections {
		c.checkSecond(ctx, in, first, disk)
	}
	c.close(first)

	again, err := c.connect(ctx, in, disk.Export, c.o.ReadOnly)
	if err != nil {
		c.failed(RuleFailure, fmt.Errorf("a second client, after the first: %w", err), openAdvice(err))
		return disk.Export
	}
	c.compare(disk.Info, again.Info(), "for the next client")
	c.close(again)
	if !c.o.ReadOnly {
		c.checkReader(ctx, in, disk)
	}
	return disk.Export
}

// checkSecond opens the disk while first has it open.
func (c *checker) checkSecond(ctx context.Context, in *plugins.Instance, first *connection, disk Disk) {
	second, err := c.connect(ctx, in, disk.Export, c.o.ReadOnly)
	if err != nil {
		c.failed(RuleFailure, fmt.Errorf("a second client at the same time: %w", err), openAdvice(err))
		return
	}
	defer c.close(second)
	c.compare(disk.Info, second.Info(), "for a second client at the same time")
	if c.o.Write {
		c.checkTogether(ctx, first, second, disk)
	}
}

// checkReader opens the disk as a server with -r does, and reads a little.
func (c *checker) checkReader(ctx context.Context, in *plugins.Instance, disk Disk) {
	conn, err := c.connect(ctx, in, disk.Export, true)
	if err != nil {
		c.failed(RuleFailure, fmt.Errorf("a client of a server that serves read-only: %w", err), "this is open(true): it must not ask for more than reading")
		return
	}
	defer c.close(conn)
	if now, was := conn.Info().Size, disk.Info.Size; now != was {
		c.unlike(fmt.Sprintf("size: %d > %d", was, now), "when served read-only")
		return
	}
	if n := min(disk.Info.Size, max(512, uint64(disk.BlockSizes.Minimum))); n > 0 {
		c.read(ctx, conn, 0, n)
	}
}

func openAdvice(err error) string {
	if e, ok := errors.AsType[*plugins.Error](err); ok && e.Callback == plugins.Preconnect {
		return "every client is turned away so, and nothing further was checked"
	}
	return "a client that connects gets this"
}

// describe asks for what a client may ask for besides.
func (c *checker) describe(ctx context.Context, conn *connection, name string) Disk {
	disk := Disk{Export: name, Info: conn.Info()}
	d, ok := conn.Handle.(plugins.Describer)
	if !ok {
		return disk
	}
	disk.Export = d.Name()
	var err error
	if disk.Description, err = d.Description(ctx); err != nil {
		c.failed(RuleFailure, err, "")
	}
	if disk.BlockSizes, err = d.BlockSizes(ctx); err != nil {
		c.failed(RuleFailure, err, "return minimum, preferred, maximum, in bytes: 512, 4096, 32 * 1024 * 1024 would do")
	}
	return disk
}

// checkSize looks at the size of the disk.
func (c *checker) checkSize(disk Disk) {
	f := c.about(plugins.GetSize)
	f.Severity, f.Rule = Warning, RuleSize
	size, block := disk.Info.Size, uint64(disk.BlockSizes.Minimum)
	switch {
	case size == 0:
		f.Text, f.Advice = "the disk has no bytes", "let get_size return more than 0"
	case block > 1 && size%block != 0:
		f.Text = fmt.Sprintf("the size %d is not a multiple of the smallest block, %d: no client can reach the last %s", size, block, count(size%block, "byte"))
		f.Advice = fmt.Sprintf("make it %d, or block_size smaller", size-size%block+block)
	case size%512 != 0:
		f.Text = fmt.Sprintf("the size %d is not a multiple of 512: many clients, the kernel among them, do not see the last %s", size, count(size%512, "byte"))
		f.Advice = fmt.Sprintf("make it %d", size-size%512+512)
	default:
		return
	}
	c.add(f)
}

// compare reports facts that are not the same for each client.
func (c *checker) compare(was, now plugins.Info, when string) {
	for _, text := range was.Differences(now) {
		c.unlike(text, when)
	}
}

// unlike reports one such fact.
func (c *checker) unlike(fact, when string) {
	f := c.about(plugins.GetSize)
	f.Severity, f.Rule = Warning, RuleSize
	f.Text = fmt.Sprintf("the disk is another one %s: %s", when, fact)
	f.Advice = "clients that share a disk must find the same one"
	c.add(f)
}
