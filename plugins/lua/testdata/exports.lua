-- Several disks in one script.

function list_exports(readonly, is_tls)
  return {"a", {"b", "the second"}}
end

function default_export(readonly, is_tls)
  return "a"
end

function open(readonly)
  return nbdkit.export_name()
end

function get_size(h) return 1048576 end
function export_description(h) return h end
function block_size(h) return 512, 4096, 1048576 end
function pread(h, count, offset) return string.rep(h:sub(1, 1), count) end
