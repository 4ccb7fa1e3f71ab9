-- What wrk sends, from LOAD_PATHS and LOAD_BODY in the environment, and what it measured, as one line of JSON.
local body = os.getenv('LOAD_BODY')
if body then
  wrk.method = 'POST'
  wrk.body = body
  wrk.headers['Content-Type'] = 'application/json'
end

local paths = os.getenv('LOAD_PATHS')
if paths then
  local requests, at = {}, 0
  function init()
    for path in paths:gmatch('%S+') do requests[#requests + 1] = wrk.format(nil, path) end
  end
  function request()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nLOAD {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
