"use strict";
// What comes from the program, and what is asked of it.

const at = (id) => document.getElementById(id);

const PHASES = {
  reading: "Reading policy and case …",
  scales: "Working out the scales of the goals …",
  changing: "Changing the model …",
  relaxation: "Solving the relaxation …",
  relaxed: "The relaxation is solved. Next: the plan …",
  solving: "Looking for the plan …",
  clashing: "No plan keeps every rule. Looking for what clashes …",
  answering: "Working out the answer …",
  plan: "This is the plan.",
  "nothing fits": "No plan keeps every rule.",
  stopped: "Stopped before a plan was found.",
  failed: "This went wrong:",
};
// Why there is no newer plan, where none is on its way.
const OLD = {
  "nothing fits": "no plan keeps every rule as it is set",
  stopped: "of what is set none was found in time",
  failed: "what is set could not be worked out",
};
const SECTIONS = [
  ["slots", "Slots: by track, country, year, and the map of regions"],
  ["budgets", "Money: budget lines"],
  ["integration", "Money: integration budget"],
  ["agreements", "Agreements"],
  ["services", "Services"],
  ["people", "How entrants end"],
  ["fairness", "Fairness"],
  ["stakeholders", "Stakeholders"],
  ["rules", "Binding rules"],
];

const alarm = (id) => (text) => {
  at(id).hidden = !text;
  at(id).textContent = text;
};
desk.refuse = alarm("refused");
desk.lose = alarm("lost");

const fixed = (number, digits = 2) =>
  number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");

const showProgress = ({ phase, progress, plan, is_current: isCurrent }) => {
  let text = "";
  if (progress) {
    text = `${fixed(progress.seconds, 1)} s`;
    if (progress.total) text = `${progress.done} of ${progress.total} done, ${text}`;
    if (progress.total && progress.seconds_left) text += `, about ${Math.ceil(progress.seconds_left / 10) * 10} s left at this rate`;
    if (progress.points !== null) text += ` · plan ${fixed(progress.points)}`;
    if (progress.bound !== null) text += ` · none above ${fixed(progress.bound)}`;
    if (progress.gap !== null) text += ` · gap ${fixed(100 * progress.gap)}%`;
  } else if (phase === "plan" && plan && isCurrent && plan.gap !== null) {
    const proof = plan.status === "optimal" ? "proven best" : `within ${fixed(100 * plan.gap)}% of the best (proven)`;
    text = `${fixed(plan.points)} points, ${proof}`;
  }
  at("progress").textContent = text;
};

const isImpossible = (relaxation) => relaxation !== null && relaxation.points === null;

const showBound = ({ relaxation, plan, phase, is_current: isCurrent }) => {
  const parts = [];
  if (phase === "nothing fits") parts.push("No plan keeps every rule as it is set.");
  else if (isImpossible(relaxation)) parts.push("No plan keeps every rule as it is set (relaxation).");
  else {
    if (plan && isCurrent) parts.push(`The plan has ${fixed(plan.points)} points.`);
    if (relaxation) parts.push(`No plan exceeds ${fixed(relaxation.points)} (relaxation).`);
    else if (plan && isCurrent && plan.bound !== null) parts.push(`No plan exceeds ${fixed(plan.bound)}.`);
  }
  at("bound").textContent = parts.join(" ");
  const isOver = phase === "nothing fits" || isImpossible(relaxation);
  at("stale").hidden = !plan || isCurrent;
  text("stale", `The figures below are those of the plan before; ${isOver ? OLD["nothing fits"] : OLD[phase] ?? "the new one is on its way"}.`);
};

const showFact = (fact) => {
  const value = desk.make("dd", {}, desk.make("span", { className: "figure" }, fact.value));
  if (fact.note) value.append(desk.make("span", { className: "small" }, fact.note));
  if (fact.before !== null) {
    const change = desk.make("span", { className: fact.sure ? "change" : "change unsure" });
    change.textContent = `plan A ${fact.before}: ${fact.change}`;
    value.append(change);
  }
  return desk.make("div", {}, desk.make("dt", {}, fact.name), value);
};

// Figures, but for the names of rows and the last columns, which are words.
const tableOf = (caption, head, rows, words = 0) => {
  const kind = (place) => ({ className: place && place < head.length - words ? "n" : "" });
  return desk.make(
    "table",
    {},
    desk.make("caption", {}, caption),
    desk.make("thead", {}, desk.make("tr", {}, ...head.map((text, place) => desk.make("th", { scope: "col", ...kind(place) }, text)))),
    desk.make(
      "tbody",
      {},
      ...rows.map(([name, ...cells]) =>
        desk.make("tr", {}, desk.make("th", { scope: "row" }, name), ...cells.map((text, place) => desk.make("td", kind(place + 1), text))),
      ),
    ),
  );
};

const sectionOf = (name) => document.querySelector(`[data-section=${name}]`);

const showFairness = (divisions) => {
  const hasBefore = divisions.some((each) => each.before !== null);
  const share = (part) => (part === null ? "" : `${fixed(100 * part, 1)}%`);
  const gini = (value) => (value === null ? "" : fixed(value, 3));
  const head = ["Division", "Gini", ...(hasBefore ? ["Plan A"] : []), "Would have to go elsewhere", "Lowest", "Highest"];
  const rows = divisions.map((each) => [
    `${each.name}: ${each.what}`,
    gini(each.gini),
    ...(hasBefore ? [gini(each.before)] : []),
    share(each.elsewhere),
    each.lowest,
    each.highest,
  ]);
  at("fairness").hidden = sectionOf("fairness").hidden = !divisions.length;
  at("fairness").replaceChildren(tableOf("Fairness: 0 where all get the same", head, rows));
};

const showStakeholders = (told) => {
  at("stakeholders").hidden = at("stakeholder-notes").hidden = sectionOf("stakeholders").hidden = !told;
  if (!told) return;
  const has = (key) => told.rows.some((each) => each[key] !== null);
  const head = ["Stakeholder", "Points", ...(has("of_best") ? ["Of own best"] : []), ...(has("before") ? ["Plan A", "Change"] : []), "Weighs"];
  const rows = told.rows.map((each) => [
    each.name,
    each.points,
    ...(has("of_best") ? [each.of_best] : []),
    ...(has("before") ? [each.before, desk.make("span", { className: each.sure ? "" : "unsure" }, each.change)] : []),
    each.weighs,
  ]);
  at("stakeholders").replaceChildren(tableOf(told.title, head, rows, 1));
  at("stakeholder-notes").textContent = told.notes.join(" ");
};

// Years of plan A that can be kept; what is kept of an older plan stands among what is set.
const showYears = ({ pinned, setting }) => {
  const years = desk.plan?.planned_years ?? [];
  const key = JSON.stringify([pinned?.number, years, setting.kept]);
  if (key === desk.yearsShown) return;
  desk.yearsShown = key;
  const box = at("years");
  box.hidden = !pinned || years.length < 2;
  const kept = setting.kept?.number === pinned?.number ? setting.kept?.years ?? [] : [];
  const focused = document.activeElement?.id;
  const boxes = years.map((year) => {
    const id = `year-${year}`;
    const input = desk.make("input", { id, type: "checkbox", checked: kept.includes(year) });
    input.addEventListener("change", () => {
      const chosen = years.filter((each) => at(`year-${each}`).checked);
      desk.wish("keep", { years: chosen });
    });
    return desk.make("span", { className: "pair" }, input, desk.make("label", { for: id }, String(year)));
  });
  box.replaceChildren(box.querySelector("legend"), ...boxes);
  if (focused?.startsWith("year-")) at(focused)?.focus();
};

const showScenarios = async () => {
  const names = await desk.read("scenarios");
  at("load-form").hidden = !names.length;
  at("saved").replaceChildren(...names.map((name) => desk.make("option", { value: name }, name)));
};

const showPlan = (plan) => {
  desk.plan = plan;
  at("case").textContent = plan.case;
  at("policy").textContent = `${plan.policy} · ${plan.years}`;
  document.title = `${plan.case}: planner's page`;
  at("facts").replaceChildren(...plan.facts.map(showFact));
  const hasBefore = plan.goals.some((goal) => goal.before !== null);
  const percent = (share) => (share === null ? "" : `${fixed(100 * share, 1)}%`);
  const head = ["Goal", "Weight", "Points", "Of its scale", ...(hasBefore ? ["Plan A"] : [])];
  const rows = plan.goals.map((goal) => [
    goal.goal,
    goal.weight,
    goal.points,
    percent(goal.reached),
    ...(hasBefore ? [percent(goal.before)] : []),
  ]);
  at("goals").replaceChildren(tableOf("Goals", head, rows));
  showFairness(plan.fairness);
  showStakeholders(plan.stakeholders);
  at("publish").hidden = !plan.is_sensitive;
  const notes = [...plan.warnings.map((text) => `Warning: ${text}`), ...plan.notes];
  const list = desk.make("ul", { className: "text" }, ...notes.map((text) => desk.make("li", {}, text)));
  const count = plan.warnings.length;
  const title = count ? `Notes, and ${count} ${count === 1 ? "warning" : "warnings"} to read first` : "Notes";
  at("warnings").replaceChildren(...(notes.length ? [desk.make("details", {}, desk.make("summary", {}, title), list)] : []));
  desk.drawTables(plan);
};

const showSection = async (details, name) => {
  if (!details.open || details.dataset.number === desk.drawn) return;
  const wanted = desk.drawn;
  details.dataset.number = wanted;
  const section = await desk.read(`section/${name}`);
  if (details.dataset.number !== wanted) return;
  const body = details.querySelector(".section-body");
  // The report's own HTML: every text in it is escaped where it is made.
  if (section) body.innerHTML = section.html;
  else body.textContent = "The policy and the case say nothing of this.";
};

const drawSections = () => {
  const drawn = SECTIONS.map(([name, title]) => {
    const details = desk.make("details", {}, desk.make("summary", {}, title), desk.make("div", { className: "section-body" }));
    details.dataset.section = name;
    details.addEventListener("toggle", () => showSection(details, name));
    return details;
  });
  at("sections").replaceChildren(...drawn);
};

// Lines that begin with a dash belong to the line above them.
const asList = (lines) => {
  const list = desk.make("ul", { className: "answer-words" });
  for (const line of lines) {
    const said = line.replace(/^\s*- /, "");
    const item = desk.make("li", {}, said);
    const above = list.lastElementChild;
    if (said === line || !above) list.append(item);
    else (above.querySelector("ul") ?? above.appendChild(desk.make("ul", {}))).append(item);
  }
  return list;
};

const showAnswer = (answer) => {
  const key = JSON.stringify(answer);
  if (desk.answerShown === key) return;
  desk.answerShown = key;
  if (!answer) return replaceAnswer([]);
  const parts = [desk.make("h3", {}, answer.title)];
  if (answer.is_open) parts.push(desk.make("p", {}, "Working it out …"));
  else parts.push(asList(answer.words));
  for (const offer of answer.offers ?? []) {
    const apply = desk.make("button", { type: "button" }, `Apply: ${offer.words}`);
    apply.addEventListener("click", () => desk.wish("apply", { number: offer.number }));
    parts.push(desk.make("p", {}, apply));
  }
  replaceAnswer(parts);
};

// A button that is hidden or disabled hands the focus on to the group it is in, so that Tab goes on from there.
const handOn = (focused) => {
  if (!focused?.hidden && !focused?.disabled) return;
  const group = focused.closest("[role=group], form, section");
  group.tabIndex = -1;
  group.focus();
};

// A button that goes away hands the focus on to the answer.
const replaceAnswer = (parts) => {
  const hadFocus = at("answer").contains(document.activeElement);
  at("answer").replaceChildren(...parts);
  if (hadFocus) at("answer").focus();
};

const text = (id, told) => {
  // A live region is read aloud whenever it is written, so it is written only when it changes.
  if (at(id).textContent !== told) at(id).textContent = told;
};

const showState = async (state) => {
  desk.state = state;
  const focused = document.activeElement;
  const { phase, setting } = state;
  const isClashing = isImpossible(state.relaxation) && ["relaxed", "solving"].includes(phase);
  const words = { failed: `${PHASES.failed} ${state.words}`, stopped: state.words };
  text("status", isClashing ? PHASES.clashing : words[phase] ?? PHASES[phase] ?? phase);
  showProgress(state);
  showBound(state);
  if (state.refused !== desk.refusedShown) {
    desk.refusedShown = state.refused;
    desk.refuse(state.refused);
  }
  at("undo").disabled = !setting.can_undo;
  at("redo").disabled = !setting.can_redo;
  const hasPlan = Boolean(state.plan && state.is_current);
  for (const id of ["pin", "export", "get-book", "get-report"]) at(id).disabled = !hasPlan;
  at("unpin").hidden = !state.pinned;
  handOn(focused);
  text("pinned", state.pinned ? `Plan A: ${state.pinned.words}.` : "");
  // While repairs are looked for, what they are for stays in sight.
  if (phase !== "answering") at("nothing").hidden = phase !== "nothing fits";
  if (phase === "nothing fits") {
    at("clash").replaceChildren(asList(state.words.split("\n")));
  }
  showAnswer(state.answer);
  const told = JSON.stringify([setting, state.history, state.command]);
  if (told !== desk.settingShown) {
    desk.settingShown = told;
    desk.showSetting(setting);
    const why = setting.demands.length || setting.kept ? "Slots that are asked for, or kept, cannot be said by --set: save a scenario, or write the run." : "The policy by itself has no scales: save a scenario, or write the run, whose scales then count.";
    text("command", state.command || why);
    at("history").replaceChildren(...state.history.map((words) => desk.make("li", {}, words)));
  }
  text("written", state.written);
  text("counted", state.counted);
  if (state.levers !== desk.leversShown) await readLevers(state.levers);
  const number = `${state.plan?.number}/${state.pinned?.number}`;
  if (state.plan && number !== desk.drawn) await readPlan(number);
  showYears(state);
  if (desk.levers.length && state.written !== desk.writtenShown) {
    desk.writtenShown = state.written;
    await showScenarios();
  }
};

const readLevers = async (told) => {
  desk.leversShown = told;
  const levers = told ? await desk.read("levers") : [];
  // Scales that are known by now are all that can be new: nobody loses the lever in hand.
  if (desk.levers.length) levers.forEach(({ note }, place) => { desk.levers[place].told = note; });
  else {
    desk.levers = levers;
    desk.drawLevers();
  }
  desk.showSetting(desk.state.setting);
};

const readPlan = async (number) => {
  desk.drawn = number;
  showPlan(await desk.read("plan"));
  document.querySelectorAll("#sections details").forEach((details) => showSection(details, details.dataset.section));
};

const listen = () => {
  const events = new EventSource(`/events?token=${encodeURIComponent(desk.token)}`);
  let newest = null;
  let isShowing = false;
  events.onmessage = async (event) => {
    newest = event.data;
    if (isShowing) return;
    isShowing = true;
    try {
      while (newest !== null) {
        const shown = JSON.parse(newest);
        newest = null;
        await showState(shown);
      }
    } catch (error) {
      desk.refuse(`The page could not show what came: ${error.message}`);
    } finally {
      isShowing = false;
    }
  };
  events.onopen = () => {
    desk.isLost = false;
    desk.lose("");
  };
  events.onerror = () => {
    desk.isLost = true;
    desk.lose("The command does not answer. If it was started again, open the address that it printed.");
  };
};

const number = () => Math.max(0, Math.round(Number(at("number").value) || 0));
const cell = () => at("cell").value.trim();

const onClick = (id, act) => at(id).addEventListener("click", act);
const onSubmit = (id, act) =>
  at(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });

for (const name of ["undo", "redo", "reset", "pin", "unpin"]) onClick(name, () => desk.wish(name));
onClick("mend", () => desk.wish("ask", { kind: "mend" }));
onClick("money", () => desk.wish("ask", { kind: "money" }));
onClick("how-far", () => desk.wish("ask", { kind: "how far", text: cell() }));
onClick("why-not", () => desk.wish("ask", { kind: "why not", text: `${cell()} >= ${number()}` }));
onClick("at-least", () => desk.wish("demand", { more: [`${cell()} >= ${number()}`] }));
onClick("at-most", () => desk.wish("demand", { more: [`${cell()} <= ${number()}`] }));
onClick("lock", () => desk.wish("demand", { more: [`${cell()} >= ${number()}`, `${cell()} <= ${number()}`] }));
onClick("exclude", () => desk.wish("demand", { more: [`${cell()} <= 0`] }));
onSubmit("ask-form", () => desk.wish("ask", { kind: "why", text: cell() }));
onSubmit("type-form", async () => {
  if (await desk.wish("type", { text: at("typed").value })) at("typed").value = "";
});
onSubmit("save-form", () => desk.wish("save", { name: at("scenario").value.trim() }));
onSubmit("export-form", () => desk.wish("export", { name: at("run").value.trim(), public: at("public").checked }));
onSubmit("load-form", () => desk.wish("load", { name: at("saved").value }));
onClick("get-book", () => desk.download("plan.xlsx"));
onClick("get-report", () => desk.download("report.html"));
at("which").addEventListener("change", desk.drawGrid);
at("against").addEventListener("change", desk.drawGrid);
at("cell").addEventListener("input", desk.markChosen);
drawSections();
listen();
