// What the server tells is shown; what is pressed is sent. Texts of models are only ever textContent.
"use strict";
const at = id => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const canvases = new Map();            // canvas -> what draws it, given the seconds since it began
let view = {rev: -1, phase: ""};       // the newest that was told
let said = [], turn = 0, typed = "";   // what is being put together
let began = 0, seen = 0, lastFrame = 0, clock = 0, playing = true, sending = false;
let holding = null, acting = null, timer = 0;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function put(parent, ...children) { parent.replaceChildren(...children); return parent; }
function status(text) { if (at("status").textContent !== text) at("status").textContent = text; }

const paints = {};                     // as the style sheet has them, light or dark
function paint(name) {
  return paints[name] ||= getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// ---- drawing

const MARKS = {bad: "\u273F", danger: "\u2715"};

function drawPieces(context, pieces, size) {
  const gap = places => {
    const sorted = [...new Set(places.concat(2))].sort((a, b) => a - b);
    return Math.min(1, ...sorted.slice(1).map((place, i) => place - sorted[i]));
  };
  const words = pieces.filter(piece => piece[0] === "W");
  const lines = words.map(piece => piece[3].split("\n"));
  const tall = gap(words.map(piece => piece[2])) / Math.max(1, ...lines.map(each => each.length)) / 1.3;
  const longest = Math.max(1, ...lines.flat().map(line => line.length));
  const letters = size * Math.min(tall, gap(words.map(piece => piece[1])) / longest / 0.65, 1 / 12);
  context.lineCap = "round";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const piece of [...pieces].sort((a, b) => a[a.length - 1] - b[b.length - 1])) {
    const moving = piece[piece.length - 1], color = piece[piece.length - 2];
    const numbers = piece.slice(1).map(each => each * size);
    context.fillStyle = context.strokeStyle = paint(color);
    context.beginPath();
    if (piece[0] === "L") {
      context.lineWidth = size * (moving ? 0.02 : 0.01);
      context.moveTo(numbers[0], size - numbers[1]);
      context.lineTo(numbers[2], size - numbers[3]);
      context.stroke();
    } else if (piece[0] === "C") {
      context.arc(numbers[0], size - numbers[1], numbers[2], 0, 7);
      context.fill();
    } else if (piece[0] === "B") {
      const [x0, y0, x1, y1] = numbers;
      context.fillRect(x0, size - y1, x1 - x0, y1 - y0);
      if (MARKS[color]) {
        context.fillStyle = paint("card");
        context.font = `${0.6 * Math.min(x1 - x0, y1 - y0)}px sans-serif`;
        context.fillText(MARKS[color], (x0 + x1) / 2, size - (y0 + y1) / 2);
      }
    } else {
      context.font = `${letters}px monospace`;
      const rows = piece[3].split("\n");
      rows.forEach((row, i) => context.fillText(row, numbers[0],
        size - numbers[1] + (i - (rows.length - 1) / 2) * 1.3 * letters));
    }
  }
}

// The pieces between two frames: numbers of a moving piece go from one to the other.
function between(first, second, share) {
  return first.map((piece, i) => {
    const next = second[i];
    if (!next || next[0] !== piece[0] || !piece[piece.length - 1]) return piece;
    return piece.map((value, j) => typeof value === "number" && typeof next[j] === "number"
      ? value + share * (next[j] - value) : value);
  });
}

function secondsOf(clip) {
  if (!clip.frames) return 0.4;
  const steps = clip.frames.length - 1;
  return Math.max(steps * clip.seconds, Math.min(2.5, 0.5 * steps));
}

function frameAt(clip, share) {
  const place = Math.min(Math.max(share, 0), 1) * (clip.frames.length - 1), i = Math.floor(place);
  const next = clip.frames[Math.min(i + 1, clip.frames.length - 1)];
  return clip.base.concat(between(clip.frames[i], next, place - i));
}

function prepared(canvas) {
  const wide = canvas.clientWidth, high = canvas.clientHeight, sharp = devicePixelRatio || 1;
  if (canvas.width !== Math.round(wide * sharp) || canvas.height !== Math.round(high * sharp)) {
    canvas.width = Math.round(wide * sharp);
    canvas.height = Math.round(high * sharp);
  }
  const context = canvas.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, wide, high);
  return [context, wide, high];
}

// A film strip of six moments, for those who want no motion.
function drawStrip(canvas, clip) {
  const [context, wide] = prepared(canvas), size = wide / 3 - 6;
  for (let i = 0; i < 6; i++) {
    context.save();
    context.translate((i % 3) * wide / 3 + 3, Math.floor(i / 3) * wide / 2.4 + wide / 8);
    context.beginPath();
    context.rect(0, 0, size, size);
    context.clip();
    drawPieces(context, frameAt(clip, i / 5), size);
    context.restore();
    context.fillStyle = paint("soft");
    context.font = "12px sans-serif";
    context.fillText(String(i + 1), (i % 3) * wide / 3 + wide / 6,
      Math.floor(i / 3) * wide / 2.4 + wide / 8 + size + 10);
  }
}

function canvasOf(clip, label) {
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${label}: ${clip.words}`);
  canvases.set(canvas, (now, longest) => {
    if (!playing && clock === 0) return drawStrip(canvas, clip);
    const [context, wide] = prepared(canvas);
    drawPieces(context, frameAt(clip, now * longest / secondsOf(clip)), wide);
  });
  return canvas;
}

function longest() { return Math.max(0.4, ...(view.question ? view.question.clips : []).map(secondsOf)); }

function frame(now) {
  const passed = Math.min(Math.max(now - lastFrame, 0), 100) / 1000;  // `now` may lie before an event's
  lastFrame = now;
  seen += passed;
  const whole = longest();
  if (playing) clock = (clock + passed) % (whole + 0.6);
  const share = Math.min(clock / whole, 1);
  for (const [canvas, draw] of canvases) {
    if (canvas.isConnected) draw(share, whole); else canvases.delete(canvas);
  }
  at("gone").style.transform = `scaleX(${share})`;
  requestAnimationFrame(frame);
}

// Where the policy has been: discs where it was good to be, crosses where it was not.
function mapOf(learned) {
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "where the reward model likes to be: " +
    learned.map.filter(each => each[2] > 0).length + " places better than usual, " +
    learned.map.filter(each => each[2] <= 0).length + " worse");
  canvases.set(canvas, share => {
    const [context, size] = prepared(canvas);
    context.globalAlpha = 0.45;
    drawPieces(context, frameAt(learned.now, 0), size);
    context.globalAlpha = 1;
    for (const [x, y, value] of learned.map) {
      const radius = size * (0.008 + 0.028 * Math.sqrt(Math.abs(value)));
      context.beginPath();
      context.lineWidth = 3;
      context.fillStyle = context.strokeStyle = paint(value > 0 ? "agent" : "danger");
      if (value > 0) {
        context.arc(x * size, size - y * size, radius, 0, 7);
        context.fill();
      } else {
        for (const side of [-1, 1]) {
          context.moveTo(x * size - radius, size - y * size - side * radius);
          context.lineTo(x * size + radius, size - y * size + side * radius);
        }
        context.stroke();
      }
    }
  });
  return canvas;
}

// Accuracy of the reward model on answers that it had not seen, round by round, and one's own consistency.
function chartOf(chart) {
  const canvas = make("canvas", "chart"), points = chart.accuracy.filter(each => each !== null);
  const named = `accuracy on new answers: ${points.map(each => Math.round(100 * each) + " %").join(", ")}`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", named);
  canvases.set(canvas, () => {
    const [context, wide, high] = prepared(canvas);
    const x = i => 34 + (wide - 44) * (i + 0.5) / Math.max(chart.accuracy.length, 1);
    const y = share => high - 14 - (high - 28) * (share - 0.3) / 0.7;
    context.font = "12px sans-serif";
    context.textBaseline = "middle";
    for (const share of [0.5, 1]) {
      context.fillStyle = paint("soft");
      context.fillText(`${100 * share} %`, 0, y(share));
      context.fillStyle = paint("edge");
      context.fillRect(34, y(share), wide - 34, 1);
    }
    context.strokeStyle = context.fillStyle = paint("agent");
    context.lineWidth = 2.5;
    context.beginPath();
    chart.accuracy.forEach((share, i) => share !== null && context.lineTo(x(i), y(share)));
    context.stroke();
    chart.accuracy.forEach((share, i) => share !== null && context.fillRect(x(i) - 3, y(share) - 3, 6, 6));
    if (chart.consistency !== null) {
      context.strokeStyle = paint("danger");
      context.setLineDash([6, 5]);
      context.beginPath();
      context.moveTo(34, y(chart.consistency));
      context.lineTo(wide, y(chart.consistency));
      context.stroke();
      context.setLineDash([]);
    }
  });
  return canvas;
}

// ---- what is shown

function clipFigure(clip, i) {
  const figure = make("figure", clip.side || ""), name = clip.name || (view.question.clips.length > 1 ? String(i + 1) : "");
  if (!clip.frames) {
    if (clip.prompt) figure.append(make("p", "prompt", clip.prompt));
    figure.append(make("blockquote", "", clip.words || "(nothing)"));
  } else {
    figure.append(canvasOf(clip, name));
  }
  const caption = make("figcaption");
  caption.append(make("b", "", name), clip.frames && clip.words.length < 40 ? `  ${clip.words}` : "");
  figure.append(caption);
  return figure;
}

function showClips(question) {
  const clips = question ? question.clips : [];
  put(at("clips"), ...clips.map(clipFigure));
  at("clips").className = (clips.length > 2 ? "many " : "") + (clips.some(clip => !clip.frames) ? "texts" : "");
  at("bar").hidden = !clips.some(clip => clip.frames);
  at("bar").className = question && question.parts ? "parts" : "";
  at("bar").setAttribute("aria-hidden", "true");
}

const NAMES = {ArrowLeft: "\u2190", ArrowRight: "\u2192", ArrowUp: "\u2191", ArrowDown: "\u2193", Backspace: "\u232B",
  Enter: "Enter", " ": "space"};

function buttonOf(option) {
  const button = make("button", `${option.side || ""} ${option.minor ? "minor" : ""}`);
  button.type = "button";
  if (option.key) button.append(make("kbd", "", NAMES[option.key] || option.key));
  button.append(option.label);
  button.onclick = () => press(option, button);
  option.button = button;
  const now = view.yours && option.say && String(option.say) === String(view.yours);
  button.classList.toggle("pressed", Boolean(now));
  button.setAttribute("aria-pressed", String(Boolean(now)));
  button.setAttribute("aria-disabled", String(view.phase === "read"));
  return button;
}

function showOptions() {
  put(at("options"), ...(view.options || []).map(buttonOf));
}

function bar(row) {
  const line = make("div", "row"), track = make("div"), filled = make("div", row.side || "");
  filled.style.width = `${100 * row.share}%`;
  track.append(filled);
  line.append(make("span", "", row.label), track, make("span", "number", row.number));
  return line;
}

function showResult(result) {
  const parts = [];
  for (const each of result || []) {
    if (each.big) parts.push(make("p", "big", each.big));
    if (each.title) parts.push(make("h2", "", each.title));
    for (const row of each.rows || []) parts.push(bar(row));
    if (each.saying) parts.push(make("p", "small", each.saying));
    if (each.camps) {
      const camps = make("div", "camps");
      for (const camp of each.camps) {
        const box = make("div");
        box.append(make("h2", "", camp.title), ...camp.rows.map(bar));
        camps.append(box);
      }
      parts.push(camps);
    }
  }
  put(at("result"), ...parts);
}

function showSide() {
  const learned = view.learned, parts = [];
  if (view.last) parts.push(make("h2", "", "Your last answer"), make("p", "", view.last));
  if (learned && learned.map && learned.map.length) {
    parts.push(make("h2", "", "Where it has learned to like being"), mapOf(learned),
      make("p", "", "discs: better than usual; crosses: worse"));
  }
  if (learned && learned.texts) {
    const list = make("div", "texts");
    for (const [text, reward] of learned.texts) list.append(make("span", "", text || "(nothing)"), make("span", "", reward.toFixed(1)));
    parts.push(make("h2", "", "What it writes now, and likes"), list);
  }
  if (view.chart && view.chart.accuracy.some(each => each !== null)) {
    const own = view.chart.consistency === null ? "" : "; dashed: you agree with yourself";
    parts.push(make("h2", "", "Guessed right before you answered"), chartOf(view.chart), make("p", "", `by round${own}`));
  }
  put(at("side"), ...parts);
  at("side").hidden = !parts.length;
}

function render(told) {
  if (told.boot === view.boot && told.rev <= view.rev) return;
  const before = view, question = told.question && told.question.id;
  view = told;
  turn = Math.max(turn, told.turn || 0);
  if (question !== (before.question && before.question.id) || told.phase !== before.phase) {
    said = [];
    typed = "";
    sending = false;
    status("");
    began = performance.now();
    seen = clock = 0;
    playing = !calm.matches;
    stopActing();
    showClips(told.question);
    document.body.dataset.phase = told.phase;
    at("typing").hidden = !told.question || told.question.start === undefined;
    at("typed").value = told.question && told.question.start || "";
  }
  at("world").textContent = told.world;
  at("progress").textContent = told.progress || "";
  at("title").textContent = told.title;
  at("lead").textContent = told.lead || "";
  at("footer").textContent = told.footer || "";
  at("help").textContent = told.help || "";
  at("keys").hidden = !told.help;
  showOptions();
  showResult(told.result);
  showSide();
  if (told.note) status(told.note);
}

// ---- what is pressed

async function send(path, message) {
  try {
    const reply = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"},
      body: JSON.stringify(message)});
    if (reply.ok) return await reply.json();
    status((await reply.text()).trim());
  } catch (error) {
    status("the computer cannot be reached; press again in a moment");
  }
  return null;
}

async function vote(option, chosen) {
  const question = view.question;
  if (!question || sending) return;
  sending = true;
  turn += 1;
  for (const other of view.options) if (other.button) other.button.classList.toggle("pressed", other === option);
  const told = await send("/vote", {ballot: question.id, said: chosen, turn, ms: Math.round(seen * 1000)});
  sending = false;
  if (told) {
    status(told.said);
    if (view.question && view.question.id === question.id) view.yours = chosen;
  }
  if (view.question && view.question.id === question.id) showOptions();
}

// Long enough to have seen something: a third of it.
function tooSoon() { return performance.now() - began < 300 * longest(); }

function press(option, button) {
  if (option.do) return act(option.do);
  if (view.phase === "read") return status("voting is not open yet");
  if (tooSoon()) return status("look first");
  if (said.includes(option.add) && !option.then) return status("once is enough");
  if (option.say && !option.more) return vote(option, option.say);
  said.push(option.add);
  button.classList.add("pressed");
  button.setAttribute("aria-pressed", "true");
  if (said.length === view.question.wanted) return vote(option, said);
  status(`${said.length} of ${view.question.wanted}`);
  if (option.more) {
    view.options = option.more;
    at("title").textContent = option.then;
    showOptions();
  }
}

async function act(what) {
  if (what === "undo" && said.length) {
    said = [];
    what = "look";
  }
  if (acting && what === "undo") { stopActing(); what = "look"; }
  const text = typed;
  typed = "";
  const told = await send("/do", {what, text});
  if (told && told.said) status(told.said);
  if (told && what === "look") showClips(view.question);
}

// ---- acting oneself: the server plays, the page steers

function stopActing() { clearInterval(timer); timer = 0; acting = null; holding = null; }

async function step(action) {
  if (!acting || acting.busy || acting.over) return;
  acting.busy = true;
  const told = await send("/act", {ballot: view.question.id, from: acting.from, action});
  if (!acting) return;
  acting.busy = false;
  if (!told) return;
  acting.from = -1;
  acting.over = told.over;
  acting.pieces = told.pieces;
  status(told.said);
  if (told.over) clearInterval(timer);
}

function beginActing() {
  const question = view.question;
  const steps = question.clips[0].frames.length - 1;
  const share = question.anew ? 0 : Math.min(clock / longest(), 1);
  acting = {from: Math.round(share * steps), pieces: frameAt(question.clips[0], Math.round(share * steps) / Math.max(steps, 1))};
  const figure = make("figure", "said"), canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "your play");
  figure.append(canvas, put(make("figcaption"), make("b", "", "you")));
  put(at("clips"), figure);
  canvases.set(canvas, () => {
    const [context, wide] = prepared(canvas);
    if (acting) drawPieces(context, acting.pieces, wide);
  });
  at("bar").hidden = true;
  if (question.live) timer = setInterval(() => holding !== null && step(holding), question.live);
}

// ---- keys

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  let key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "PageDown") key = "Enter";
  if (key === "u") key = "Backspace";
  if ((key === "Enter" || key === " ") && event.target.tagName === "BUTTON") return;
  if (key === "?") { event.preventDefault(); return at("keys").click(); }
  const question = view.question, steer = question && question.steer;
  if (steer && key in steer && (acting || !view.options.some(option => option.key === key))) {
    event.preventDefault();
    if (!acting) beginActing();
    holding = steer[key];
    if (!question.live) step(holding);
    return;
  }
  if (view.hands && (/^[0-9]$/.test(key) || (typed && (key === " " || key === "Backspace" || key === "Escape")))) {
    event.preventDefault();
    typed = key === "Backspace" ? typed.slice(0, -1) : key === "Escape" ? "" : typed + key;
    return status(typed ? `show of hands: ${typed}  (Enter keeps, \u232B mends)` : "");
  }
  if (view.hands && typed && key === "Enter") { event.preventDefault(); return act("hands"); }
  if (key === " " && question && !(view.options || []).some(option => option.key === " ")) {
    event.preventDefault();
    if (playing) { playing = false; clock = Math.max(clock, 0.001); } else playing = true;
    return status(playing ? "playing" : "paused");
  }
  const option = (view.options || []).find(each => each.key === key);
  if (option) { event.preventDefault(); if (!event.repeat) option.button.click(); }
}

at("keys").onclick = () => {
  at("help").hidden = !at("help").hidden;
  at("keys").setAttribute("aria-expanded", String(!at("help").hidden));
};
at("typing").onsubmit = event => {
  event.preventDefault();
  send("/act", {ballot: view.question.id, text: at("typed").value}).then(told => told && status(told.said));
};
document.addEventListener("keydown", onKey);
calm.addEventListener("change", () => { playing = !calm.matches; clock = 0; });
dark.addEventListener("change", () => Object.keys(paints).forEach(name => delete paints[name]));

// ---- staying in touch

let source = null;
function connect() {
  source = new EventSource("/events");
  source.onopen = () => { at("link").hidden = true; };
  source.onmessage = event => render(JSON.parse(event.data));
  source.onerror = () => {
    at("link").hidden = false;
    if (source.readyState === 2) setTimeout(connect, 1000 + 4000 * Math.random());
  };
}
connect();
requestAnimationFrame(frame);
