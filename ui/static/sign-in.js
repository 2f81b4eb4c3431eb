/* Light or dark as it was chosen on the page behind; without a choice, as the system is. */

const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
