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

// Palette: every page of the menu, by keyboard.
function setUpPalette() {
  const palette = one("#palette");
  if (!palette) return;
  const input = one("input", palette);
  const list = one("ul", palette);
  const pages = all("#nav a").map((link) => ({
    name: link.textContent.trim(),
    group: one("h2", link.closest("section") ?? document.createElement("p"))?.textContent ?? "",
    url: link.href,
  }));
  let chosen = 0;
  const matches = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    return pages.filter((page) => words.every((word) => `${page.group} ${page.name}`.toLowerCase().includes(word)));
  };
  const draw = () => {
    const found = matches();
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(
      ...found.map((page, number) => {
        const item = document.createElement("li");
        item.id = `palette-${number}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", number === chosen);
        item.append(page.name, Object.assign(document.createElement("span"), { textContent: page.group }));
        item.addEventListener("click", () => location.assign(page.url));
        return item;
      }),
    );
    input.setAttribute("aria-activedescendant", `palette-${chosen}`);
    one("[aria-selected=true]", list)?.scrollIntoView({ block: "nearest" });
  };
  const open = () => {
    input.value = "";
    chosen = 0;
    draw();
    palette.showModal();
    input.focus();
  };
  input.addEventListener("input", () => {
    chosen = 0;
    draw();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      chosen += step;
      draw();
    } else if (event.key === "Enter" && matches()[chosen]) {
      event.preventDefault();
      location.assign(matches()[chosen].url);
    }
  });
  palette.addEventListener("click", (event) => event.target === palette && palette.close());
  one("#palette-open").addEventListener("click", open);
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
  setUpDemo();
});
