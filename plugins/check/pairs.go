package check

import (
	"fmt"
	"slices"

	"workbench/plugins"
)

// checkPairs holds what the script said it can against what it defines.
func (c *checker) checkPairs() {
	c.mu.Lock()
	disks := c.report.Disks
	c.mu.Unlock()
	if len(disks) == 0 {
		return // it never got to say it
	}
	c.checkPromises()
	c.checkUnused(disks)
	c.checkUnasked()
	c.checkForce()
	c.checkModel()

	has := c.watchdog.started().Defines
	switch before, after := has(plugins.BeforeReload), has(plugins.AfterReload); {
	case before && !after:
		c.pair(Warning, plugins.BeforeReload, "before_reload without after_reload: nobody takes what it returns", "define after_reload(state)")
	case after && !before:
		c.pair(Warning, plugins.AfterReload, "after_reload without before_reload: it is never called", "define before_reload(), which returns what is to be kept")
	}
}

func (c *checker) pair(s Severity, cb plugins.Callback, text, advice string) {
	f := c.about(cb)
	f.Severity, f.Rule, f.Text, f.Advice = s, RulePair, text, advice
	c.add(f)
}

// checkPromises reports a can_x that says yes where x is missing.
func (c *checker) checkPromises() {
	has := c.watchdog.started().Defines
	for _, p := range []struct {
		can, do  plugins.Callback
		severity Severity
		so       string
	}{
		{plugins.CanWrite, plugins.Pwrite, Error, "every write fails with EROFS"},
		{plugins.CanFlush, plugins.Flush, Error, "every flush fails with EINVAL"},
		{plugins.CanTrim, plugins.Trim, Error, "every trim fails with EINVAL"},
		{plugins.CanExtents, plugins.Extents, Error, "who asks for extents gets EINVAL"},
		{plugins.CanZero, plugins.Zero, Warning, "zeroes are written by pwrite all the same"},
	} {
		if has(p.can) && !has(p.do) && c.said(p.can) {
			c.pair(p.severity, p.can, fmt.Sprintf("%s says yes, but there is no %s: %s", p.can, p.do, p.so),
				fmt.Sprintf("define %s, or let %s say no", c.define(p.do, c.version()), p.can))
		}
	}
	if a := c.answer(plugins.CanCache); a != nil && a.Int == int64(plugins.Native) && !has(plugins.Cache) {
		c.pair(Warning, plugins.CanCache, "can_cache says native, but there is no cache: requests succeed and do nothing",
			"define cache, or return nbdkit.CACHE_EMULATE")
	}
}

// checkUnused reports what is never called, because no client can write.
func (c *checker) checkUnused(disks []Disk) {
	has := c.watchdog.started().Defines
	readOnly := !slices.ContainsFunc(disks, func(d Disk) bool { return !d.Info.ReadOnly })
	if c.o.ReadOnly || !readOnly || has(plugins.Pwrite) {
		return
	}
	for _, cb := range []plugins.Callback{plugins.Trim, plugins.Zero, plugins.Flush} {
		if !has(cb) {
			continue
		}
		s := Warning
		if cb == plugins.Flush { // does no harm: there is just nothing to flush
			s = Note
		}
		c.pair(s, cb, fmt.Sprintf("%s without pwrite: the disk is read-only, so it is of no use", cb),
			fmt.Sprintf("define %s, or leave %s away", c.define(plugins.Pwrite, c.version()), cb))
	}
}

// checkUnasked reports questions that are never asked, because no client can write.
func (c *checker) checkUnasked() {
	has := c.watchdog.started().Defines
	if c.o.ReadOnly || has(plugins.Pwrite) || has(plugins.CanWrite) {
		return
	}
	for _, cb := range []plugins.Callback{plugins.CanTrim, plugins.CanZero, plugins.CanFastZero, plugins.CanFUA} {
		if has(cb) {
			c.pair(Note, cb, fmt.Sprintf("%s without pwrite: the disk is read-only, so it is never asked", cb),
				fmt.Sprintf("define %s, or leave %s away", c.define(plugins.Pwrite, c.version()), cb))
		}
	}
}

// checkForce looks at forced writes and fast zeroes.
func (c *checker) checkForce() {
	script := c.watchdog.started()
	has, v1 := script.Defines, script.APIVersion() < 2
	fua := plugins.None
	if a := c.answer(plugins.CanFUA); a != nil {
		fua = plugins.Support(a.Int)
	}
	switch {
	case fua == plugins.Native && v1:
		c.pair(Warning, plugins.CanFUA, "can_fua says native, but the callbacks of API version 1 never see the flag: a flush follows instead",
			"return nbdkit.FUA_EMULATE, or set API_VERSION = 2 and take flags")
	case fua == plugins.Emulate && !has(plugins.Flush):
		c.pair(Warning, plugins.CanFUA, "can_fua says emulate, but there is no flush: a forced write is like any other",
			"define "+c.define(plugins.Flush, c.version()))
	}
	if fua == plugins.Native && v1 && !has(plugins.Flush) {
		c.pair(Warning, plugins.CanFUA, "can_fua says yes, but there is no flush: a forced write is like any other",
			"define "+c.define(plugins.Flush, c.version()))
	}
	if c.said(plugins.CanFastZero) && has(plugins.Zero) && v1 {
		c.pair(Warning, plugins.CanFastZero, "can_fast_zero says yes, but the zero of API version 1 never sees the flag: each fast zero fails with ENOTSUP",
			"set API_VERSION = 2 and take flags, or let can_fast_zero say no")
	}
}

// checkModel reports a thread model that the language does not allow.
func (c *checker) checkModel() {
	a := c.answer(plugins.ThreadModelCallback)
	_, loosest := c.watchdog.started().ThreadModels()
	if a == nil || plugins.ThreadModel(a.Int) <= loosest {
		return
	}
	c.pair(Note, plugins.ThreadModelCallback,
		fmt.Sprintf("thread_model asks for %s: a script in this language runs under %s at the loosest", plugins.ThreadModel(a.Int), loosest),
		"leave it away, or ask for that")
}
