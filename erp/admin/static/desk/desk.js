// What the desk does beside Django's own scripts: menu, palette, filters, labels. No inline code anywhere.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = () => /^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? "");

// Menu: filter, and on small screens open and close.
function setUpMenu() {
  const toggle = one("#menu-toggle");
  const filter = one("#nav-filter");
  if (!filter) return;
  const show = (open) => {
    document.body.classList.toggle("menu-open", open);
    toggle.setAttribute("aria-expanded", open);
  };
  toggle.addEventListener("click", (event) => {
    event.stopPropagation();
    show(!document.body.classList.contains("menu-open"));
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#nav-sidebar")) show(false);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const item of all("#nav li")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    for (const more of all("#nav details")) if (wanted) more.open = true;
    for (const block of all("#nav section, #nav details")) block.hidden = !one("li:not([hidden])", block);
    one("#nav-empty").hidden = Boolean(one("#nav li:not([hidden])"));
  });
  one("#nav a[aria-current]")?.scrollIntoView({ block: "nearest" });
}

// Palette: every page of the menu and every record that the user may see, by keyboard.
const SHORTEST_SEARCH = 2;

function findPages(pages, text) {
  const words = text.toLowerCase().split(/\s+/);
  return pages.filter((page) => words.every((word) => `${page.note} ${page.name}`.toLowerCase().includes(word)));
}

async function findRecords(address, text, signal) {
  const url = new URL(address, location.href);
  url.searchParams.set("q", text);
  const answer = await fetch(url, { headers: { Accept: "application/json" }, signal });
  const { groups = [], detail = "" } = await answer.json();
  if (!answer.ok) return { groups, detail };
  return {
    detail,
    groups: groups.map(({ name, hits }) => ({
      name,
      options: hits.map((hit) => ({
        name: hit.label,
        note: hit.active ? hit.code : `${hit.code} · inactive`,
        url: hit.url,
      })),
    })),
  };
}

function drawOption({ name, note, url }, number) {
  const option = document.createElement("div");
  option.id = `palette-${number}`;
  option.dataset.url = url;
  option.setAttribute("role", "option");
  for (const [tag, text] of [["b", name], ["span", note]]) {
    option.append(Object.assign(document.createElement(tag), { textContent: text }), " ");
  }
  option.addEventListener("click", () => location.assign(url));
  return option;
}

function drawGroups(list, groups) {
  let number = 0;
  list.replaceChildren(
    ...groups.map(({ name, options }) => {
      const group = document.createElement("div");
      const heading = Object.assign(document.createElement("p"), { textContent: name });
      heading.setAttribute("aria-hidden", "true");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", name);
      group.append(heading, ...options.map((option) => drawOption(option, number++)));
      return group;
    }),
  );
}

function setUpPalette() {
  const palette = one("#palette");
  if (!palette) return;
  const input = one("input", palette);
  const list = one("#palette-results", palette);
  const status = one("#palette-status", palette);
  const pages = all("#nav a").map((link) => ({
    name: link.textContent.trim(),
    note: one("h2", link.closest("section") ?? document.createElement("p"))?.textContent ?? "",
    url: link.href,
  }));
  let records = [];
  let chosen = 0;
  let waiting = null; // the question under way, and whether Enter was pressed meanwhile
  const options = () => all("[role=option]", list);
  const choose = (number) => {
    const found = options();
    chosen = Math.max(0, Math.min(number, found.length - 1));
    found.forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
    if (found.length) input.setAttribute("aria-activedescendant", found[chosen].id);
    else input.removeAttribute("aria-activedescendant");
    found[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const draw = (said = "") => {
    const found = findPages(pages, input.value.trim());
    drawGroups(list, [...(found.length ? [{ name: "Pages", options: found }] : []), ...records]);
    choose(chosen);
    const count = options().length;
    status.textContent = said || (count ? `${count} found` : "Nothing that you may see is called that.");
  };
  const go = () => {
    const option = options()[chosen];
    if (option) location.assign(option.dataset.url);
    else if (waiting) waiting.entered = true;
  };
  const ask = async (question, text) => {
    let said = "";
    try {
      const { groups, detail } = await findRecords(palette.dataset.searchUrl, text, question.abort.signal);
      if (question !== waiting) return;
      records = groups;
      said = detail;
    } catch (error) {
      if (question !== waiting) return;
      records = [];
      said = "Records can’t be searched right now. Try again.";
    }
    waiting = null;
    draw(said);
    if (question.entered) go();
  };
  const search = () => {
    const text = input.value.trim();
    clearTimeout(waiting?.timer);
    waiting?.abort.abort();
    waiting = null;
    chosen = 0;
    if (text.length < SHORTEST_SEARCH) {
      records = [];
      draw();
      return;
    }
    const question = { abort: new AbortController(), entered: false };
    question.timer = setTimeout(() => ask(question, text), 120);
    waiting = question;
    records = [];
    draw("Searching…");
  };
  const open = () => {
    input.value = "";
    search();
    palette.showModal();
    input.focus();
  };
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose(chosen + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go();
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would only be emptied
      palette.close();
    }
  });
  palette.addEventListener("click", (event) => event.target === palette && palette.close());
  one("#palette-open").addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else open();
    } else if (event.key === "/" && !typing()) {
      const search = one("#searchbar") ?? one("#nav-filter");
      event.preventDefault();
      search?.focus();
      search?.select();
    }
  });
}

// Drop-downs close when something else is clicked.
function setUpDropDowns() {
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.menu[open]")) {
      menu.open = false;
      one("summary", menu).focus();
    }
  });
}

// A filter by another record fetches the records to choose from when it is opened.
function setUpFilter(filter) {
  const input = one("input", filter);
  const list = one("ul", filter);
  const fixed = [...list.children];
  let timer;
  const fetchRows = async () => {
    const url = new URL(filter.dataset.searchUrl, location.href);
    url.searchParams.set("term", input.value);
    const answer = await fetch(url);
    if (!answer.ok) return;
    const { results } = await answer.json();
    const items = results.map((row) => {
      const target = new URL(location.href);
      target.searchParams.delete("p");
      target.searchParams.delete(filter.dataset.parameter.replace(/__exact$/, "").replace(/__[^_]+$/, "__isnull"));
      target.searchParams.set(filter.dataset.parameter, row.id);
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: target.search, textContent: row.text }));
      return item;
    });
    list.replaceChildren(...fixed, ...items);
  };
  filter.addEventListener("toggle", () => {
    if (!filter.open) return;
    input.focus();
    fetchRows();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(fetchRows, 200);
  });
}

// select2 names its box by its content only; give it the name of its field.
function nameSearchFields(root) {
  for (const box of all(".select2-selection", root)) {
    const select = box.closest(".select2")?.previousElementSibling;
    if (!select) continue;
    const label = select.id && one(`label[for="${CSS.escape(select.id)}"]`);
    const name = select.getAttribute("aria-label") ?? label?.textContent.replace(/[:*]\s*$/, "").trim();
    if (!name) continue;
    const content = one(".select2-selection__rendered", box);
    for (const attribute of ["role", "aria-readonly"]) content?.removeAttribute(attribute);
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", content?.textContent.trim() ? `${name}: ${content.textContent.trim()}` : name);
  }
}

function setUpSearchFields() {
  const name = () => nameSearchFields(document);
  setTimeout(name, 0);
  document.addEventListener("formset:added", () => setTimeout(name, 0));
  document.addEventListener("change", () => setTimeout(name, 0));
  const jquery = window.django?.jQuery;
  jquery?.(document).on("select2:open", () => {
    one(".select2-container--open .select2-search__field")?.setAttribute("aria-label", "Search");
    one(".select2-container--open .select2-search__field")?.focus();
  });
}

// A number is checked when its field is left; saving checks it all the same. What a tax number is, its scheme says.
async function checkNumber(input) {
  const note = one(`#${CSS.escape(`${input.id}-check`)}`);
  const value = input.value.trim();
  const scheme = document.getElementById(input.id.replace(/number$/, "scheme"))?.value;
  const kind = input.dataset.validate === "tax" ? scheme : input.dataset.validate;
  note.textContent = "";
  if (!value || !kind) return;
  const body = new URLSearchParams({ kind, value, csrfmiddlewaretoken: one("[name=csrfmiddlewaretoken]").value });
  const answer = await fetch(document.body.dataset.validateUrl, { method: "POST", body }).catch(() => null);
  if (!answer?.ok || input.value.trim() !== value) return;
  const { valid, message } = await answer.json();
  note.textContent = message;
  note.classList.toggle("wrong", !valid);
}

// One listener for all fields, those of rows that are added later included.
function setUpChecks() {
  const prepare = (input) => {
    if (!input.id || document.getElementById(`${input.id}-check`)) return;
    const note = Object.assign(document.createElement("p"), { id: `${input.id}-check`, className: "live-check" });
    note.setAttribute("aria-live", "polite");
    input.after(note);
    input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} ${note.id}`.trim());
  };
  document.addEventListener("focusin", ({ target }) => target.dataset?.validate && prepare(target));
  document.addEventListener("change", ({ target }) => {
    if (!target.dataset?.validate) return;
    prepare(target);
    checkNumber(target);
  });
}

// A mark of the map and the rows that it stands for light up together.
function setUpMap() {
  const page = one(".map-and-list");
  const tie = ({ target }) => {
    const key = target.closest("[data-mark]")?.dataset.mark;
    for (const item of all("[data-mark]", page)) item.classList.toggle("tied", item.dataset.mark === key);
  };
  for (const event of ["pointerover", "focusin"]) page?.addEventListener(event, tie);
}

// The small map of a form follows what is typed; without this it does when the record is saved.
function setUpPlace() {
  const place = one("#place");
  const inputs = ["latitude", "longitude", "country"].map((name) => one(`#id_${name}`));
  if (!place || inputs.some((input) => !input)) return;
  let latest = 0;
  const follow = async () => {
    const number = ++latest;
    const url = new URL(place.dataset.url, location.href);
    for (const input of inputs) url.searchParams.set(input.name, input.value);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok && !answer.redirected && number === latest) place.innerHTML = await answer.text();
  };
  for (const input of inputs) input.addEventListener("change", follow);
  window.django?.jQuery(inputs[2]).on("select2:select select2:clear", follow);
}

// Wide tables of children scroll inside the page: the keyboard must get there, also where nothing in them can be changed.
function setUpTables() {
  for (const table of all(".inline-group .tabular")) {
    const heading = table.querySelector("h2")?.textContent.trim();
    table.tabIndex = 0;
    table.setAttribute("role", "region");
    table.setAttribute("aria-label", `Table of ${heading || "lines"}`);
  }
}

function setUpDemo() {
  for (const button of all("[data-login]")) {
    button.addEventListener("click", () => {
      one("#id_username").value = button.dataset.login;
      one("#id_password").value = button.dataset.password;
      one("#login-form").requestSubmit();
    });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  setUpMenu();
  setUpPalette();
  setUpDropDowns();
  all("details.filter[data-search-url]").forEach(setUpFilter);
  setUpSearchFields();
  setUpChecks();
  setUpMap();
  setUpPlace();
  setUpTables();
  setUpDemo();
});
