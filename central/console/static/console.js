// What pages cannot do by themselves: count ages on, say when the stream is lost, keep the title true. Works without all of it.

const body = document.body;
const lag = Date.now() - Date.parse(body.dataset.now); // the server's clock decides
const language = body.dataset.language;
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const words = new Intl.RelativeTimeFormat(language, { style: "short" });

function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const seconds = Math.max(1, (Date.now() - lag - Date.parse(time.dateTime)) / 1000);
    const [unit, size] = units.find(([, size]) => seconds >= size * 1.2) ?? units[3];
    time.textContent = words.format(-Math.round(seconds / size), unit);
    if (time.dataset.stale) time.classList.toggle("stale", seconds > Number(time.dataset.stale));
  }
  for (const time of document.querySelectorAll("time[data-until]")) {
    const seconds = Math.max(0, Math.floor((Date.parse(time.dateTime) - Date.now() + lag) / 1000));
    time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}
setInterval(tick, 1000);

// --- one key in the row that has the focus presses its button: `a` acknowledges (only there, so that no stray key acts) ---
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const row = event.target.closest(".row, .alarm");
  [...row?.querySelectorAll("button[data-press]") ?? []].find((button) => button.dataset.press === event.key)?.click();
});

// --- the live stream ---
const lost = document.getElementById("lost");
let since = null;

function say(isLost) {
  if (!lost || isLost === !lost.hidden) return;
  since = isLost ? new Date() : null;
  const clock = since?.toLocaleTimeString(language, { hour12: false, hour: "2-digit", minute: "2-digit" });
  lost.textContent = isLost ? lost.dataset.text.replace("{time}", clock) : "";
  lost.hidden = !isLost;
}

body.addEventListener("htmx:sse:after:connection", () => say(false));
body.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) location.reload(); // signed out elsewhere
  else say(true);
});
body.addEventListener("htmx:sse:after:message", () => {
  const title = document.querySelector("main h1");
  if (title) document.title = `${title.textContent.trim()} · Tallyhouse`;
  document.dispatchEvent(new Event("live"));
});

// --- the row under a finger never moves: while a pointer or the focus is in the list, what arrives waits behind a button ---
let isPointing = false;
const rows = () => document.querySelector("#inbox .rows");

function pointed(event) {
  isPointing = Boolean(event.target.closest?.("#inbox .rows"));
  if (!isPointing) release();
}
addEventListener("pointerover", pointed);
addEventListener("pointerdown", pointed);
addEventListener("pointerup", (event) => event.pointerType === "touch" && setTimeout(() => { isPointing = false; release(); }, 1000));
document.documentElement.addEventListener("pointerleave", () => { isPointing = false; release(); });
addEventListener("focusout", () => setTimeout(release));
addEventListener("click", (event) => event.target.closest("#arrivals") && redraw());

function isInUse() {
  return isPointing || Boolean(rows()?.contains(document.activeElement));
}

function release() {
  const button = document.getElementById("arrivals");
  if (button && !button.hidden && !isInUse()) redraw();
}

function redraw() {
  htmx.ajax("GET", document.getElementById("arrivals").dataset.redraw, { source: document.getElementById("inbox"), swap: "none" });
}

body.addEventListener("htmx:before:swap", (event) => {
  if (!event.target.hasAttribute("hx-sse:connect") || !isInUse()) return;
  const held = event.detail.tasks.findIndex((task) => task.target?.id === "inbox");
  if (held < 0) return;
  const ids = (list) => [...list].map((row) => row.id);
  const before = ids(rows().children);
  const after = ids(event.detail.tasks[held].fragment.querySelectorAll(".rows > li"));
  if (before.join() === after.join()) return;
  event.detail.tasks.splice(held, 1);
  const button = document.getElementById("arrivals");
  const count = after.filter((id) => !before.includes(id)).length;
  button.textContent = count ? button.dataset.new.replace("{count}", count) : button.dataset.changed;
  button.hidden = false;
});

// --- what somebody opened or closed stays so when a live update redraws it: nobody's form shuts under their hands ---
body.addEventListener("htmx:before:swap", (event) => {
  for (const { target, fragment } of event.detail.tasks) {
    const before = target?.querySelectorAll?.("details") ?? [];
    const after = fragment?.querySelectorAll?.("details") ?? [];
    if (before.length === after.length) before.forEach((part, place) => { after[place].open = part.open; });
  }
});

// --- a link to a closed part opens it ---
function open() {
  const part = location.hash && document.getElementById(location.hash.slice(1));
  if (part instanceof HTMLDetailsElement) part.open = true;
}
addEventListener("hashchange", open);
open();
