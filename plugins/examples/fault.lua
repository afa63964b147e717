-- A disk that fails now and then, always at the same request.
--
--   workbench run fault.lua rate=1:5 error=ENOSPC
--   qemu-io -f raw -c "write 0 4k" -c "write 4k 4k" ... URI
--
-- (The URI is at the top of the screen.) Try your own program: does it notice, does it
-- try again, does it tell the user? Each failure is a red row in the list of requests.

name = "fault"
description = "a disk in memory that fails every so many requests"
config_help = [[
rate=P       how many fail: 10%, 0.1 or 1:10, which are the same (default 10%)
error=NAME   how they fail (default EIO)]]

local rate, errno = 0.1, "EIO"
local requests = 0
local disk = workbench.memory("fault", "8M")

function config(key, value)
  if key == "rate" then
    rate = nbdkit.parse_probability(value)
  elseif key == "error" then
    nbdkit.set_error(value) -- fails if there is no error of that name
    errno = value
  else
    error("there is no parameter " .. key .. ": give rate=10% or error=EIO")
  end
end

-- No dice are thrown: a test that finds a mistake should find it again. The request
-- fails with which the number of failures that are due goes up.
local function fault()
  requests = requests + 1
  if math.floor(requests * rate) > math.floor((requests - 1) * rate) then
    error(errno .. ": request " .. requests .. " is one of those that fail")
  end
end

function open(readonly)
  return disk
end

function get_size(h)
  return h:size()
end

function pread(h, count, offset)
  fault()
  return h:pread(count, offset)
end

function pwrite(h, buf, offset)
  fault()
  h:pwrite(buf, offset)
end

function flush(h)
  fault()
  h:flush()
end
