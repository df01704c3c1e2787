// The series beside the picture: links that open in place, so that nothing else is fetched again. With a modifier key
// they are what links are.

export function railOf(element, open) {
  const links = [...element.querySelectorAll("a")];
  const current = () => links.find((link) => link.hasAttribute("aria-current"));

  function choose(link) {
    if (!link || link === current()) return;
    current()?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "page");
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
    open(link);
  }

  function go(link) {
    if (!link || link === current()) return;
    history.pushState(null, "", link.href);
    choose(link);
  }

  element.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link);
  });
  addEventListener("popstate", () => choose(links.find((link) => link.href === location.href)));
  return { current, next: (by) => go(links[links.indexOf(current()) + by]) };
}
