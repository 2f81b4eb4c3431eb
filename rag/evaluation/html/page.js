"use strict";

const filter = document.getElementById("filter");
if (filter) {
  const { words, set, measure } = filter.elements;
  const button = filter.querySelector("button");
  const output = filter.querySelector("output");
  const groups = [...document.querySelectorAll(".group")].map((group) => ({
    group,
    count: group.querySelector("summary i"),
    cases: [...group.querySelectorAll("li")].map((item) => ({ item, text: item.textContent.toLowerCase() })),
  }));

  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let total = 0;
    for (const { group, count, cases } of groups) {
      const fits = (!set.value || set.value === group.dataset.set) && (!measure.value || measure.value === group.dataset.measure);
      let shown = 0;
      for (const { item, text } of cases) {
        item.hidden = !(fits && wanted.every((word) => text.includes(word)));
        shown += !item.hidden;
      }
      group.hidden = !shown;
      count.textContent = shown.toLocaleString("en");
      if (wanted.length && shown) group.open = true;
      total += shown;
    }
    output.textContent = total === 1 ? "1 case" : `${total.toLocaleString("en")} cases`;
    label();
  };
  const visible = () => groups.map(({ group }) => group).filter((group) => !group.hidden);
  const label = () => {
    button.textContent = visible().some((group) => !group.open) ? "Open all" : "Close all";
  };

  button.addEventListener("click", () => {
    const open = button.textContent === "Open all";
    for (const group of visible()) group.open = open;
    label();
  });
  for (const { group } of groups) group.addEventListener("toggle", label);
  filter.addEventListener("input", apply);
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.hidden = false;
  apply();
}
