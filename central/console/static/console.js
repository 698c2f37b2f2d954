// What pages cannot do by themselves: count ages on, say when the stream is lost, keep the title true. Works without all of it.

const body = document.body;
const lag = Date.now() - Date.parse(body.dataset.now); // the server's clock decides
const language = body.dataset.language;
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function age(moment) {
  const seconds = Math.max(1, (Date.now() - lag - Date.parse(moment)) / 1000);
  const [unit, size] = units.find(([, size]) => seconds >= size * 1.2) ?? units[3];
  return new Intl.RelativeTimeFormat(language, { style: "short" }).format(-Math.round(seconds / size), unit);
}

function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) time.textContent = age(time.dateTime);
}
setInterval(tick, 1000);

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

// --- a link to a closed part opens it ---
function open() {
  const part = location.hash && document.getElementById(location.hash.slice(1));
  if (part instanceof HTMLDetailsElement) part.open = true;
}
addEventListener("hashchange", open);
open();
