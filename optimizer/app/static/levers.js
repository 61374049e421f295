"use strict";
// Levers: a number to type and, where there is room, a slider for each; one request at a time.

const desk = { state: null, levers: [], now: {} };

desk.token = document.querySelector("meta[name=token]").content;

desk.make = (name, properties = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
};

desk.read = async (name) => {
  const answer = await fetch(`/api/${name}`, { headers: { "X-Token": desk.token } });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
};

desk.wish = async (name, said = {}) => {
  let answer;
  try {
    answer = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "X-Token": desk.token, "Content-Type": "application/json" },
      body: JSON.stringify(said),
    });
  } catch {
    desk.lose("The command does not answer: it may have ended.");
    return false;
  }
  const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!desk.isLost) desk.lose("");
  // What was refused before is over; of the move that was made last it still holds.
  desk.refuse(answer.ok ? desk.state?.refused ?? "" : told.refused || `Refused: ${answer.status}`);
  return answer.ok;
};

// Moves wait for one another; of a lever that is dragged only the last place is sent.
desk.waiting = [];
desk.isSending = false;

desk.move = (address, value, rests) => {
  const last = desk.waiting.at(-1);
  if (last && last.address === address) Object.assign(last, { value, rests });
  else desk.waiting.push({ address, value, rests });
  desk.send();
};

desk.send = async () => {
  if (desk.isSending) return;
  desk.isSending = true;
  try {
    while (desk.waiting.length) {
      const { address, value, rests } = desk.waiting.shift();
      await desk.wish("move", { changes: { [address]: value }, rests });
    }
  } finally {
    desk.isSending = false;
  }
};

// A file of the plan, handed to the browser as a download.
desk.download = async (name) => {
  const answer = await fetch(`/api/file/${name}`, { headers: { "X-Token": desk.token } });
  if (!answer.ok) return desk.refuse((await answer.json()).refused);
  desk.refuse(desk.state?.refused ?? "");
  const link = desk.make("a", { href: URL.createObjectURL(await answer.blob()), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

desk.plain = (number) => String(Number(Number(number).toPrecision(12)));

// The change that sets a lever: none where its number is that of before, and nothing else sets it.
desk.setLever = (lever, number, rests) => {
  const now = desk.now[lever.address];
  let change = lever.kind === "percent" ? `*${desk.plain(number / 100)}` : number;
  if (number === lever.value && !now?.covered) change = null;
  desk.move(now?.own ?? lever.address, change, rests);
};

desk.drawLevers = () => {
  const groups = new Map();
  for (const lever of desk.levers) {
    if (!groups.has(lever.group)) groups.set(lever.group, []);
    groups.get(lever.group).push(lever);
  }
  const drawn = [];
  for (const [name, levers] of groups) {
    const details = desk.make("details", { open: drawn.length < 1 });
    details.append(desk.make("summary", {}, `${name} (${levers.length})`));
    levers.forEach((lever) => details.append(desk.drawLever(lever)));
    drawn.push(details);
  }
  document.getElementById("groups").replaceChildren(...drawn);
};

desk.drawLever = (lever) => {
  const id = `lever-${desk.levers.indexOf(lever)}`;
  const name = lever.kind === "percent" ? `${lever.name}, %` : lever.name;
  lever.number = desk.make("input", { id, type: "number", step: "any", value: desk.plain(lever.value) });
  lever.number.dataset.address = lever.address;
  lever.number.setAttribute("aria-describedby", `${id}-note`);
  lever.back = desk.make("button", { type: "button", hidden: true, "aria-label": `${name} as it was` }, "As it was");
  lever.note = desk.make("p", { id: `${id}-note`, className: "small note" }, lever.note || "");
  lever.told = lever.note.textContent;
  lever.row = desk.make("div", { className: "lever" }, desk.make("label", { for: id }, name), lever.number);
  if (lever.most > lever.least) {
    const { least: min, most: max, step } = lever;
    lever.slider = desk.make("input", { type: "range", min, max, step, "aria-label": `${name}, slider` });
    lever.slider.value = lever.value;
    lever.slider.addEventListener("input", () => {
      lever.slider.dataset.moving = "yes";
      lever.number.value = desk.plain(lever.slider.value);
      desk.setLever(lever, Number(lever.slider.value), false);
    });
    lever.slider.addEventListener("change", () => {
      delete lever.slider.dataset.moving;
      desk.setLever(lever, Number(lever.slider.value), true);
    });
    lever.row.append(lever.slider, lever.back);
  } else {
    lever.row.append(desk.make("span"), lever.back);
  }
  lever.row.append(lever.note);
  lever.number.addEventListener("input", () => { lever.number.dataset.moving = "yes"; });
  lever.number.addEventListener("change", () => {
    delete lever.number.dataset.moving;
    if (lever.number.value === "") return desk.showLever(lever);
    desk.setLever(lever, Number(lever.number.value), true);
  });
  lever.back.addEventListener("click", () => {
    lever.number.focus();
    desk.move(desk.now[lever.address].own, null, true);
  });
  return lever.row;
};

desk.showLever = (lever) => {
  const now = desk.now[lever.address];
  const number = now ? now.number : lever.value;
  if (!lever.number.dataset.moving) lever.number.value = number === null ? "" : desk.plain(number);
  if (lever.slider && !lever.slider.dataset.moving) {
    if (number !== null) lever.slider.value = number;
  }
  lever.row.classList.toggle("moved", Boolean(now));
  lever.back.hidden = !now?.own;
  const told = now ? [`Was ${desk.plain(lever.value)}.`] : [];
  if (number === null) told.push("Now not one number for all.");
  else if (now?.covered) told.push(now.own ? "Set by another change as well." : "Set by another change.");
  lever.note.textContent = [...told, lever.told].join(" ").trim();
};

desk.showSetting = (setting) => {
  desk.now = setting.levers;
  desk.levers.forEach(desk.showLever);
  const items = setting.changes.map(({ address, text, is_overridden: isOverridden }) => {
    const back = desk.make("button", { type: "button", "aria-label": `Take back ${text}` }, "Take back");
    back.addEventListener("click", () => {
      document.getElementById("set").focus();
      desk.move(address, null, true);
    });
    const told = isOverridden ? `${text} (of no effect: a later change sets the same)` : text;
    return desk.make("li", {}, desk.make("span", {}, told), back);
  });
  const others = setting.demands.map((text) => [text, () => desk.wish("demand", { fewer: [text] })]);
  if (setting.kept) others.push([setting.kept.text, () => desk.wish("keep", { years: [] })]);
  for (const [text, takeBack] of others) {
    const back = desk.make("button", { type: "button", "aria-label": `Take back ${text}` }, "Take back");
    back.addEventListener("click", () => {
      document.getElementById("set").focus();
      takeBack();
    });
    items.push(desk.make("li", {}, desk.make("span", {}, text), back));
  }
  if (!items.length) items.push(desk.make("li", {}, "Nothing is moved: policy and case as they are."));
  document.getElementById("set").replaceChildren(...items);
};
