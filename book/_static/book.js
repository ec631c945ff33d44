/* What every page of the book can do: definitions of terms, and the small
   repairs that its theme needs. A classic script, so that it also runs
   where the book is a folder of files. */

(function () {
  "use strict";

  /* The term whose tip a tap or a hover asks for, and its definition. */
  function readDefinitions() {
    const data = document.getElementById("definitions");
    return data ? JSON.parse(data.textContent) : {};
  }

  function definitionOf(link, definitions) {
    if (!link.querySelector(".std-term")) return null;
    return definitions[decodeURIComponent(link.hash.slice(1))] || null;
  }

  /* --- Definitions --------------------------------------------------------- */

  /* One tip for the page. It can be hovered over, stays until the pointer and
     the focus have left, and closes with Escape (WCAG 1.4.13). */
  function showDefinitions() {
    const definitions = readDefinitions();
    const tip = document.createElement("div");
    let owner = null; // the link whose tip is open
    let closing = 0;
    let touched = false; // did the last pointer have no hover?

    tip.className = "term-tip";
    tip.id = "term-tip";
    tip.setAttribute("role", "tooltip");
    tip.hidden = true;
    document.body.append(tip);

    function place(link) {
      const box = link.getClientRects()[0] || link.getBoundingClientRect();
      const width = tip.offsetWidth;
      const room = document.documentElement.clientWidth - width - 8;
      const left = Math.max(8, Math.min(box.left, room));
      const above = box.bottom + tip.offsetHeight + 8 > window.innerHeight;
      const top = above && box.top > tip.offsetHeight + 8
        ? box.top - tip.offsetHeight - 4
        : box.bottom + 4;
      tip.style.left = left + window.scrollX + "px";
      tip.style.top = top + window.scrollY + "px";
    }

    function open(link, definition) {
      clearTimeout(closing);
      if (owner === link) return;
      close();
      owner = link;
      const name = document.createElement("strong");
      name.textContent = definition.term;
      tip.replaceChildren(name, definition.says);
      if (touched) {
        // A tap opens the tip, so the way to the glossary is in it.
        const more = document.createElement("a");
        more.href = link.href;
        more.textContent = "In the glossary";
        tip.append(document.createElement("br"), more);
      }
      tip.hidden = false;
      link.setAttribute("aria-describedby", tip.id);
      place(link);
    }

    function close() {
      clearTimeout(closing);
      if (owner) owner.removeAttribute("aria-describedby");
      owner = null;
      tip.hidden = true;
    }

    function closeSoon() {
      clearTimeout(closing);
      // Time enough to move the pointer from the link into the tip.
      closing = setTimeout(close, 250);
    }

    document.querySelectorAll("a:has(> .std-term)").forEach(function (link) {
      const definition = definitionOf(link, definitions);
      if (!definition) return;
      link.removeAttribute("title");
      link.addEventListener("pointerdown", function (event) {
        touched = event.pointerType === "touch";
      });
      link.addEventListener("pointerenter", function (event) {
        if (event.pointerType !== "touch") {
          touched = false;
          open(link, definition);
        }
      });
      link.addEventListener("pointerleave", function (event) {
        if (event.pointerType !== "touch") closeSoon();
      });
      link.addEventListener("focus", function () {
        open(link, definition);
      });
      link.addEventListener("blur", closeSoon);
      link.addEventListener("click", function (event) {
        if (touched) event.preventDefault();
      });
    });

    tip.addEventListener("pointerenter", function () {
      clearTimeout(closing);
    });
    tip.addEventListener("pointerleave", function (event) {
      if (event.pointerType !== "touch") closeSoon();
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") close();
    });
    document.addEventListener("pointerdown", function (event) {
      const inside = tip.contains(event.target);
      if (owner && !inside && !owner.contains(event.target)) close();
    });
  }

  /* --- Small repairs ------------------------------------------------------------ */

  /* Paper cannot be clicked, and is white: what is folded opens before
     printing, and the dark scheme gives way. */
  function openForPrint() {
    const opened = [];
    const page = document.documentElement.dataset;
    let theme;
    window.addEventListener("beforeprint", function () {
      theme = page.theme;
      page.theme = "light";
      document.querySelectorAll("details:not([open])").forEach(function (box) {
        opened.push(box);
        box.open = true;
      });
    });
    window.addEventListener("afterprint", function () {
      while (opened.length) opened.pop().open = false;
      page.theme = theme;
    });
  }

  /* A link may lead into a folded part. */
  function openTarget() {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    let box = target && target.closest("details");
    if (!box) return;
    while (box) {
      box.open = true;
      box = box.parentElement.closest("details");
    }
    target.scrollIntoView();
  }

  /* A formula that is wider than the screen scrolls: by keyboard, too. */
  function reachFormulas() {
    const startup = window.MathJax && window.MathJax.startup;
    if (!startup || !startup.promise) return;
    startup.promise.then(function () {
      document.querySelectorAll("mjx-container, div.math").forEach((box) => {
        if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      });
    });
  }

  /* A figure is not made smaller on a phone than its letters can be read: they
     have 10 points, and 9 px must remain. It scrolls instead. */
  const LEGIBLE = 0.68;

  function keepLegible() {
    const figures = ".bd-article figure img, .bd-article .cell_output img";
    document.querySelectorAll(figures).forEach(function (image) {
      if (image.closest("#fake-task-alive")) return;
      const box = document.createElement("span");
      box.className = "scrolls";
      image.before(box);
      box.append(image);
      const fit = function () {
        const width = Math.round(LEGIBLE * image.naturalWidth);
        image.style.setProperty("--legible", width + "px");
      };
      if (image.complete) fit();
      image.addEventListener("load", fit);
    });
  }

  /* What is wider than its box says so, and can be reached by keyboard. */
  function markWide() {
    const boxes = ".bd-article .scrolls, .pst-scrollable-table-container";
    const measure = new ResizeObserver(function (entries) {
      entries.forEach(function (entry) {
        const box = entry.target.closest(boxes);
        const wide = box.scrollWidth > box.clientWidth + 1;
        box.classList.toggle("is-wide", wide);
        if (wide) box.tabIndex = 0;
        else box.removeAttribute("tabindex");
      });
    });
    document.querySelectorAll(boxes).forEach(function (box) {
      measure.observe(box);
      if (box.firstElementChild) measure.observe(box.firstElementChild);
    });
  }

  /* Sphinx fetches a page to show its beginning beside what was found. A
     folder of files does not let it, and the console would say so. */
  function searchWithoutFetching() {
    // Sphinx declares it as a constant, which is no property of the window.
    const known = typeof DOCUMENTATION_OPTIONS !== "undefined";
    if (location.protocol === "file:" && known) {
      DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    }
  }

  searchWithoutFetching();
  document.addEventListener("DOMContentLoaded", function () {
    showDefinitions();
    openForPrint();
    openTarget();
    keepLegible();
    markWide();
  });
  window.addEventListener("load", reachFormulas);
  window.addEventListener("hashchange", openTarget);
})();
