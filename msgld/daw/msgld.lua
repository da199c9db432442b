-- msgld in REAPER: stems and notes of the selected items, on new tracks.
-- `msgld daw --reaper-script FILE` writes this script. Load FILE with Actions > Show action list > New action > Load ReaScript.
-- The work is done by msgld in the background; FOLDER/job.json asks for it, FOLDER/result.txt is its answer.

local PYTHON = "python3" -- has msgld; written by the command above

local TITLE = "msgld"
local TASKS = {stems = true, notes = true, both = true, replace = true, arrange = true}
local QUALITIES = {draft = true, normal = true, best = true}
local POLL = 0.25 -- seconds between two looks at the work
local PATIENCE = 480 -- looks without a sign of life, after which the work counts as ended
local DRUMS = 9 -- their MIDI channel, from 0
local BUILD_MISSING_PEAKS = 40047 -- an action

-- What the stems take over from the item and its take.
local ITEM_VALUES = {"D_VOL", "D_FADEINLEN", "D_FADEOUTLEN", "C_FADEINSHAPE", "C_FADEOUTSHAPE", "C_BEATATTACHMODE"}
local TAKE_VALUES = {"D_VOL", "D_PAN", "D_PLAYRATE", "D_PITCH", "B_PPITCH", "I_CHANMODE", "I_PITCHMODE"}
local TRACK_VALUES = {"D_VOL", "D_PAN"}

local msgld = {}

-- Text

-- A text as one word for a POSIX shell.
function msgld.posix_quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- A text as one argument of a Windows program: backslashes count only before a quotation mark.
function msgld.windows_quoted(text)
  return '"' .. text:gsub('(\\*)"', '%1%1\\"'):gsub("(\\+)$", "%1%1") .. '"'
end

-- A text, a number, a list or a table of them as JSON.
function msgld.json(value)
  if type(value) == "number" then return (("%.12f"):format(value):gsub(",", ".")) end
  if type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(letter) return ("\\u%04x"):format(letter:byte()) end) .. '"'
  end
  local parts = {}
  for _, part in ipairs(value) do parts[#parts + 1] = msgld.json(part) end
  if #value > 0 then return "[" .. table.concat(parts, ", ") .. "]" end
  for name, part in pairs(value) do parts[#parts + 1] = msgld.json(name) .. ": " .. msgld.json(part) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- "bass drums" and "bass, drums" as "bass,drums"; "all but bass drums" as "all but bass,drums".
function msgld.stem_list(text)
  local words = {}
  for word in text:lower():gmatch("[^%s,]+") do words[#words + 1] = word end
  local rest = words[1] == "all" and words[2] == "but"
  return (rest and "all but " or "") .. table.concat(words, ",", rest and 3 or 1)
end

-- The answers of the dialogue, in which the last one may have commas; nil and what is wrong with them.
function msgld.answers(line)
  local task, quality, mute, model, stems = line:match("^%s*([^,]-)%s*,%s*([^,]-)%s*,%s*([^,]-)%s*,%s*([^,]-)%s*,(.*)$")
  if not task then return nil, "the dialogue has five fields" end
  local found = {task = task:lower(), quality = quality:lower(), mute = mute:lower() == "yes", model = model,
                 stems = msgld.stem_list(stems)}
  if not TASKS[found.task] then return nil, "task is one of stems, notes, both, replace, arrange" end
  if not QUALITIES[found.quality] then return nil, "quality is one of draft, normal, best" end
  if found.task == "replace" and found.stems == "" then return nil, "name the stems to replace, such as piano" end
  return found
end

-- What an item plays of its file: seconds from and to in the file; where that lies, and how long, in the project.
function msgld.stretch(item, seconds)
  local stop = item.offset + item.length * item.rate
  local first, last = math.max(0, item.offset), math.min(seconds, stop)
  if item.loop and (stop > seconds + 0.01 or item.offset < 0) then return nil, "repeats its file: glue it first" end
  if last <= first then return nil, "plays nothing of its file" end
  return {first = first, last = last, position = item.position + (first - item.offset) / item.rate,
          length = (last - first) / item.rate}
end

-- The answer of the work: for each piece its sounds and notes, by stem in their order; nil and an error.
function msgld.answer(text)
  local state, message = text:match("^(%a+)\t?([^\r\n]*)")
  if state ~= "done" then return nil, message or "msgld left no result" end
  local pieces = {}
  for line in text:gmatch("[^\r\n]+") do
    local cells = {}
    for cell in (line .. "\t"):gmatch("([^\t]*)\t") do cells[#cells + 1] = cell end
    local piece = pieces[#pieces]
    if cells[1] == "piece" then pieces[#pieces + 1] = {sounds = {}, notes = {}} end
    if cells[1] == "sound" then table.insert(piece.sounds, {stem = cells[2], file = cells[3]}) end
    if cells[1] == "notes" then table.insert(piece.notes, {stem = cells[2]}) end
    if cells[1] == "note" then
      local last = piece.notes[#piece.notes]
      last[#last + 1] = {start = tonumber(cells[2]), stop = tonumber(cells[3]), pitch = math.floor(tonumber(cells[4])),
                         velocity = math.floor(tonumber(cells[5]))}
    end
  end
  return pieces
end

-- Files

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file = io.open(path, "wb")
  if not file then return false end
  file:write(text)
  file:close()
  return true
end

-- The project

local function say(message)
  reaper.ShowMessageBox(message, TITLE, 0)
end

local function values_of(get, thing, names)
  local found = {}
  for _, name in ipairs(names) do found[name] = get(thing, name) end
  return found
end

local function set_values(set, thing, values)
  for name, value in pairs(values) do set(thing, name, value) end
end

local function track_name(track)
  local _, name = reaper.GetTrackName(track)
  return name
end

-- An item as a piece of work; nil and what speaks against it.
local function piece_of(item)
  local take = reaper.GetActiveTake(item)
  if not take then return nil, "an empty item has no sound" end
  local name = reaper.GetTakeName(take)
  local function no(reason) return nil, ("%s: %s"):format(name, reason) end
  if reaper.TakeIsMIDI(take) then return no("it is MIDI, and msgld takes sound here") end
  local source = reaper.GetMediaItemTake_Source(take)
  if reaper.GetMediaSourceType(source, "") == "SECTION" then return no("it is a section or reversed: glue it first") end
  if reaper.GetTakeNumStretchMarkers(take) > 0 then return no("it has stretch markers: glue it first") end
  local file, seconds = reaper.GetMediaSourceFileName(source, ""), reaper.GetMediaSourceLength(source)
  if not reaper.file_exists(file) then return no("its file is not there") end
  local of_item = function(key) return reaper.GetMediaItemInfo_Value(item, key) end
  local of_take = function(key) return reaper.GetMediaItemTakeInfo_Value(take, key) end
  local rate = of_take("D_PLAYRATE")
  local found, reason = msgld.stretch({position = of_item("D_POSITION"), length = of_item("D_LENGTH"), rate = rate,
                                       loop = of_item("B_LOOPSRC") ~= 0, offset = of_take("D_STARTOFFS")}, seconds)
  if not found then return no(reason) end
  found.item, found.name, found.file, found.seconds, found.rate = item, name, file, seconds, rate
  found.track = reaper.GetMediaItem_Track(item)
  found.of_item = values_of(reaper.GetMediaItemInfo_Value, item, ITEM_VALUES)
  found.of_take = values_of(reaper.GetMediaItemTakeInfo_Value, take, TAKE_VALUES)
  -- How far the sound is shifted, in semitones; notes follow.
  found.shift = of_take("D_PITCH") + (of_take("B_PPITCH") ~= 0 and 0 or 12 * math.log(rate, 2))
  return found
end

local function pieces_of(project)
  local pieces = {}
  for number = 0, reaper.CountSelectedMediaItems(project) - 1 do
    local piece, reason = piece_of(reaper.GetSelectedMediaItem(project, number))
    if not piece then return nil, reason end
    pieces[#pieces + 1] = piece
  end
  if #pieces == 0 then return nil, "select one or more items first" end
  return pieces
end

-- The items as the given stems of one piece, each named by its track; nil and what speaks against it.
local function arranged(pieces)
  local first, given = pieces[1], {}
  for _, piece in ipairs(pieces) do
    local stem = track_name(piece.track):lower()
    if given[stem] then return nil, ("two items are on tracks called %s"):format(stem) end
    if math.abs(piece.position - first.position) > 0.001 or piece.first > 0.001 or piece.rate ~= 1 then
      return nil, "to arrange, the items begin together, at the beginning of their files, and play at rate 1"
    end
    given[stem] = piece.file
    first.length = math.max(first.length, piece.length)
  end
  return {first}, given
end

-- What to ask of msgld, a request for each piece.
function msgld.requests(pieces, wish, given)
  local requests = {}
  for _, piece in ipairs(pieces) do
    local request = {task = wish.task, quality = wish.quality, model = wish.model, stems = wish.stems}
    if given then
      request.given = given
    else
      request.song = piece.file
      if piece.first > 1e-6 then request.from = piece.first end
      if piece.last < piece.seconds - 1e-6 then request.to = piece.last end
    end
    requests[#requests + 1] = request
  end
  return requests
end

-- A new folder for the files, in the project's own.
local function new_folder(project)
  local place = reaper.GetProjectPathEx(project, "") .. "/msgld"
  local stamp, folder = os.date("%Y-%m-%d %H.%M.%S")
  local number = 1
  repeat
    folder = ("%s/%s%s"):format(place, stamp, number > 1 and " " .. number or "")
    number = number + 1
  until not reaper.file_exists(folder .. "/job.json")
  reaper.RecursiveCreateDirectory(folder, 0)
  return folder
end

-- Start msgld in the background; whether that worked.
local function start(folder)
  local windows = reaper.GetOS():match("^Win")
  local quoted = windows and msgld.windows_quoted or msgld.posix_quoted
  local command = ("%s -P -m msgld.cli.reaper %s"):format(quoted(PYTHON), quoted(folder))
  if windows then return reaper.ExecProcess(command, -2) ~= nil end
  return os.execute(command .. " </dev/null >/dev/null 2>&1 &")
end

-- New tracks

-- The pieces that came from one track, track by track in their order.
local function by_track(pieces)
  local groups, places = {}, {}
  for _, piece in ipairs(pieces) do
    if not places[piece.track] then
      groups[#groups + 1] = {track = piece.track}
      places[piece.track] = groups[#groups]
    end
    table.insert(places[piece.track], piece)
  end
  return groups
end

-- A new track at an index.
local function new_track(project, index, name, made)
  reaper.InsertTrackAtIndex(index, false)
  local track = reaper.GetTrack(project, index)
  made[#made + 1] = track
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", name, true)
  return track
end

local function put_sound(track, piece, sound)
  local item = reaper.AddMediaItemToTrack(track)
  set_values(reaper.SetMediaItemInfo_Value, item, piece.of_item)
  set_values(reaper.SetMediaItemInfo_Value, item, {D_POSITION = piece.position, D_LENGTH = piece.length, B_LOOPSRC = 0})
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, sound.source)
  sound.source = nil -- the take owns it now
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", sound.stem, true)
  set_values(reaper.SetMediaItemTakeInfo_Value, take, piece.of_take)
end

-- Notes at their seconds, whatever the project's tempo is.
local function put_notes(track, piece, notes)
  local stop = piece.position + piece.length
  local item = reaper.CreateNewMIDIItemInProj(track, piece.position, stop, false)
  local take = reaper.GetActiveTake(item)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", notes.stem, true)
  local drums = notes.stem == "drums"
  local function tick(seconds)
    local time = math.min(stop, piece.position + seconds / piece.rate)
    return math.floor(reaper.MIDI_GetPPQPosFromProjTime(take, time) + 0.5)
  end
  for _, note in ipairs(notes) do
    local from, to = tick(note.start), tick(note.stop)
    local pitch = note.pitch + (drums and 0 or math.floor(piece.shift + 0.5))
    if to > from and pitch >= 0 and pitch <= 127 then
      reaper.MIDI_InsertNote(take, false, false, from, to, drums and DRUMS or 0, pitch, note.velocity, true)
    end
  end
  reaper.MIDI_Sort(take)
end

-- What to put on the tracks of a group: name -> what puts it there; and the names in their order.
local function rows_of(group)
  local rows, names = {}, {}
  local function add(name, work)
    if not rows[name] then
      rows[name], names[#names + 1] = {}, name
    end
    table.insert(rows[name], work)
  end
  for _, piece in ipairs(group) do
    for _, sound in ipairs(piece.result.sounds) do
      add(sound.stem, function(track) put_sound(track, piece, sound) end)
    end
  end
  for _, piece in ipairs(group) do
    for _, notes in ipairs(piece.result.notes) do
      add(notes.stem .. " notes", function(track) put_notes(track, piece, notes) end)
    end
  end
  return rows, names
end

-- A folder track with a track for each row, below the track that the items are on.
local function put_group(project, group, task, made)
  local rows, names = rows_of(group)
  if #names == 0 then return end
  local there = reaper.ValidatePtr(group.track, "MediaTrack*")
  local index = there and math.floor(reaper.GetMediaTrackInfo_Value(group.track, "IP_TRACKNUMBER"))
    or reaper.CountTracks(project)
  local folder = new_track(project, index, ("%s: %s"):format(there and track_name(group.track) or TITLE, task), made)
  reaper.SetMediaTrackInfo_Value(folder, "I_FOLDERDEPTH", 1)
  if there then
    set_values(reaper.SetMediaTrackInfo_Value, folder, values_of(reaper.GetMediaTrackInfo_Value, group.track, TRACK_VALUES))
  end
  for number, name in ipairs(names) do
    local track = new_track(project, index + number, name, made)
    for _, work in ipairs(rows[name]) do work(track) end
    if number == #names then reaper.SetMediaTrackInfo_Value(track, "I_FOLDERDEPTH", -1) end
  end
end

local function release(pieces)
  for _, piece in ipairs(pieces) do
    for _, sound in ipairs(piece.result.sounds) do
      if sound.source then reaper.PCM_Source_Destroy(sound.source) end
      sound.source = nil
    end
  end
end

-- Open all sounds, so that nothing is begun which cannot be finished; an error.
local function open_sounds(run)
  for _, piece in ipairs(run.pieces) do
    for _, sound in ipairs(piece.result.sounds) do
      local path = run.folder .. "/" .. sound.file
      sound.source = reaper.file_exists(path) and reaper.PCM_Source_CreateFromFile(path) or nil
      if not sound.source then return ("REAPER cannot read %s"):format(path) end
    end
  end
end

local function mute(run)
  for _, piece in ipairs(run.pieces) do
    if #piece.result.sounds > 0 and reaper.ValidatePtr(piece.item, "MediaItem*") then
      reaper.SetMediaItemInfo_Value(piece.item, "B_MUTE", 1)
    end
  end
end

-- Put everything on new tracks, all of it or nothing, as one step that can be undone.
local function place(run)
  if not reaper.ValidatePtr(run.project, "ReaProject*") then return "the project was closed" end
  reaper.SelectProjectInstance(run.project) -- where tracks are inserted, and pointers are looked up
  local problem = open_sounds(run)
  if problem then
    release(run.pieces)
    return problem
  end
  local made = {}
  reaper.Undo_BeginBlock2(run.project)
  reaper.PreventUIRefresh(1)
  local done, reason = pcall(function()
    for _, group in ipairs(by_track(run.pieces)) do put_group(run.project, group, run.wish.task, made) end
    if run.wish.mute and run.wish.task ~= "arrange" then mute(run) end
  end)
  if not done then
    for number = #made, 1, -1 do reaper.DeleteTrack(made[number]) end
    release(run.pieces)
  end
  reaper.PreventUIRefresh(-1)
  reaper.Undo_EndBlock2(run.project, ("msgld: %s"):format(run.wish.task), done and -1 or 0)
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  if not done then return tostring(reason) end
  reaper.Main_OnCommand(BUILD_MISSING_PEAKS, 0)
end

-- The work

local function draw(run)
  gfx.set(0.15, 0.15, 0.15)
  gfx.rect(0, 0, gfx.w, gfx.h, 1)
  gfx.set(0.9, 0.9, 0.9)
  gfx.x, gfx.y = 12, 12
  gfx.drawstr(run.line)
  gfx.x, gfx.y = 12, 36
  gfx.drawstr("Esc stops it.")
  local percent = tonumber(run.line:match("(%d+)%%"))
  if percent then gfx.rect(12, 62, (gfx.w - 24) * math.min(percent, 100) / 100, 6, 1) end
  gfx.update()
end

-- Look at the work; whether it has ended.
local function look(run)
  run.text = read(run.folder .. "/result.txt")
  if run.text then return true end
  local progress = read(run.folder .. "/progress.txt")
  if progress and progress ~= run.progress then
    run.progress, run.idle = progress, 0
    run.line = progress:match("^%d+\t([^\r\n]+)") or run.line
  end
  run.idle = run.idle + 1
  return run.idle > PATIENCE
end

local function stop(run)
  if not run.ended then write(run.folder .. "/cancel", "") end
  run.ended = true
end

local function finish(run)
  gfx.quit()
  run.ended = run.text ~= nil
  stop(run)
  local results, problem = msgld.answer(run.text or ("failed\tmsgld does not answer; is it there? %s"):format(PYTHON))
  if results and #results == #run.pieces then
    for number, result in ipairs(results) do run.pieces[number].result = result end
    problem = place(run)
  end
  if problem then say(problem) end
end

local function watch(run)
  local key = gfx.getchar()
  if key == -1 or key == 27 then
    stop(run)
    gfx.quit()
    return
  end
  local now = reaper.time_precise()
  if now >= run.next_look then
    run.next_look = now + POLL
    if look(run) then return finish(run) end
    draw(run)
  end
  reaper.defer(function() watch(run) end)
end

-- The dialogue; its last answers are the next ones to begin with.
local function ask()
  local line = reaper.GetExtState(TITLE, "answers")
  if line == "" then line = "stems,normal,yes,," end
  local captions = "Task (stems/notes/both/replace/arrange),Quality (draft/normal/best),Mute the items (yes/no),"
    .. "Model (empty: the shipped one),Stems (empty: all),extrawidth=120"
  local pressed, answers = reaper.GetUserInputs(TITLE, 5, captions, line)
  if not pressed then return nil end
  local wish, problem = msgld.answers(answers)
  if not wish then return nil, problem end
  local kept = {wish.task, wish.quality, wish.mute and "yes" or "no", wish.model, (wish.stems:gsub(",", " "))}
  reaper.SetExtState(TITLE, "answers", table.concat(kept, ","), true)
  return wish
end

-- The work that the user wants; nil and what is wrong.
local function prepared()
  local project = reaper.EnumProjects(-1)
  local pieces, problem = pieces_of(project)
  if not pieces then return nil, problem end
  local wish
  wish, problem = ask()
  if not wish then return nil, problem end
  local given
  if wish.task == "arrange" then
    pieces, given = arranged(pieces)
    if not pieces then return nil, given end
  end
  return {project = project, pieces = pieces, wish = wish, line = "msgld starts", idle = 0, next_look = 0,
          folder = new_folder(project), requests = msgld.requests(pieces, wish, given)}
end

function msgld.main()
  local run, problem = prepared()
  if run and not write(run.folder .. "/job.json", msgld.json(run.requests)) then
    run, problem = nil, ("cannot write to %s"):format(run.folder)
  end
  if run and not start(run.folder) then run, problem = nil, ("cannot start %s"):format(PYTHON) end
  if not run then return problem and say(problem) end
  gfx.init(TITLE, 480, 84)
  reaper.atexit(function() stop(run) end)
  watch(run)
end

if reaper then msgld.main() end
return msgld
