// What the server tells is shown; what is pressed is sent. Texts of models are only ever textContent.
"use strict";
const at = id => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const canvases = new Map();    // canvas -> what draws it, given how much of the time has gone
let view = {phase: ""};        // what was told last
let said = [], turn = 0, unsure = false, hands = "", typingPrompt = false;  // what is being put together
let seen = 0, clock = 0, lastFrame = 0, playing = true, sending = false;
let acting = null, holding = null, timer = 0;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function tell(id, text) { if (at(id).textContent !== text) at(id).textContent = text; }
function status(text) { tell("status", text); }

const paints = {};             // as the style sheet has them, light or dark
function paint(name) {
  return paints[name] ||= getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// ---- drawing: pieces [kind, numbers and texts, colour, does it move?] in the unit square, y upwards

const MARKS = {bad: "\u273F", danger: "\u2715"};
const last = (list, n = 1) => list[list.length - n];

function drawPieces(context, pieces, size) {
  const texts = pieces.filter(piece => piece[0] === "W").map(piece => piece[3]);
  const widest = Math.max(1, ...texts.join("\n").split("\n").map(line => line.length));
  const letters = size * Math.min(1 / 15, 1.4 / widest / texts.length);
  context.lineCap = "round";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const piece of [...pieces].sort((one, other) => last(one) - last(other))) {
    const [kind, a, b, c, d] = piece, x = a * size, y = size - b * size;
    context.fillStyle = context.strokeStyle = paint(last(piece, 2));
    context.beginPath();
    if (kind === "L") {
      context.lineWidth = size * (last(piece) ? 0.02 : 0.01);
      context.moveTo(x, y);
      context.lineTo(c * size, size - d * size);
      context.stroke();
    } else if (kind === "C") {
      context.arc(x, y, c * size, 0, 7);
      context.fill();
    } else if (kind === "B") {
      const wide = (c - a) * size, tall = (d - b) * size, mark = MARKS[last(piece, 2)];
      context.fillRect(x, y - tall, wide, tall);
      context.fillStyle = paint("card");
      context.font = `${0.6 * Math.min(wide, tall)}px sans-serif`;
      if (mark) context.fillText(mark, x + wide / 2, y - tall / 2);
    } else {
      context.font = `${letters}px monospace`;
      const rows = c.split("\n"), above = (rows.length - 1) / 2;
      rows.forEach((row, i) => context.fillText(row, x, y + (i - above) * 1.3 * letters));
    }
  }
}

// The pieces between two frames: numbers of a moving piece go from one to the other.
function between(first, second, share) {
  return first.map((piece, i) => {
    const next = second[i];
    if (!next || next[0] !== piece[0] || !last(piece)) return piece;
    return piece.map((value, j) => typeof value === "number" && typeof next[j] === "number"
      ? value + share * (next[j] - value) : value);
  });
}

function secondsOf(clip) {
  if (!clip.frames) return 0.4;
  const steps = clip.frames.length - 1;
  return Math.max(steps * clip.seconds, Math.min(2.5, 0.5 * steps));
}

function longest() { return Math.max(0.4, ...(view.question?.clips || []).map(secondsOf)); }

function piecesAt(clip, share) {
  const place = Math.min(share, 1) * (clip.frames.length - 1), i = Math.floor(place);
  return clip.base.concat(between(clip.frames[i], clip.frames[i + 1] || [], place - i));
}

function prepared(canvas) {
  const wide = canvas.clientWidth, sharp = devicePixelRatio || 1, context = canvas.getContext("2d");
  canvas.width = canvas.height = Math.round(wide * sharp);
  context.scale(sharp, sharp);
  return [context, wide];
}

// A film strip of six moments, for those who want no motion.
function drawStrip(context, clip, wide) {
  for (let i = 0; i < 6; i++) {
    context.save();
    context.translate((i % 3) * wide / 3 + 3, Math.floor(i / 3) * wide / 2.4 + wide / 8);
    drawPieces(context, piecesAt(clip, i / 5), wide / 3 - 6);
    context.restore();
  }
}

function canvasOf(clip, label) {
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${label}: ${clip.words}`);
  canvases.set(canvas, (share, whole) => {
    const [context, wide] = prepared(canvas);
    if (clip.frames.length > 1 && !playing && clock === 0) return drawStrip(context, clip, wide);
    context.globalAlpha = 0.45;
    drawPieces(context, clip.pale || [], wide);
    context.globalAlpha = 1;
    drawPieces(context, piecesAt(clip, share * whole / (secondsOf(clip) || 1)), wide);
  });
  return canvas;
}

function frame(now) {
  const passed = Math.min(Math.max(now - lastFrame, 0), 100) / 1000;  // none while it is hidden
  const whole = longest();
  lastFrame = now;
  seen += passed;
  if (playing) clock = (clock + passed) % (whole + 0.6);
  const share = Math.min(clock / whole, 1);
  for (const [canvas, draw] of canvases) {
    if (canvas.isConnected) draw(share, whole); else canvases.delete(canvas);
  }
  at("gone").style.transform = `scaleX(${share})`;
  requestAnimationFrame(frame);
}

// ---- what is shown

function figureOf(clip, i, clips) {
  const figure = make("figure", clip.side || "");
  const name = clip.name || (clips.length > 1 ? String(i + 1) : ""), caption = make("figcaption");
  if (clip.frames) {
    figure.append(canvasOf(clip, name));
  } else {
    if (clip.prompt) figure.append(make("p", "prompt", clip.prompt));
    figure.append(make("blockquote", "", clip.words || "(nothing)"));
  }
  caption.append(make("b", "", name), clip.frames && clip.words.length < 40 ? `  ${clip.words}` : "");
  figure.append(caption);
  return figure;
}

function showClips() {
  const clips = view.question?.clips || [];
  at("clips").replaceChildren(...clips.map(figureOf));
  at("clips").className = (clips.length > 2 ? "many " : "") + (clips.some(clip => !clip.frames) ? "texts" : "");
  at("bar").hidden = !clips.some(clip => clip.frames);
  at("bar").className = view.question?.parts ? "parts" : "";
}

function showTyping(label, text, isPrompt = false) {
  typingPrompt = isPrompt;
  at("typing").hidden = text === undefined;
  tell("asked", label);
  at("typed").value = text || "";
  if (isPrompt) at("typed").focus();
}

const NAMES = {ArrowLeft: "\u2190", ArrowRight: "\u2192", ArrowUp: "\u2191", ArrowDown: "\u2193", Backspace: "\u232B"};

function buttonOf(option) {
  const button = make("button", `${option.side || ""} ${option.minor ? "minor" : ""}`);
  button.type = "button";
  if (option.key) button.append(make("kbd", "", NAMES[option.key] || option.key));
  button.append(option.label);
  button.onclick = () => press(option);
  button.setAttribute("aria-disabled", String(view.phase === "read" && !option.do));
  option.button = button;
  return button;
}

function options() { return view.more || view.options || []; }

function showOptions() {
  at("majors").replaceChildren(...options().filter(each => !each.minor).map(buttonOf));
  at("minors").replaceChildren(...options().filter(each => each.minor).map(buttonOf));
  const keys = options().filter(each => each.key).map(each =>
    `${NAMES[each.key] || each.key}: ${each.label || "number " + each.key}`);
  tell("help", [...keys, "space: pause or play", view.help || ""].join("\n"));
  showPressed();
}

function showPressed() {
  for (const {button, toggle, say, add} of options()) {
    const pressed = toggle ? unsure : say ? String(say) === String(view.yours) : said.includes(add);
    button.classList.toggle("pressed", pressed);
    button.setAttribute("aria-pressed", String(pressed));
  }
}

function rowOf(row) {
  const line = make("div", "row"), track = make("div"), filled = make("div", row.side || "");
  filled.style.width = `${100 * row.share}%`;
  track.append(filled);
  line.append(make("span", "", row.label), track, make("span", "number", row.number));
  return line;
}

function partOf(part) {
  const box = make("div", part.camps ? "camps" : "");
  if (part.big) box.append(make("p", "big", part.big));
  if (part.title) box.append(make("h2", "", part.title));
  box.append(...(part.rows || []).map(rowOf), ...(part.camps || []).map(partOf));
  if (part.saying) box.append(make("p", "saying", part.saying));
  return box;
}

function sideParts() {
  const {learned, guessed} = view, parts = [];
  const part = (title, ...shown) => parts.push(make("h2", "", title), ...shown);
  if (view.last) part("Your last answer", make("p", "", view.last));
  if (learned?.map) {
    part("Where it has learned to like being", canvasOf(learned.map, "what the reward model likes"),
      make("p", "", "discs: better than usual; crosses: worse"));
  }
  if (learned?.texts) {
    const list = make("div", "texts");
    for (const [text, reward] of learned.texts) {
      list.append(make("span", "", text || "(nothing)"), make("span", "", reward.toFixed(1)));
    }
    part("What it writes now, and likes", list);
  }
  if (guessed?.length) part("Guessed right before you answered", ...guessed.map(rowOf));
  return parts;
}

function render(told) {
  const before = view, isNew = name => JSON.stringify(told[name]) !== JSON.stringify(before[name]);
  view = told;
  turn = Math.max(turn, told.turn || 0);
  const another = isNew("question") || isNew("phase");
  if (another) {
    said = [];
    unsure = sending = false;
    hands = "";
    seen = clock = 0;
    playing = !calm.matches;
    document.body.dataset.phase = told.phase;
    status("");
    stopActing();
    showClips();
    showTyping("your text", told.question?.start);
  }
  for (const name of ["world", "progress", "title", "lead", "footer"]) tell(name, told[name] || "");
  if (another || isNew("options")) showOptions();
  if (isNew("yours")) showPressed();
  if (isNew("result")) at("result").replaceChildren(...(told.result || []).map(partOf));
  if (isNew("learned") || isNew("guessed") || isNew("last")) {
    at("side").replaceChildren(...sideParts());
    at("side").hidden = !at("side").children.length;
  }
}

// ---- what is pressed

async function send(path, message) {
  try {
    const reply = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"},
      body: JSON.stringify(message)});
    const told = reply.ok ? await reply.json() : null;
    status(told ? told.said : (await reply.text()).trim());
    return told;
  } catch (error) {
    status("the computer cannot be reached; press again in a moment");
    return null;
  }
}

async function vote(chosen) {
  const {question, yours} = view, asked = JSON.stringify(question);
  if (!question || sending) return;
  sending = true;
  turn += 1;
  view.yours = chosen;
  showPressed();
  const told = await send("/vote", {ballot: question.id, said: chosen, turn, ms: Math.round(seen * 1000),
    confidence: unsure ? 0.5 : undefined});
  sending = false;
  if (JSON.stringify(view.question) !== asked) return;
  Object.assign(view, {yours: told ? chosen : yours, more: undefined});
  said = [];
  unsure = false;
  tell("title", view.title);
  showOptions();
}

function tooSoon() { return seen < 0.3 * longest(); }  // to have seen something

function press(option) {
  if (option.do) return act(option.do);
  if (view.phase === "read") return status("voting is not open yet");
  if (option.toggle) {
    unsure = !unsure;
    showPressed();
    return status(unsure ? "your next answer counts as not sure" : "");
  }
  if (tooSoon()) return status("look first");
  if (option.say) return vote(option.say);
  if (said.includes(option.add) && !option.then) return status("once is enough");
  said.push(option.add);
  showPressed();
  if (said.length === view.question.wanted) return vote(said);
  status(`${said.length} of ${view.question.wanted}`);
  if (option.more) {
    view.more = option.more;
    tell("title", option.then);
    showOptions();
  }
}

async function act(what) {
  if (what === "prompt" && !typingPrompt) return showTyping("the user's turn", "", true);
  if (what === "undo" && (said.length || acting)) {
    view = {phase: ""};                // as if nothing had been shown: it is told again
    what = "look";
  }
  const text = what === "prompt" ? at("typed").value : hands;
  hands = "";
  turn += 1;
  return send("/do", {what, text, turn});
}

// ---- acting oneself: the server plays, the page steers

function stopActing() { clearInterval(timer); acting = holding = null; }

async function step(key) {
  if (acting.busy || acting.over) return;
  const mine = acting;
  mine.busy = true;
  const told = await send("/act", {ballot: view.question.id, from: mine.from, key});
  mine.busy = false;
  if (!told || mine !== acting) return;
  Object.assign(mine, {from: -1, over: told.over, frames: [told.pieces]});
  if (told.over) clearInterval(timer);
}

function beginActing() {
  const question = view.question, clip = question.clips[0], steps = clip.frames.length - 1;
  const from = question.anew ? 0 : Math.round(Math.min(clock / longest(), 1) * steps);
  acting = {from, base: [], frames: [piecesAt(clip, from / Math.max(steps, 1))], words: "", name: "your play"};
  at("clips").replaceChildren(figureOf(acting, 0, []));
  at("bar").hidden = true;
  if (question.live) timer = setInterval(() => step(holding), question.live);
}

// ---- keys

function onKey(event) {
  if (event.key === "Escape" && typingPrompt) return showTyping("your text", view.question.start);
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
  let key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "PageDown") key = "Enter";           // of a clicker
  if (key === "u") key = "Backspace";
  if ((key === "Enter" || key === " ") && event.target.tagName === "BUTTON") return;
  if (onOurKey(key, event.repeat)) event.preventDefault();
}

// Whether a key means something here.
function onOurKey(key, repeated) {
  const question = view.question, option = options().find(each => each.key === key);
  if (question?.steer && key in question.steer) {  // some games need a key of ours: then press its button
    if (!acting) beginActing();
    holding = question.steer[key];
    if (!question.live) step(holding);
  } else if (view.hands && (/^[0-9]$/.test(key) || (hands && [" ", "Backspace", "Escape"].includes(key)))) {
    hands = key === "Backspace" ? hands.slice(0, -1) : key === "Escape" ? "" : hands + key;
    status(hands && `show of hands: ${hands}  (Enter keeps, \u232B mends)`);
  } else if (hands && key === "Enter") {
    act("hands");
  } else if (key === "?") {
    at("keys").click();
  } else if (option) {
    if (!repeated) press(option);
  } else if (key === " " && question) {
    playing = !playing;
    clock = Math.max(clock, 0.001);
    status(playing ? "playing" : "paused");
  } else {
    return false;
  }
  return true;
}

at("keys").onclick = () => {
  at("help").hidden = !at("help").hidden;
  at("keys").setAttribute("aria-expanded", String(!at("help").hidden));
};
at("typing").onsubmit = event => {
  event.preventDefault();
  if (typingPrompt) act("prompt"); else send("/act", {ballot: view.question.id, text: at("typed").value});
};
document.addEventListener("keydown", onKey);
calm.addEventListener("change", () => { playing = !calm.matches; clock = 0; });
dark.addEventListener("change", () => Object.keys(paints).forEach(name => delete paints[name]));

// ---- staying in touch: the server gives a sign of life every 5 s

let source = null, heard = 0;
function connect() {
  source?.close();
  heard = performance.now();
  source = new EventSource("/events");
  source.onmessage = event => {
    heard = performance.now();
    at("link").hidden = true;
    const told = JSON.parse(event.data);           // all that is shown, or what is new of it
    if (event.data !== "{}") render(told.phase ? told : {...view, ...told});
  };
  source.onerror = () => {
    at("link").hidden = false;
    if (source.readyState === 2) setTimeout(connect, 1000 + 4000 * Math.random());
  };
}
setInterval(() => {
  if (performance.now() - heard < 12_000) return;  // a dead line, or a phone that has slept
  at("link").hidden = false;
  connect();
}, 1000);
connect();
requestAnimationFrame(frame);
