// A formula in a line of text that is wider than the page scrolls by itself; all others keep their baseline.
function markWideFormulas() {
  for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
    formula.classList.remove("wide");
    const room = formula.closest("p, li, dd, td, div").clientWidth;
    formula.classList.toggle("wide", formula.getBoundingClientRect().width > room);
  }
}
window.addEventListener("load", () => {
  if (window.MathJax?.startup?.promise) MathJax.startup.promise.then(markWideFormulas);
});
window.addEventListener("resize", markWideFormulas);
