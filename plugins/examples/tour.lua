-- The disk of the tour: 8 MiB in memory, with a slow spot and some faults.
--
-- Two clients are using it while you read this. Change a number below, save the
-- file, and watch: they stay connected, the next request runs the new code, and
-- what is on the disk is still there.

name = "tour"
description = "a disk in memory with a slow spot and some faults"

-- Reads from the slow spot take this long. Try 0.1, or 0.
local DELAY = 0.015 -- seconds
local SLOW_FROM, SLOW_TO = 6 * 1024 * 1024, 7 * 1024 * 1024

-- Every so many writes the disk says that it is full: a red row in the list of
-- requests, with the line below that raised it. Try 5, or 0 for never.
local FAIL_EVERY = 40

-- Reads that touch this byte fail. Try another place, or -1 for none.
local SCRATCH = 5 * 1024 * 1024

local SIZE = 8 * 1024 * 1024
local disk = workbench.memory("tour", SIZE) -- found again by its name after a reload
local reads, writes = 0, 0                  -- begin anew with each reload

function open(readonly)
  print("a client opened the disk")
  return disk
end

function close(h)
  print("a client closed the disk")
end

function get_size(h)
  return SIZE
end

function pread(h, count, offset)
  reads = reads + 1
  if offset <= SCRATCH and SCRATCH < offset + count then
    error("EIO: the disk is scratched at byte " .. SCRATCH)
  end
  if offset < SLOW_TO and offset + count > SLOW_FROM then
    nbdkit.nanosleep(DELAY) -- as a disk would, for its arm; nothing else runs meanwhile
  end
  return h:pread(count, offset)
end

function pwrite(h, buf, offset)
  writes = writes + 1
  if writes % 100 == 0 then
    print(("%d reads and %d writes so far"):format(reads, writes))
  end
  if FAIL_EVERY > 0 and writes % FAIL_EVERY == 0 then
    error("ENOSPC: write " .. writes .. " found the disk full")
  end
  h:pwrite(buf, offset)
end

function flush(h)
  h:flush()
end

function trim(h, count, offset)
  h:trim(count, offset)
end

function zero(h, count, offset, may_trim)
  h:zero(count, offset, may_trim)
end

function extents(h, count, offset, flags)
  return h:extents(count, offset)
end
