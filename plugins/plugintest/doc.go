// Package plugintest holds every language to one contract.
//
//	plugins/lua/testdata/*.lua ------\
//	                                  >-- [Run]: plugins.Start, Open, Do --> what must come out
//	plugins/starlark/testdata/*.star -/
//
// A language package supplies its Runtime and a twin of each script below, and
// calls Run from a test. The twins do the same thing, each in its language, so
// that what Run sees can only differ if the languages differ. All of them
// define open, get_size and pread unless the table says otherwise, all are of
// API version 1 but for v2, and their disks have 1 MiB (1048576 bytes). A mark
// stands at the end of a line, in a comment.
//
//	minimal    nothing but the three; pread returns count times the letter "x"
//	ramdisk    workbench.memory("1M"); pwrite, flush, trim, zero, extents
//	emulate    as ramdisk with pwrite, flush and zero, and zero always fails, after
//	           nbdkit.set_error("ENOTSUP")
//	file       parameter file=PATH; workbench.file(PATH, "r+"), with pwrite, flush,
//	           trim, zero, extents; the size is the file's
//	config     config takes size=SIZE (nbdkit.parse_size); of any other key it says
//	           "unknown parameter KEY" on a line marked @unknown. config_complete
//	           fails without a size, on a line marked @missing
//	errors     pread fails for each of these offsets, on a line that is marked:
//	              0  @plain    with the message "boom" and no errno
//	            512  @named    with ENOSPC and the message "disk full", as the language writes it
//	           1024  @number   after nbdkit.set_error(27)
//	           1536  @name     after nbdkit.set_error("EROFS")
//	           2048  @library  reading past the end of a workbench.memory
//	           2560  @helper   in a function that pread calls
//	           3072  @runtime  because the interpreter finds a mistake
//	           and returns count times "x" for any other
//	badtypes   parameter bad=CASE; the callback of that name returns what it must not:
//	           can_write: the number 1; get_size: nothing; get_size_nan: a size that is
//	           no number; can_fua: the number 7; pread: nothing; pread_short: one byte
//	           too few; list_exports: a number; extents: a number; extents_entry: a list
//	           with a number in it. Without a parameter all is well
//	nopread    open and get_size alone
//	negative   get_size returns -1
//	syntax     a mistake that the compiler finds, on the line marked @syntax
//	toplevel   fails at the top level, on the line marked @toplevel
//	readonly   can_write returns false; pwrite is there
//	v2         API_VERSION = 2; workbench.memory("1M"); pread fills the buffer; pwrite,
//	           flush, trim and zero print "NAME flags=N"; can_fua is FUA_NATIVE,
//	           can_fast_zero true; zero with FLAG_FAST_ZERO fails with ENOTSUP
//	extents    extents returns, whatever it is asked:
//	           (0, 4096, 3) (4096, 0, 0) (4096, 4096, 3) (8192, 8192, 0) (16384, 2097152, 3),
//	           except for offset 524288, where it returns an empty list,
//	           and for offset 786432, where it returns (786432, 512) (787456, 512)
//	lifecycle  prints "top" at the top level, "config KEY=VALUE" in config, and its own
//	           name in each of load (where the language has a name for it), config_complete,
//	           thread_model (which returns THREAD_MODEL_PARALLEL), get_ready, after_fork,
//	           open, get_size, can_write (true), can_flush (true), can_multi_conn (true),
//	           flush, close, cleanup and unload; pread prints "pread OFFSET". Each print is
//	           one line
//	reload     workbench.memory("reload", "1M"); before_reload returns the map
//	           {text: "a", number: 7, list: [1, true, "z"]}; after_reload takes such a map
//	           and prints "TEXT NUMBER" of it; pwrite is there
//	exports    list_exports returns "a" and ("b", "the second"); default_export "a"; open
//	           takes nbdkit.export_name() as the handle; export_description returns the
//	           handle; block_size returns 512, 4096, 1048576; pread returns the first
//	           letter of the handle, count times
//	helpers    open calls the functions of nbdkit and workbench one by one and prints
//	           what they return
//	misuse     pread calls them as they must not be called, one for each 512 bytes of
//	           the offset; a client that nobody knows
//	contain    pread does, on marked lines, for each of these offsets:
//	            512  @loop       an endless loop
//	           1024  @rep        a text repeated 2^50 times
//	           1536  @recursion  a function that calls itself for ever
//	           2048  @hoard      an endless list
//	           2560  @double     a text that doubles for ever
//	           and returns count times "x" for any other
//	parallel   where the language may: thread_model returns THREAD_MODEL_PARALLEL; open
//	           returns a list; pread prints "reading" for offset 512, appends to a list
//	           that is global for 1024, on a line marked @global, and to the handle for
//	           1536, on a line marked @handle; it returns count times "x"
//	spin       pread prints "spinning" and then never returns, if offset is 512
package plugintest
