function list_exports(readonly, is_tls) return { "good", "bad" } end
function default_export(readonly, is_tls) return "good" end
function open(readonly)
  if nbdkit.export_name() == "bad" then
    return nothing.at.all -- want: error open: attempt to index
  end
  return {}
end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
