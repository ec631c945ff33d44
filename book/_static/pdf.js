/* Prepares the page that tools/make_pdf.py prints. */

(function () {
  "use strict";

  /* What is folded on the screen: hints and solutions go to the end of their
     chapter, where nobody reads them by accident; code is shown. */
  function moveAnswers(chapter) {
    const answers = chapter.querySelectorAll("details.hint, details.solution");
    if (!answers.length) return;
    const section = document.createElement("section");
    const heading = document.createElement("p");
    heading.className = "pdf-answers";
    heading.textContent = "Hints and solutions";
    section.append(heading);
    let exercise = "";
    chapter
      .querySelectorAll("div.exercise, details.hint, details.solution")
      .forEach(function (box) {
        const title = box.querySelector(".admonition-title");
        if (box.matches("div.exercise")) {
          exercise = title.textContent.trim();
          return;
        }
        if (box.matches(".hint")) {
          title.textContent += ` for ${exercise}`;
        }
        section.append(box);
      });
    chapter.append(section);
  }

  /* A <details> of a chapter prints whole, as a plain box. */
  function unfold(box) {
    const plain = document.createElement("div");
    plain.className = box.className + " unfolded";
    plain.id = box.id;
    plain.append(...box.childNodes);
    const summary = plain.querySelector(":scope > summary");
    if (summary && plain.matches(".hide")) summary.remove();
    else if (summary) {
      const title = document.createElement("p");
      title.className = summary.className;
      title.append(...summary.childNodes);
      summary.replaceWith(title);
    }
    box.replaceWith(plain);
  }

  /* Each page of the book begins a sheet. Sphinx has marked where. */
  function chapters() {
    return [...document.querySelectorAll("span[id^='document-']")]
      .map((mark) => mark.nextElementSibling)
      .filter(Boolean);
  }

  /* What lives in the browser is still on paper. */
  function replaceLiveParts() {
    document.querySelectorAll(".skipgram-explorer, .sgx-lab").forEach((box) => {
      const note = document.createElement("p");
      note.className = "pdf-note";
      note.textContent =
        "Here the book in a browser answers. On paper, nothing moves.";
      box.replaceWith(note);
    });
  }

  /* Most pieces of coloured code are black. Joined to their neighbours they
     take a third of the space. */
  function joinPlainCode() {
    const plain = ".n, .p, .o, .w, .nn, .nf, .nc, .kn, .nb";
    document.querySelectorAll("pre").forEach((block) => {
      block.querySelectorAll(plain).forEach((piece) => {
        piece.replaceWith(piece.textContent);
      });
      block.normalize();
    });
  }

  /* Names what sticks out of the column; make_pdf.py prints the names. */
  window.tooWide = function () {
    const column = document.querySelector(".bd-article");
    const edge = column.getBoundingClientRect().right + 2;
    const inside = "mjx-container *, svg *";
    return [...column.querySelectorAll("pre, table, img, p, li, mjx-container")]
      .filter((box) => !box.matches(inside))
      .filter(
        (box) =>
          box.scrollWidth > box.clientWidth + 2 && box.matches("pre, div") ||
          box.getBoundingClientRect().right > edge
      )
      .map((box) => `${box.tagName} ${box.textContent.trim().slice(0, 60)}`);
  };

  window.addEventListener("load", async function () {
    chapters().forEach(function (chapter) {
      chapter.classList.add("pdf-chapter");
      moveAnswers(chapter);
    });
    replaceLiveParts();
    joinPlainCode();
    document.querySelectorAll("details").forEach(unfold);
    document.querySelectorAll("a.headerlink").forEach((a) => a.remove());
    if (window.MathJax && window.MathJax.startup) {
      await window.MathJax.startup.promise;
    }
    await document.fonts.ready;
    window.bookIsReady = true;
  });
})();
