// A quiz works without this file: the style shows the reason of the answer
// that is picked. This tells the verdict to a screen reader, and counts how
// many questions were answered rightly at the first try.
(() => {
  "use strict";

  const score = document.createElement("p");
  score.className = "quiz-score";
  const firstTries = new Map();

  function tell(questions) {
    const right = [...firstTries.values()].filter(Boolean).length;
    const said = `${right} of ${firstTries.size} right at the first try`;
    const left = questions.length - firstTries.size;
    score.textContent = left ? `${said}, ${left} to go.` : `${said}.`;
  }

  function start() {
    const questions = document.querySelectorAll("fieldset.quiz");
    for (const question of questions) {
      question.addEventListener("change", (event) => {
        const picked = event.target.closest(".quiz-answer");
        const isRight = picked.classList.contains("quiz-right");
        if (!firstTries.has(question)) firstTries.set(question, isRight);
        const reason = picked.querySelector(".quiz-reason");
        question.querySelector(".quiz-told").textContent = reason.innerText;
        tell(questions);
        questions[questions.length - 1].after(score);
      });
    }
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
