-- Owns the load as wrk drives it: a Try, then the Confirm of an id that a Try was answered with, over keep-alive.
-- Arguments: pattern (uniform | zipf | hot | sold-out | branches), number of SKUs, pause between the requests of a connection in ms,
-- and an API key where one is to be sent.
-- One thread only: ids wait in that thread's own table. Prints one line of JSON after "RESULT ".

local threads = {}
local tries, draw = {}, {}
local waiting, waiting_count = {}, 0
local authorization = ""

-- Globals, because done() can read nothing else of a thread.
tried, confirmed, refused, failed, sample = 0, 0, 0, 0, ""

function setup(thread)
  threads[#threads + 1] = thread
end

local function try_of(sku, more)
  return wrk.format("POST", "/v1/transactions", nil, '{"items":[{"sku":"' .. sku .. '","quantity":1}]' .. (more or "") .. '}')
end

-- The same as BRANCHES of branches.ts.
local branches = ',"branches":[{"participant":"first","payload":{"amount":1}},{"participant":"second","payload":{"amount":1}}]'

-- Zipf with s = 1: rank n weighs 1/n. Drawn once into a long table, so that a request costs one look-up.
local function zipf_table(size, length)
  local total, ranks = 0, {}
  for rank = 1, size do total = total + 1 / rank end
  local rank, reached = 1, 1 / total
  for place = 1, length do
    while place / length > reached and rank < size do
      rank = rank + 1
      reached = reached + 1 / rank / total
    end
    ranks[place] = rank
  end
  return ranks
end

function init(args)
  local pattern, size, pause_ms = args[1], tonumber(args[2]), tonumber(args[3])
  math.randomseed(os.time())
  wrk.headers["Content-Type"] = "application/json"
  if args[4] then
    wrk.headers["Authorization"] = "Bearer " .. args[4]
    authorization = "Authorization: Bearer " .. args[4] .. "\r\n"
  end
  if pattern == "sold-out" then
    tries, draw = { try_of("SOLD-OUT") }, { 1 }
  elseif pattern == "hot" then
    tries, draw = { try_of("SKU-1") }, { 1 }
  else
    local more = pattern == "branches" and branches or ""
    for n = 1, size do tries[n] = try_of("SKU-" .. n, more) end
    if pattern == "zipf" then
      draw = zipf_table(size, 100000)
    else
      for n = 1, size do draw[n] = n end
    end
  end
  if pause_ms > 0 then
    -- Between half and one and a half times the pause, so that the connections do not march in step.
    delay = function() return math.random(math.floor(pause_ms / 2), math.ceil(pause_ms * 1.5)) end
  end
end

function request()
  if waiting_count > 0 then
    local id = waiting[waiting_count]
    waiting_count = waiting_count - 1
    return "POST /v1/transactions/" .. id .. "/confirm HTTP/1.1\r\nHost: localhost\r\n" .. authorization .. "Content-Length: 0\r\n\r\n"
  end
  return tries[draw[math.random(#draw)]]
end

function response(status, headers, body)
  if status == 201 then
    local _, last = string.find(body, '"id":"', 1, true)
    tried = tried + 1
    waiting_count = waiting_count + 1
    waiting[waiting_count] = string.sub(body, last + 1, last + 36)
  elseif status == 200 then
    confirmed = confirmed + 1
  elseif status == 409 then
    refused = refused + 1
  else
    failed = failed + 1
    if sample == "" then sample = status .. " " .. string.sub(body, 1, 300) end
  end
end

function done(summary, latency)
  local thread = threads[1]
  local text = string.gsub(thread:get("sample"), '[%c"\\]', "'")
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"durationMs":%.3f,"requests":%d,"tried":%d,"confirmed":%d,"refused":%d,"failed":%d,"socketErrors":%d,'
      .. '"p50Ms":%.3f,"p90Ms":%.3f,"p99Ms":%.3f,"maxMs":%.3f,"sample":"%s"}\n',
    summary.duration / 1000, summary.requests, thread:get("tried"), thread:get("confirmed"), thread:get("refused"),
    thread:get("failed"), errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000, latency.max / 1000, text))
end
